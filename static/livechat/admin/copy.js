/** Buttons that copy a text, such as the snippet for the website. */

import { announce } from "./announce.js";

/** Milliseconds for which a button shows that it has copied. */
const SHOWN = 2_000;

/**
 * Enable the buttons that copy a text. Without clipboard access, as on plain HTTP, the text is
 * selected and copied with `execCommand`; if that fails too, it stays selected.
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

/** @param {HTMLElement} source @returns {Promise<boolean>} whether the text is in the clipboard */
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
