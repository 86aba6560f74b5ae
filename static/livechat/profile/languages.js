import { fold } from "../shared/fold.js";

/** Filter the languages by typing. Chosen ones stay visible. @param {HTMLElement} form */
export function languages(form) {
  const list = form.querySelector("[data-languages]");
  const find = /** @type {HTMLInputElement | null} */ (list?.querySelector("[data-find]"));
  const none = /** @type {HTMLElement | null} */ (list?.querySelector("[data-none]"));
  if (!list || !find || !none) return;
  const chips = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".chip")]);
  const show = () => {
    const wanted = fold(find.value.trim());
    let found = 0;
    for (const chip of chips) {
      const isFound = fold(chip.textContent ?? "").includes(wanted);
      const isChosen = Boolean(chip.querySelector(":checked"));
      chip.hidden = !isFound && !isChosen;
      found += Number(isFound);
    }
    none.hidden = found > 0;
  };
  find.hidden = false;
  find.addEventListener("input", show);
  find.addEventListener("keydown", (event) => {
    // Enter would submit the form.
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Escape" && find.value) {
      find.value = "";
      show();
    }
  });
}
