/** Tabs of the channel's form. */

/** No id on the page begins with this prefix, else the browser would scroll to it. */
const HASH = "#show-";

/**
 * Show one panel at a time. The URL's hash stores which one; a panel with errors takes precedence.
 * @param {HTMLElement} root
 */
export function startTabs(root) {
  const list = /** @type {HTMLElement | null} */ (root.querySelector("[role=tablist]"));
  if (!list) return;
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  const panels = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".panel")]);
  const form = root.closest("form");

  /** @param {string | undefined} key */
  function show(key) {
    for (const tab of tabs) {
      const chosen = tab.dataset.key === key;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    for (const panel of panels) panel.hidden = panel.dataset.key !== key;
  }

  /** @param {HTMLElement | undefined} tab */
  function choose(tab) {
    if (!tab) return;
    show(tab.dataset.key);
    history.replaceState(history.state, "", `${location.pathname}${location.search}${HASH}${tab.dataset.key}`);
  }

  const named = () => tabs.find((tab) => location.hash === HASH + tab.dataset.key);

  list.hidden = false;
  root.classList.add("tabbed");
  for (const panel of panels) panel.setAttribute("role", "tabpanel");
  const wrong = tabs.find((tab) => tab.dataset.key === list.dataset.opened);
  if (wrong) choose(wrong);
  else show((named() ?? tabs[0])?.dataset.key);

  list.addEventListener("click", (event) => {
    const tab = event.target instanceof Element && event.target.closest("[role=tab]");
    if (tab) choose(/** @type {HTMLElement} */ (tab));
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const forward = getComputedStyle(list).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const step = { [forward]: at + 1, [back]: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const tab = tabs.at(step % tabs.length);
    choose(tab);
    tab?.focus();
  });
  addEventListener("hashchange", () => {
    const tab = named();
    if (tab) show(tab.dataset.key);
  });
  // After the form is submitted, the page returns to the open panel.
  form?.addEventListener("submit", () => {
    const open = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    form.action = `${location.pathname}${location.search}${HASH}${open?.dataset.key ?? ""}`;
  });
}
