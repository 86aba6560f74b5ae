/** Draws the files of a message: pictures, players and downloads. */

import { element, fire } from "./element.js";
import { download, dropPreview, fresh, known, nameOf, previews, sizeOf, style } from "./file-info.js";
import { outline } from "./icons.js";
import { t } from "./more-texts.js";

/** @import { Item } from "./log-items.js" */
/** @import { Attached } from "./outbox.js" */

/** Pictures are scaled down to fit a square with sides of this many pixels. */
const MOST = 260;
const MOST_SHOWN = 4;

/** Icon of each family of files: outlines as in icons.js. */
const DRAWINGS = {
  archive: "M6 3h12v18H6zm6 0v2m0 2v2m0 2v2m-2 2h4v3h-4z",
  audio: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0m10-2a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0",
  document: "M6 3h8l4 4v14H6zm8 0v4h4M9 12h6m-6 4h6",
  image: "M4 5h16v14H4zm0 11 5-5 4 4 3-3 4 4M15 9v.01",
  video: "M3 6h12v12H3zm12 5 6-4v10l-6-4",
};
const DOWNLOAD = "M12 4v11m-5-5 5 5 5-5M5 20h14";

/**
 * Nodes drawn for a row, kept so that pictures are not fetched twice.
 * @type {WeakMap<HTMLLIElement, { ids: string, parts: Node[] }>}
 */
const drawn = new WeakMap();
/** @type {WeakMap<Element, Attached[]>} the pictures of a message */
const pictures = new WeakMap();

/**
 * Draw the files of a message in `box`, in place of their names.
 * @param {HTMLLIElement} row @param {HTMLDivElement} box @param {Item} item
 */
export function show(row, box, { clientId, files = [], state }) {
  const ids = files.map(({ id, key }) => id || key).join();
  const before = drawn.get(row);
  const images = files.filter(({ family }) => family === "image");
  box.removeAttribute("dir");
  pictures.set(box, images.filter(({ id }) => id));
  if (before?.ids === ids && state !== "pending") box.replaceChildren(...before.parts);
  else {
    const others = files.filter(({ family }) => family !== "image");
    box.replaceChildren(...grid(images), ...others.map(other));
    const isUploading = files.some(({ id }) => !id);
    if (isUploading && state === "pending") box.append(cancel(clientId));
    drawn.set(row, { ids, parts: [...box.childNodes] });
  }
}

/** @param {Attached[]} images @returns {Node[]} */
function grid(images) {
  const [only] = images;
  if (!only) return [];
  if (images.length === 1) return [picture(only, true)];
  const shown = images.slice(0, MOST_SHOWN).map((image) => picture(image, false));
  const more = images.length - MOST_SHOWN;
  if (more > 0) {
    shown.at(-1)?.append(element("span", { className: "file-more", textContent: `+${more}`, ariaHidden: "true" }));
    const name = images[MOST_SHOWN - 1]?.name ?? "";
    if (shown.at(-1)) /** @type {HTMLElement} */ (shown.at(-1)).ariaLabel = t("file.viewMore", { name, count: more });
  }
  return [element("div", { className: "file-grid" }, ...shown)];
}

/** @param {Attached} file @param {boolean} alone @returns {HTMLElement} */
function picture(file, alone) {
  const image = element("img", { className: "file-picture", alt: file.name, loading: "lazy", decoding: "async" });
  if (alone) {
    // Reserve its space, so that nothing moves when the picture is loaded.
    const scale = Math.min(1, MOST / file.width, MOST / file.height);
    image.width = Math.max(48, Math.round(file.width * scale) || 200);
    image.height = Math.max(48, Math.round(file.height * scale) || 150);
  }
  const own = previews.get(file.key ?? "") ?? previews.get(file.id);
  const address = known(file).thumbnail || known(file).url;
  image.src = own ?? address;
  if (own && address) replace(image, file, address);
  let failed = false;
  image.addEventListener("error", async () => {
    if (failed || !file.id) return;
    failed = true;
    const again = await fresh(file, true);
    if (again) image.src = again.thumbnail || again.url;
    else image.classList.add("gone");
  });
  const button = element("button", {
    type: "button", className: "file-image", ariaLabel: t("file.view", { name: file.name }), disabled: !file.id,
  }, image, bar(file));
  button.addEventListener("click", () => view(button, file));
  return button;
}

/**
 * Replace the local preview by the server's picture when that is loaded.
 * @param {HTMLImageElement} image @param {Attached} file @param {string} address
 */
function replace(image, file, address) {
  const probe = new Image();
  probe.onload = () => {
    image.src = address;
    dropPreview(file.key ?? file.id);
    dropPreview(file.id);
  };
  probe.src = address;
}

/** @param {HTMLButtonElement} button @param {Attached} file */
async function view(button, file) {
  const log = button.closest("message-list");
  const all = [...log?.querySelectorAll(".files") ?? []].flatMap((box) => pictures.get(box) ?? []);
  const { open } = await import("./file-viewer.js");
  open(all, Math.max(0, all.findIndex(({ id }) => id === file.id)), button);
}

/** @param {Attached} file @returns {HTMLElement} */
function other(file) {
  if (file.id && (file.family === "audio" || file.family === "video")) return media(file);
  return card(file);
}

/** @param {Attached} file @returns {HTMLElement} */
function media(file) {
  const player = element(/** @type {"audio"} */ (file.family), {
    className: `file-${file.family}`, controls: true, preload: "none", src: known(file).url, ariaLabel: file.name,
  });
  let asked = false;
  const again = async () => {
    if (asked) return;
    asked = true;
    const found = await fresh(file, true);
    if (!found) return;
    player.src = found.url;
    player.play().catch(() => {});
  };
  player.addEventListener("error", again);
  return element("div", { className: "file-media" }, player, card(file));
}

/** @param {Attached} file @returns {HTMLElement} */
function card(file) {
  const words = element("span", { className: "file-words" },
    nameOf(file.name), element("span", { className: "file-size", textContent: sizeOf(file.size) }));
  const symbol = outline("file", DRAWINGS[file.family] ?? DRAWINGS.document);
  if (!file.id) return element("div", { className: "file-card" }, symbol, words, bar(file));
  const link = element("a", {
    className: "file-card", href: known(file).url, download: file.name,
    ariaLabel: `${t("file.download", { name: file.name })}, ${sizeOf(file.size)}`,
  }, symbol, words, outline("download", DOWNLOAD));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    download(file);
  });
  return link;
}

/** @param {Attached} file */
function bar({ id, key, name }) {
  return !id && key && element("progress", { max: 1, ariaLabel: t("file.progress", { name }), data: { upload: key } });
}

/** @param {string} clientId */
function cancel(clientId) {
  const button = element("button", { type: "button", className: "link file-cancel", textContent: t("action.cancel") });
  button.addEventListener("click", () => fire(button, "list:acted", { action: "delete", clientId }));
  return button;
}

await style("files.css");
