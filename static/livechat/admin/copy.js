import { announce } from "./status.js";

const SHOWN = 2_000;
/** Milliseconds that a button says it is done. */

/**
 * Buttons that copy what stands beside them. Where the clipboard is closed, as on plain http, it
 * is selected instead.
 * @param {HTMLElement} root
 */
export function offerCopying(root) {
  const words = /** @type {HTMLElement | null} */ (root.querySelector("[data-copied]"));
  for (const node of root.querySelectorAll("[data-copy]")) {
    const button = /** @type {HTMLButtonElement} */ (node);
    const source = document.getElementById(button.dataset.copy ?? "");
    if (!source || !words) continue;
    const label = button.textContent;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(source);
      announce(done ? words.dataset.copied : words.dataset.selected);
      if (!done) return;
      button.textContent = words.dataset.copied ?? "";
      button.classList.add("done");
      clearTimeout(timer);
      timer = setTimeout(() => {
        button.textContent = label;
        button.classList.remove("done");
      }, SHOWN);
    });
  }
}

/** @param {HTMLElement} source @returns {Promise<boolean>} whether it is in the clipboard */
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    source.focus();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }
}
