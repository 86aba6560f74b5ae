/** The profile page's preview of the name and picture that visitors see. */

import { avatar } from "../shared/avatar.js";
import { element } from "../shared/element.js";

/** Show the name that visitors will see, while it is being typed. @param {HTMLElement} form */
export function name(form) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector("#id_chat_name"));
  const shown = /** @type {HTMLElement | null} */ (form.querySelector("[data-shown-name]"));
  if (!field || !shown) return;
  const show = () => {
    shown.textContent = field.value.trim() || (shown.dataset["unnamed"] ?? "");
    letters(form, shown.textContent);
  };
  field.addEventListener("input", show);
  show();
}

/**
 * Show a picture as soon as it is chosen, and initials when it is to be removed.
 * @param {HTMLElement} form
 */
export function picture(form) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector("#id_picture"));
  const without = /** @type {HTMLInputElement | null} */ (form.querySelector("#id_without_picture"));
  const face = form.querySelector("[data-face]");
  const shown = form.querySelector("[data-shown-name]");
  if (!field || !face) return;
  const stored = face.querySelector("img");
  let address = "";
  const show = () => {
    if (address) URL.revokeObjectURL(address);
    const file = field.files?.[0];
    address = file ? URL.createObjectURL(file) : "";
    if (file) {
      const image = element("img", { src: address, alt: "", width: 96, height: 96 });
      // Not a picture: the server rejects it with a message.
      image.addEventListener("error", () => letters(form, shown?.textContent ?? "", true));
      face.replaceChildren(image);
    } else if (stored && !without?.checked) {
      face.replaceChildren(stored);
    } else {
      letters(form, shown?.textContent ?? "", true);
    }
  };
  field.addEventListener("change", () => {
    if (without && field.files?.length) without.checked = false;
    show();
  });
  without?.addEventListener("change", show);
}

/**
 * Show initials where there is no picture.
 * @param {HTMLElement} form @param {string} name @param {boolean} [instead]  whether to replace
 *   a picture
 */
function letters(form, name, instead = false) {
  const face = form.querySelector("[data-face]");
  if (!face || (!instead && face.querySelector("img"))) return;
  face.replaceChildren(avatar(name));
}
