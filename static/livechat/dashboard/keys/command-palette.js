/** The command palette, which opens with Ctrl+K. */

import { avatar } from "../../shared/avatar.js";
import { element } from "../../shared/element.js";
import { best } from "../list/search.js";
import { glyph } from "../inbox-icons.js";
import { t } from "../texts.js";

/**
 * A conversation or action that the palette can find.
 * @typedef {object} Offer
 * @property {string} id
 * @property {"chats" | "actions"} group
 * @property {string} title
 * @property {string} about  the conversation's last line, or the action's key
 * @property {string[]} words  further texts to match
 * @property {() => void} run
 */

const MOST = 8;

/** A dialog that finds conversations and actions while the operator types. */
export class CommandPalette {
  /** @type {Offer[]} */
  #shown = [];
  #active = 0;
  #offers;
  #input = element("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: false, maxLength: 200,
    attributes: { "aria-controls": "palette-list", "aria-expanded": "true", "aria-autocomplete": "list" },
  });
  #list = element("div", { id: "palette-list", role: "listbox" });
  #status = element("p", { className: "palette-status", role: "status" });
  #dialog = element("dialog", { className: "palette" },
    element("div", { className: "palette-box" }, glyph("search"), this.#input), this.#list, this.#status);

  /** @param {Offer[]} offers */
  constructor(offers) {
    this.#offers = offers;
    this.#dialog.ariaLabel = this.#list.ariaLabel = t("palette.title");
    this.#input.ariaLabel = this.#input.placeholder = t("palette.placeholder");
    this.#input.addEventListener("input", () => this.#find());
    this.#dialog.addEventListener("keydown", this.#key);
    this.#list.addEventListener("click", this.#click);
    this.#list.addEventListener("pointermove", this.#point);
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
  }

  open() {
    document.body.append(this.#dialog);
    this.#find();
    this.#dialog.showModal();
    this.#input.focus();
  }

  #find() {
    const query = this.#input.value;
    const of = (/** @type {Offer["group"]} */ group) => best(query, this.#offers.filter((one) => one.group === group), (one) => [
      { text: one.title, weight: 1 }, ...one.words.map((text) => ({ text, weight: 0.8 })),
    ], MOST);
    this.#shown = [...of("chats"), ...of("actions")];
    this.#active = 0;
    this.#draw();
    const hits = this.#shown.length;
    this.#status.textContent = hits ? t("palette.found", { count: hits }) : t("palette.none");
    this.#status.classList.toggle("visually-hidden", hits > 0);
  }

  #draw() {
    /** @type {Node[]} */
    const groups = [];
    for (const group of /** @type {const} */ (["chats", "actions"])) {
      const options = this.#shown.filter((one) => one.group === group).map((offer) => option(offer));
      if (!options.length) continue;
      const title = t(`palette.${group}`);
      groups.push(element("div", { role: "group", ariaLabel: title },
        element("p", { className: "palette-group", textContent: title, attributes: { "aria-hidden": "true" } }), ...options));
    }
    this.#list.replaceChildren(...groups);
    this.#list.scrollTop = 0;
    this.#mark();
  }

  /** @returns {HTMLElement[]} */
  get #options() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("[role=option]")]);
  }

  #mark() {
    const options = this.#options;
    options.forEach((one, index) => {
      one.ariaSelected = String(index === this.#active);
    });
    const active = options[this.#active];
    if (active) this.#input.setAttribute("aria-activedescendant", active.id);
    else this.#input.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Offer | undefined} offer */
  #run(offer) {
    if (!offer) return;
    this.#dialog.close();
    offer.run();
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const count = this.#shown.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      this.#active = (this.#active + step + count) % count;
      this.#mark();
    } else if (event.key === "Enter") this.#run(this.#shown[this.#active]);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") this.#dialog.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #click = (/** @type {MouseEvent} */ event) => this.#run(this.#shown[this.#indexOf(event)]);

  #point = (/** @type {PointerEvent} */ event) => {
    const index = this.#indexOf(event);
    if (index < 0 || index === this.#active) return;
    this.#active = index;
    this.#mark();
  };

  /** @param {Event} event */
  #indexOf(event) {
    const one = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
    return one ? this.#options.indexOf(/** @type {HTMLElement} */ (one)) : -1;
  }
}

/** @param {Offer} offer */
function option({ about, group, id, title }) {
  return element("div", { id: `offer-${id}`, role: "option", className: "offer" },
    group === "chats" && avatar(title),
    element("span", { className: "offer-title", textContent: title, dir: "auto" }),
    about && (group === "chats"
      ? element("span", { className: "offer-about", textContent: about, dir: "auto" })
      : element("kbd", { textContent: about })));
}
