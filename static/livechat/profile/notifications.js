/** Show whether this browser allows notifications, with a button to ask for permission. */

/**
 * What a browser says about notifications. `permission`: null if it has none; `isInstalled`: whether
 * this is the installed app, undefined where browsers do not tell (only Apple's do).
 * @typedef {{ isSecure: boolean, permission: NotificationPermission | null, isInstalled: boolean | undefined,
 *   hasWorker: boolean, isPhone: boolean }} Browser
 */

/** @param {HTMLElement} form */
export function notifications(form) {
  const box = /** @type {HTMLElement | null} */ (form.querySelector("[data-permission]"));
  const state = /** @type {HTMLElement | null} */ (box?.querySelector("[data-state]"));
  const ask = /** @type {HTMLButtonElement | null} */ (box?.querySelector("[data-ask]"));
  const hint = /** @type {HTMLElement | null} */ (box?.querySelector("[data-hint]"));
  if (!box || !state || !ask || !hint) return;

  const show = () => {
    const now = stateOf(browser());
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

/**
 * Return the name of the text that tells the user whether they can have notifications. Pure.
 * @param {Browser} browser
 * @returns {NotificationPermission | "insecure" | "install" | "private" | "unsupported"}
 */
export function stateOf({ isSecure, permission, isInstalled, hasWorker, isPhone }) {
  if (!isSecure) return "insecure";
  if (!permission) return isInstalled === false ? "install" : "unsupported";
  // Phones show only notifications of service workers, which some do not have in private windows.
  return permission !== "denied" && isPhone && !hasWorker ? "private" : permission;
}

/** @returns {Browser} */
function browser() {
  return {
    isSecure: isSecureContext,
    permission: "Notification" in window ? Notification.permission : null,
    isInstalled: /** @type {any} */ (navigator).standalone,
    hasWorker: "serviceWorker" in navigator,
    isPhone: matchMedia("(hover: none) and (pointer: coarse)").matches,
  };
}
