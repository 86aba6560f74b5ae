/** The form of a channel in the Admin. Without JavaScript all parts are on one page. */

import { watchColours } from "./colour-fields.js";
import { offerCopying } from "./copy.js";
import { showPreview } from "./preview.js";
import { startRows } from "./rows.js";
import { startTabs } from "./tabs.js";

const form = /** @type {HTMLElement | null} */ (document.querySelector(".channel-form"));
if (form) {
  startRows(form);
  watchColours(form);
  showPreview(form);
  offerCopying(form);
  startTabs(form);
}
