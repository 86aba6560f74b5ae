/** The profile page's fields for sounds: volume, quiet hours and test buttons. */

/** @import { Sound, Sounds } from "../shared/sounds.js" */

const LONGEST_MS = 600;

/** @param {HTMLElement} form */
export function volume(form) {
  const field = volumeField(form);
  const shown = form.querySelector("[data-volume]");
  if (!field || !shown) return;
  field.addEventListener("input", () => { shown.textContent = `${field.value} %`; });
}

/** Show the fields for quiet hours only while quiet hours are on. @param {HTMLElement} form */
export function quietHours(form) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector("#id_quiet"));
  const clocks = /** @type {HTMLElement | null} */ (form.querySelector("[data-clocks]"));
  if (!field || !clocks) return;
  const show = () => { clocks.hidden = !field.checked; };
  field.addEventListener("change", show);
  show();
}

/**
 * Add buttons that play each sound at the chosen volume.
 * @param {HTMLElement} form
 * @param {Sounds} sounds
 */
export function tests(form, sounds) {
  const blocked = /** @type {HTMLElement | null} */ (form.querySelector("[data-blocked]"));
  const buttons = /** @type {HTMLButtonElement[]} */ ([...form.querySelectorAll("[data-test]")]);
  for (const button of buttons) {
    const sound = /** @type {Sound} */ ((button.dataset["test"] ?? "").replace("sounds_", ""));
    button.hidden = false;
    button.addEventListener("click", async () => {
      const isHeard = await sounds.unlock();
      if (blocked) blocked.hidden = isHeard;
      if (!isHeard) return;
      button.classList.add("playing");
      setTimeout(() => button.classList.remove("playing"), LONGEST_MS);
      await sounds.play(sound, Number(volumeField(form)?.value ?? 100) / 100);
    });
  }
}

/** @param {HTMLElement} form */
function volumeField(form) {
  return /** @type {HTMLInputElement | null} */ (form.querySelector("#id_volume"));
}
