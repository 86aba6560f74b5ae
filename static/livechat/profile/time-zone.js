/** Offer this computer's time zone, if it differs from the chosen one. @param {HTMLElement} form */
export function timeZone(form) {
  const field = /** @type {HTMLSelectElement | null} */ (form.querySelector("#id_time_zone"));
  const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("[data-zone]"));
  if (!field || !button) return;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isKnown = [...field.options].some((option) => option.value === here);
  const show = () => { button.hidden = !isKnown || field.value === here; };
  button.textContent = (button.dataset["zone"] ?? "").replace("{zone}", here.replaceAll("_", " "));
  button.addEventListener("click", () => {
    field.value = here;
    show();
    field.focus();
  });
  field.addEventListener("change", show);
  show();
}
