// The demo bar: remembers whether it is folded, and goes elsewhere when a country is chosen. It
// runs where it stands, so that nothing jumps.
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
      return null; // forbidden: then it is unfolded on every page
    }
  }

  details.open = (remembered() ?? (NARROW.matches ? "folded" : "open")) === "open";
  // A form that a browser fills in again after "back" must show what the address says.
  addEventListener("pageshow", () => {
    from.value = new URLSearchParams(location.search).get("from") ?? "";
    if (from.selectedIndex < 0) from.value = "";
  });

  details.querySelector("summary")?.addEventListener("click", () => {
    try {
      localStorage.setItem(KEY, details.open ? "folded" : "open"); // as it will be after the click
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
