/** The profile page's preview of the name and picture that visitors see. */

import { avatar } from "../shared/avatar.js";
import { element } from "../shared/element.js";
import { prepare } from "../shared/pictures.js";

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
 * Show a picture as soon as it is chosen, and initials when it is to be removed. A picture that is
 * too large is made smaller; one that cannot be used is reported.
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
  field.addEventListener("change", async () => {
    if (without && field.files?.length) without.checked = false;
    show();
    const [file] = field.files ?? [];
    const found = file ? await prepared(file, field) : "";
    // The user may have chosen another one meanwhile.
    if (file !== field.files?.[0]) return;
    const list = new DataTransfer();
    if (found instanceof File) list.items.add(found);
    field.files = list.files;
    if (file && typeof found === "string") show();
    report(field, typeof found === "string" ? found : "");
  });
  without?.addEventListener("change", show);
}

/**
 * Return the picture to store, or the code of a refusal. It is a copy in the memory, because the
 * browser could not send a file that is changed or deleted before the form is.
 * @param {File} file @param {HTMLInputElement} field @returns {Promise<File | string>}
 */
async function prepared(file, { accept, dataset }) {
  try {
    const found = await prepare(file, { accept, max_files: 1, ...JSON.parse(dataset["limits"] ?? "") });
    return typeof found === "string" ? found : new File([await found.arrayBuffer()], found.name, { type: found.type });
  } catch {
    return "file_unreadable";
  }
}

/** Show below a field why it is empty. @param {HTMLInputElement} field @param {string} code  "" for no reason */
function report(field, code) {
  const place = field.parentElement;
  place?.querySelector(".errorlist")?.remove();
  const problems = JSON.parse(field.dataset["problems"] ?? "{}");
  const text = code && (problems[code] ?? problems["file_type"]);
  if (text) place?.append(element("ul", { className: "errorlist", role: "alert" }, element("li", { textContent: text })));
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
