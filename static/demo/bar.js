// The demo bar: stores whether it is folded, and reloads the page for the chosen country. It is a
// blocking script right behind the bar, to avoid a layout shift.
(function () {
  "use strict";
  const KEY = "demo-bar";
  const NARROW = matchMedia("(max-width: 760px)");
  const details = document.querySelector(".demo-bar details");
  const from = document.querySelector("#demo-from");
  if (!(details instanceof HTMLDetailsElement) || !(from instanceof HTMLSelectElement)) return;

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // forbidden: the bar starts in its default state on every page
    }
  }

  details.open = (remembered() ?? (NARROW.matches ? "folded" : "open")) === "open";
  // After "back" a browser restores the form's old value; show the one in the URL.
  addEventListener("pageshow", () => {
    from.value = new URLSearchParams(location.search).get("from") ?? "";
    if (from.selectedIndex < 0) from.value = "";
  });

  details.querySelector("summary")?.addEventListener("click", () => {
    try {
      localStorage.setItem(KEY, details.open ? "folded" : "open"); // the state after the click
    } catch {
      // Forbidden, see above.
    }
  });

  from.addEventListener("change", () => {
    const address = new URL(location.href);
    if (from.value) address.searchParams.set("from", from.value);
    else address.searchParams.delete("from");
    location.assign(address);
  });
  from.form?.querySelector("button")?.remove();
})();
