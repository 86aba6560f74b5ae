// The tea finder: a single-page app whose steps have URLs of their own. The URL is the state: the
// current step, and the choices so far.

const KEYS = ["time", "mood", "strength"];
const WEIGHTS = [3, 2, 2];

const finder = /** @type {HTMLElement} */ (document.querySelector("#finder"));
const base = finder.dataset.base ?? "/";
const sections = [...finder.querySelectorAll("section")];
const teas = [...finder.querySelectorAll("[data-tea]")].filter((tea) => tea instanceof HTMLElement);

/** Show the step that the URL names. */
function show() {
  const step = location.pathname.slice(base.length);
  for (const section of sections) {
    section.hidden = section.dataset.step !== step;
    if (!section.hidden) fill(section);
  }
}

/** @param {HTMLElement} section */
function fill(section) {
  for (const link of section.querySelectorAll("a[data-answer]")) {
    if (link instanceof HTMLAnchorElement) carry(link, section.dataset.key ?? "");
  }
  if (section.dataset.step === "result") recommend(section);
  const title = section.querySelector("h1:not([hidden] *)")?.textContent ?? "";
  document.title = `${title} · Kettle & Leaf`;
  tell("#demo-what", section.dataset.what ?? "");
  tell("#demo-why", section.dataset.why ?? "");
  tell("#demo-but", section.dataset.but ? `; ${section.dataset.but}` : "");
}

/** Add the choices so far to a link. @param {HTMLAnchorElement} link @param {string} key */
function carry(link, key) {
  const answers = new URLSearchParams(location.search);
  answers.set(key, link.dataset.answer ?? "");
  link.search = answers.toString();
  const chosen = new URLSearchParams(location.search).get(key) === link.dataset.answer;
  if (chosen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

/** Show the tea that fits best, and the choices it is based on. @param {HTMLElement} section */
function recommend(section) {
  const answers = KEYS.map((key) => ({ key, answer: answered(key) }));
  const complete = answers.every(({ answer }) => answer);
  hide(section.querySelector("[data-found]"), !complete);
  hide(section.querySelector("[data-missing]"), complete);
  const said = section.querySelector("[data-said]");
  if (said) said.textContent = answers.map(({ answer }) => answer?.toLowerCase()).join(", ");
  const points = teas.map(score);
  const best = points.indexOf(Math.max(...points));
  teas.forEach((tea, index) => hide(tea, index !== best));
}

/** Return how well a tea fits the choices. @param {HTMLElement} tea */
function score(tea) {
  const answers = new URLSearchParams(location.search);
  return KEYS.reduce((sum, key, index) => {
    const fits = tea.dataset[key]?.split(" ").includes(answers.get(key) ?? "");
    return sum + (fits ? WEIGHTS[index] ?? 0 : 0);
  }, 0);
}

/** Return the label of the choice in the URL. @param {string} key */
function answered(key) {
  const answer = new URLSearchParams(location.search).get(key) ?? "";
  const choices = finder.querySelectorAll(`section[data-key="${key}"] a[data-answer]`);
  const choice = [...choices].find((link) => link.getAttribute("data-answer") === answer);
  return choice?.querySelector("strong")?.textContent;
}

/** @param {Element | null} element @param {boolean} hidden */
function hide(element, hidden) {
  element?.toggleAttribute("hidden", hidden);
}

/** @param {string} selector @param {string} text */
function tell(selector, text) {
  const element = document.querySelector(selector);
  if (element) element.textContent = text;
}

finder.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || !link.pathname.startsWith(base)) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
  scrollTo(0, 0);
  const title = finder.querySelector("section:not([hidden]) h1:not([hidden] *)");
  if (title instanceof HTMLElement) title.focus({ preventScroll: true });
});
addEventListener("popstate", show);
show();
