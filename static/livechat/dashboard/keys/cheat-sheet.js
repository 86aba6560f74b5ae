/** The dialog that lists the keyboard shortcuts. */

import { element } from "../../shared/element.js";
import { icon } from "../../shared/icons.js";
import { mod, SHEET } from "./keys.js";
import { t } from "../texts.js";

/** Show the keyboard shortcuts. @param {boolean} singles  whether single keys are enabled */
export function showSheet(singles) {
  const close = element("button", { type: "button", className: "quiet" }, icon("close"));
  close.ariaLabel = close.title = t("canned.close");
  const title = element("h2", { id: "sheet-title", textContent: t("keys.title") });
  const dialog = element("dialog", { className: "sheet", attributes: { "aria-labelledby": "sheet-title" } },
    element("header", {}, title, close),
    element("div", { className: "sheet-groups" }, ...SHEET.map((group) => element("section", {},
      element("h3", { textContent: t(group.title) }),
      element("dl", {}, ...group.keys.map(({ label, single, ways }) => element("div", { className: single && !singles ? "is-off" : "" },
        element("dt", { textContent: t(label) }), element("dd", {}, ...drawn(ways)))))))),
    !singles && element("p", { className: "sheet-off", textContent: t("keys.off") }));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string[][]} ways */
function drawn(ways) {
  return ways.flatMap((keys, index) => [
    index > 0 && element("span", { textContent: keys[0] === "9" ? " … " : " / " }),
    ...keys.map((key) => element("kbd", { textContent: key === "Mod" ? mod() : key })),
  ]).filter((node) => node !== false);
}
