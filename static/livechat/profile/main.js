/** The user's profile page. Without JavaScript all its settings work too. */

import { Sounds } from "../shared/sounds.js";
import { name, picture } from "./name-preview.js";
import { languages } from "./languages.js";
import { notifications } from "./notifications.js";
import { quietHours, volume, tests } from "./sounds.js";
import { timeZone } from "./time-zone.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("main form"));
name(form);
picture(form);
languages(form);
timeZone(form);
volume(form);
quietHours(form);
tests(form, new Sounds());
notifications(form);

/** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"))?.focus();
