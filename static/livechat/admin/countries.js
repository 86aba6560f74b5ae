/** The field for a rule's countries, with names instead of codes. */

import { element } from "../shared/element.js";
import { fold } from "../shared/fold.js";

const LIST = "countries";

/**
 * Turn a field of codes ("DE, AT") into names that are added by typing and removed by a button.
 * The field stays, hidden, and the form submits it.
 * @param {HTMLInputElement} field
 */
export function pickCountries(field) {
  const list = /** @type {HTMLDataListElement | null} */ (document.getElementById(LIST));
  if (!list) return;
  const options = [...list.options];
  const names = new Map(options.map((option) => [option.dataset.code ?? "", option.value]));
  const { remove = "", add = "", all = "" } = list.dataset;

  const chosen = element("span", { className: "chosen" });
  const input = element("input", { type: "text", placeholder: all, attributes: { list: LIST, "aria-label": add, autocomplete: "off" } });
  const picker = element("span", { className: "countries" }, chosen, input);
  const label = field.labels?.[0];

  /** @returns {string[]} */
  const codes = () => field.value.split(/[\s,;]+/).filter(Boolean);

  /** @param {string[]} wanted */
  function keep(wanted) {
    field.value = [...new Set(wanted)].join(", ");
    draw();
  }

  function draw() {
    chosen.replaceChildren(...codes().map((code) => {
      const name = names.get(code.toUpperCase()) ?? code;
      const drop = element("button", { type: "button", textContent: "×", attributes: { "aria-label": remove.replace("{country}", name) } });
      drop.addEventListener("click", () => {
        keep(codes().filter((other) => other !== code));
        input.focus();
      });
      return element("span", { className: "chip" }, element("span", { textContent: name }), drop);
    }));
    input.placeholder = codes().length ? "" : all;
  }

  /** Add the typed country, a name or a code, if it exists. */
  function take() {
    const typed = fold(input.value.trim());
    if (!typed) return;
    const found = options.find((option) => [option.value, option.dataset.code ?? ""].map(fold).includes(typed));
    if (!found) return;
    keep([...codes(), found.dataset.code ?? ""]);
    input.value = "";
  }

  input.addEventListener("input", () => {
    // "De" may become "Denmark": while typing, only a complete name is added.
    if (options.some((option) => option.value === input.value)) take();
  });
  input.addEventListener("change", take);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      take();
    } else if (event.key === "Backspace" && !input.value) keep(codes().slice(0, -1));
  });
  // Half a name would be lost silently: submit it, so that the server rejects it with a message.
  field.form?.addEventListener("submit", () => {
    take();
    if (input.value.trim()) field.value = [field.value, input.value.trim()].filter(Boolean).join(", ");
  });
  input.id = `${field.id}-typed`;
  if (label) label.htmlFor = input.id;
  field.type = "hidden";
  field.after(picker);
  draw();
}
