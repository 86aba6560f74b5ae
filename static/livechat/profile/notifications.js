/** Show whether this browser allows notifications, with a button to ask for permission. */

/** @param {HTMLElement} form */
export function notifications(form) {
  const box = /** @type {HTMLElement | null} */ (form.querySelector("[data-permission]"));
  const state = /** @type {HTMLElement | null} */ (box?.querySelector("[data-state]"));
  const ask = /** @type {HTMLButtonElement | null} */ (box?.querySelector("[data-ask]"));
  const hint = /** @type {HTMLElement | null} */ (box?.querySelector("[data-hint]"));
  if (!box || !state || !ask || !hint) return;

  const show = () => {
    const now = permission();
    box.dataset["is"] = now;
    state.textContent = state.dataset[now] ?? "";
    ask.hidden = now !== "default";
    hint.hidden = now !== "denied";
  };
  ask.addEventListener("click", async () => {
    try {
      await Notification.requestPermission();
    } catch {
      // The permission is unchanged, which `show` displays.
    }
    show();
  });
  // The user can also change it in the address bar, in another tab or in the system.
  navigator.permissions?.query({ name: "notifications" }).then((found) => { found.onchange = show; }, () => {});
  box.hidden = false;
  show();
}

/** @returns {"granted" | "denied" | "default" | "unsupported"} */
function permission() {
  return "Notification" in window ? Notification.permission : "unsupported";
}
