/** The dialog that shows pictures in full size. */

import { element } from "./element.js";
import { download, fresh, known, nameOf, sizeOf, style } from "./file-info.js";
import { icon, outline } from "./icons.js";
import { t } from "./more-texts.js";

/** @import { File as Stored } from "./wire.d.ts" */

const SWIPE_PX = 48;
const BACK = "m15 5-7 7 7 7";

/** @type {Stored[]} */
let files = [];
let at = 0;
/** @type {HTMLElement | null} */
let opener = null;
let touchedAt = 0;

const picture = element("img", { draggable: false });
const stage = element("div", { className: "viewer-stage" }, picture);
const words = element("p", { className: "viewer-words", id: "viewer-words" });
const place = element("span", { className: "viewer-place", attributes: { role: "status" } });
const trouble = element("p", { className: "viewer-trouble", hidden: true, attributes: { role: "alert" } });
const before = button("viewer.previous", "viewer-step previous", outline("back", BACK), () => turn(-1));
const after = button("viewer.next", "viewer-step next", outline("back", BACK), () => turn(1));
const zoom = button("viewer.zoom", "quiet", outline("zoom", "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14m5 12 6 6M10 7v6m-3-3h6"), toggleZoom);
const dialog = element("dialog", { className: "viewer", attributes: { "aria-labelledby": "viewer-words" } },
  element("div", { className: "viewer-bar" }, words, place, zoom,
    button("viewer.download", "quiet", outline("download", "M12 4v11m-5-5 5 5 5-5M5 20h14"), save),
    button("action.close", "quiet", icon("close"), () => dialog.close())),
  element("div", { className: "viewer-room" }, before, stage, after), trouble);

/**
 * Show picture `index` in a dialog, with buttons for the ones before and after it.
 * @param {Stored[]} all @param {number} index @param {HTMLElement} from  gets the focus back
 */
export function open(all, index, from) {
  files = all;
  opener = from;
  if (!dialog.isConnected) document.body.append(dialog);
  // Modal: the browser keeps the focus inside.
  if (!dialog.open) dialog.showModal();
  show(index);
}

/** @param {number} index */
async function show(index) {
  const file = files[index];
  if (!file) return;
  at = index;
  dialog.classList.remove("actual");
  zoom.ariaPressed = "false";
  trouble.hidden = true;
  words.replaceChildren(nameOf(file.name), " ", element("span", { textContent: sizeOf(file.size) }));
  place.textContent = files.length > 1 ? t("viewer.place", { number: index + 1, total: files.length }) : "";
  before.disabled = index === 0;
  after.disabled = index === files.length - 1;
  before.hidden = after.hidden = files.length < 2;
  // A focused button that becomes disabled loses the focus: keep it in the dialog.
  if (document.activeElement === document.body) dialog.focus();
  picture.alt = file.name;
  if (file.width) Object.assign(picture, { width: file.width, height: file.height });
  // Show the thumbnail, which is loaded already, until the large picture is.
  picture.src = known(file).thumbnail || known(file).url;
  const found = await fresh(file);
  if (files[at] !== file) return;
  const large = new Image();
  large.onload = () => {
    if (files[at] === file) picture.src = large.src;
  };
  large.onerror = () => files[at] === file && fail();
  large.src = (found ?? known(file)).url;
}

function fail() {
  trouble.textContent = t("viewer.failed");
  trouble.hidden = false;
}

/** @param {number} by */
function turn(by) {
  if (files[at + by]) show(at + by);
}

function toggleZoom() {
  zoom.ariaPressed = String(dialog.classList.toggle("actual"));
}

async function save() {
  const file = files[at];
  if (file && !await download(file)) fail();
}

/**
 * @param {import("./more-texts.js").Key} key @param {string} className @param {SVGElement} symbol
 * @param {() => void} act
 */
function button(key, className, symbol, act) {
  const made = element("button", { type: "button", className, title: t(key), ariaLabel: t(key) }, symbol);
  made.addEventListener("click", act);
  return made;
}

dialog.addEventListener("keydown", (event) => {
  // Keys pressed here must not reach the panel or the inbox.
  event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const forward = getComputedStyle(dialog).direction === "rtl" ? -1 : 1;
  const isActual = dialog.classList.contains("actual");
  if (event.key === "ArrowRight" && !isActual) turn(forward);
  else if (event.key === "ArrowLeft" && !isActual) turn(-forward);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(files.length - 1);
  else return;
  event.preventDefault();
});
dialog.addEventListener("close", () => {
  picture.removeAttribute("src");
  opener?.focus({ preventScroll: true });
});
picture.addEventListener("click", toggleZoom);
// A click beside the picture closes the dialog.
stage.addEventListener("click", (event) => event.target === stage && dialog.close());
stage.addEventListener("touchstart", (event) => {
  touchedAt = event.touches.length === 1 ? event.touches[0]?.clientX ?? 0 : NaN;
}, { passive: true });
stage.addEventListener("touchend", (event) => {
  const moved = (event.changedTouches[0]?.clientX ?? 0) - touchedAt;
  if (dialog.classList.contains("actual") || !(Math.abs(moved) > SWIPE_PX)) return;
  const forward = getComputedStyle(dialog).direction === "rtl" ? 1 : -1;
  turn(Math.sign(moved) * forward);
}, { passive: true });
await style("file-viewer.css");
