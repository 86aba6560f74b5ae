// The script on the customer's page. It asks the server what to show (`init`), draws the chat
// button and loads embed/panel.js when it is needed. It has to stay small, and its errors must not
// disturb the page.
(function (/** @type {LoaderConfig} */ config) {
  "use strict";
  const page = /** @type {any} */ (window);
  const early = page.Livechat?.q ?? [];
  // Check for a function: an element with the id "Livechat" is also found as `window.Livechat`.
  if (typeof page.Livechat === "function" && !page.Livechat.q) {
    if (page.Livechat.key !== config.key) warn("this page already has a chat of another channel");
    return;
  }

  const SHEET = `
:host{all:initial!important;position:fixed!important;inset:0!important;pointer-events:none!important;zoom:var(--z,1)!important}
*{box-sizing:border-box;pointer-events:auto}
button{all:unset;cursor:pointer}
.l{position:fixed;z-index:2147483000;inset-block-end:calc(var(--y) + env(safe-area-inset-bottom));
inset-inline:var(--l) var(--r);width:56px;height:56px;border-radius:50%;
background:var(--b);color:var(--f);display:grid;place-items:center;
box-shadow:0 4px 16px #0003,0 1px 3px #0003;transition:transform .15s}
.l:hover{transform:scale(1.05)}
button:focus-visible{outline:2px solid var(--b);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{width:28px;fill:none;stroke:currentcolor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
[aria-expanded=true] .o,[aria-expanded=false] .x,[hidden]{display:none!important}
@media(prefers-reduced-motion){*{animation:none!important;transition:none!important}}
@media(forced-colors:active){.l{border:1px solid}}
@media print{:host{display:none!important}}`;
  const script = /** @type {any} */ (document.currentScript);
  const nonce = script?.nonce ?? "";
  // `document.currentScript` is null in a module.
  const { src } = script?.src ? script : document.querySelector(`script[src*="/${config.key}/loader.js"]`) ?? {};
  if (!src) return warn("loader.js has no address");
  const server = new URL(src);
  // The page may name an http address that was redirected or upgraded to https.
  if (config.secure) server.protocol = "https:";
  const { origin } = server;
  /** @type {InitAnswer} */
  const NOTHING = { action: "hide_button", timer: 0, text: "", available: false, again_in: 0, labels: { open: "Open chat", close: "Close chat", dismiss: "Dismiss" } };
  const { connection } = page.navigator;
  const stop = new AbortController();
  const { signal } = stop;
  const host = document.createElement("live-chat");
  const button = document.createElement("button");
  const steps = document.createElement("iframe");
  /** @type {Promise<LivechatPanel> | undefined} */
  let coming;
  let failed = 0;
  /** Action, delay and page address that were last acted on: only a change is acted on again. */
  let armed = "";
  let again = 0;
  let settled = 0;
  let look = 0;
  let slow = 0;
  /** How often the host was put back since the page's address changed or the page called. */
  let repairs = -1;
  const MOST_REPAIRS = 10;
  /** @type {() => void} */
  let begin = () => {};
  const started = new Promise((/** @type {any} */ resolve) => (begin = resolve));
  const watch = new MutationObserver(place);

  /** Shared with panel.js. @type {LivechatParts} */
  const chat = {
    language: String(page.LivechatSettings?.language || document.documentElement.lang).slice(0, 35),
    config,
    origin,
    host,
    button,
    steps,
    stop,
    settings: page.LivechatSettings ?? {},
    PHONE: matchMedia("(max-width:640px),(max-height:480px)"),
    slow: connection?.saveData || /2g/.test(connection?.effectiveType),
    asked: "",
    popup: 0,
    draw,
    raise,
    ask,
    style,
    drawing,
    warn,
    // `start` replaces it: a page may forbid shadow roots.
    root: /** @type {any} */ (host),
    kept(where) {
      try {
        return JSON.parse(page[where].getItem(chat.key)) ?? {};
      } catch {
        return {};
      }
    },
    key: `livechat:${config.key}`,
    emit: (name, detail) => page.dispatchEvent(new CustomEvent(`livechat:${name}`, { detail })),
  };

  /** @param {string} className @param {string} d */
  function drawing(className, d) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("class", className);
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", d);
    svg.append(path);
    return svg;
  }

  /** @param {string} text */
  function style(text) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      chat.root.adoptedStyleSheets = [...chat.root.adoptedStyleSheets, sheet];
    } catch {
      chat.root.append(Object.assign(document.createElement("style"), { textContent: text }));
    }
  }

  /**
   * Put the host into <html>: scripts exchange <body>, and its layout, transforms and `:last-child`
   * rules must not concern us. A page that removes the host each time wins after ten times.
   */
  function place() {
    const top = document.documentElement;
    if (!top || signal.aborted || host.parentNode === top || repairs > MOST_REPAIRS) return;
    if (++repairs > MOST_REPAIRS) return warn("the page keeps removing the chat");
    top.append(host);
    watch.observe(top, { childList: true });
    draw();
    chat.panel?.placed();
  }

  /**
   * Use the top layer where a transform or the like on <html> moves what is fixed, and, if asked to,
   * above what the page has there.
   */
  function raise(over = false) {
    const fits = () => {
      const { top, height } = host.getBoundingClientRect();
      return !top && Math.abs(height - innerHeight) < 20;
    };
    host.style.setProperty("--z", `${1 / (+getComputedStyle(document.documentElement).zoom || 1)}`);
    if (!over && fits()) return;
    try {
      host.popover = "manual";
      host.hidePopover();
      host.showPopover();
      // WebKit moves the top layer too, and then draws nothing there.
      if (!fits()) host.popover = null;
    } catch {
      // This browser has no popovers.
    }
  }

  function draw() {
    const { answer, panel, wanted } = chat;
    if (host.isConnected) raise();
    const shown = wanted ?? (answer && answer.action !== "hide_button" || chat.kept("localStorage").has_chat);
    button.hidden = !shown && !panel?.open;
    button.setAttribute("aria-expanded", `${!!panel?.open}`);
    if (panel) panel.draw();
    else button.setAttribute("aria-label", (answer ?? NOTHING).labels.open);
  }

  /** @returns {Promise<LivechatPanel>} */
  function load() {
    return coming ??= new Promise((resolve, reject) => {
      const script = /** @type {HTMLScriptElement & { make: any }} */ (document.createElement("script"));
      script.nonce = nonce;
      script.src = origin + config.panel;
      script.onload = () => {
        try {
          if (!signal.aborted) resolve(chat.panel = script.make(chat));
        } catch (error) {
          reject(error);
        }
      };
      script.onerror = () => {
        coming = undefined;
        script.remove();
        reject(new Error("the server cannot be reached"));
      };
      document.head.append(script);
    });
  }

  /** @param {string} verb @param {unknown[]} values */
  async function call(verb, ...values) {
    try {
      if (verb === "destroy") destroy();
      if (signal.aborted) return;
      await started;
      const panel = await load();
      repairs = 0;
      place();
      return panel.call(verb, values);
    } catch (error) {
      warn(error);
    }
  }

  /** @param {unknown} error */
  function warn(error) {
    console.warn("Livechat:", error);
  }

  /** @param {InitAnswer} answer */
  function apply(answer) {
    const before = chat.answer;
    chat.answer = answer;
    const { action, available, timer } = answer;
    if (armed !== (armed = action + timer + chat.asked)) {
      clearTimeout(chat.popup);
      // Not after the chat was closed once, and not on a small screen, which it would cover.
      if (action === "auto_popup" && !chat.slow && !chat.PHONE.matches && !chat.kept("localStorage").quiet) {
        chat.popup = setTimeout(call, timer * 1_000, "open", { auto: true });
      }
      if (action === "display_button_and_text" && !chat.slow) load().catch(warn);
    }
    draw();
    if (before?.available !== available) chat.emit("status", { available });
    if (!before) chat.emit("ready");
  }

  async function ask() {
    clearTimeout(again);
    const url = (chat.asked = location.href);
    const query = new URLSearchParams({ url: url.slice(0, 4_096), lang: chat.language });
    let wait = 60 << Math.min(failed, 3);
    try {
      const response = await fetch(origin + config.init + query, { credentials: "omit", signal });
      const answer = response.ok && await response.json();
      if (url !== chat.asked) return;
      if (answer) {
        failed = 0;
        wait = answer.again_in;
        apply(answer);
      } else if (response.status < 500 && response.status !== 429) {
        // The channel does not allow this website or no longer exists: stop asking.
        wait = 0;
        apply(NOTHING);
      } else failed++;
    } catch {
      failed++;
    }
    // Vary the wait by ±10 %, so that pages do not ask at the same moment.
    if (wait && !signal.aborted) again = setTimeout(due, wait * (900 + Math.random() * 200));
  }

  function due() {
    // A hidden page asks when it becomes visible.
    if (document.hidden) document.addEventListener("visibilitychange", ask, { once: true, signal });
    else ask();
  }

  function moved() {
    clearTimeout(settled);
    if (location.href !== chat.asked) settled = setTimeout(settle, 100);
  }

  function settle() {
    repairs = 0;
    chat.panel?.tellPage();
    ask();
  }

  function start() {
    const { x, y } = { ...config.offset, ...chat.settings.offset };
    const left = (chat.settings.position ?? config.position) === "left";
    const edge = `calc(${+x}px + env(safe-area-inset-${left ? "left" : "right"}))`;
    chat.root = host.attachShadow({ mode: "open" });
    if (chat.settings.hidden) chat.wanted = false;
    // In the sheet, because the page can change the attributes of the host.
    style(`:host{--b:${config.button_background};--f:${config.button_foreground};--y:${+y}px;--l:${left ? edge : "auto"};--r:${left ? "auto" : edge}}${SHEET}`);
    button.className = "l";
    button.id = "launcher";
    button.dataset.testid = "launcher";
    button.setAttribute("aria-controls", "panel");
    button.append(drawing("o", "M12 4c5 0 9 3.4 9 7.6s-4 7.6-9 7.6c-1 0-2-.1-2.9-.4L4 21l1.2-3.8C3.8 15.8 3 13.9 3 11.6 3 7.4 7 4 12 4z"));
    // The second click of a double click would close the chat again.
    button.onclick = ({ detail }) => detail > 1 || call("toggle");
    // Load the chat before the click, when the pointer or the focus reaches the button.
    if (!chat.slow) button.onpointerenter = button.onfocus = () => load().then((panel) => panel.wake(), warn);
    chat.root.append(button);
    steps.hidden = true;
    steps.srcdoc = "";
    // Before the visitor taps: WebKit's "Back" skips entries of frames that came later.
    if (chat.PHONE.matches) button.after(steps);
    document.addEventListener("click", (event) => {
      // The path, because a link in a component is not the target out here.
      const opener = /** @type {any} */ (event.composedPath()).find((/** @type {any} */ one) => one.dataset?.livechatOpen !== undefined);
      if (!opener) return;
      event.preventDefault();
      call("open", { prefill: opener.dataset.livechatOpen });
    }, { signal });
    if (page.navigation) page.navigation.addEventListener("navigatesuccess", moved, { signal });
    else look = setInterval(moved, 1_000);
    // `load` waits for modules that are `async`; for slow pictures the chat does not wait.
    if (performance.timing.loadEventStart) appear();
    else {
      addEventListener("load", appear, { signal });
      addEventListener("DOMContentLoaded", () => (slow = setTimeout(appear, 2_000)), { signal });
    }
    ask();
  }

  /** Appear once the page is idle: a framework that hydrates all of <html> must find it unchanged. */
  function appear() {
    (page.requestIdleCallback ?? setTimeout)(() => {
      if (signal.aborted || host.isConnected) return;
      watch.observe(document, { childList: true });
      place();
      begin();
      const kept = chat.kept("localStorage");
      if (kept.has_chat && kept.open && !chat.PHONE.matches) call("open", { auto: true });
      else if (kept.has_chat || chat.settings.attributes || (chat.settings.consent === false && Object.keys(kept).length)) load().catch(warn);
    }, { timeout: 1_000 });
  }

  /** Take the chat off the page, at once: the page may add another line in the same task. */
  function destroy() {
    stop.abort();
    chat.panel?.end();
    watch.disconnect();
    for (const timer of [again, settled, look, slow, chat.popup]) clearTimeout(timer);
    host.remove();
    if (page.Livechat === call) delete page.Livechat;
  }

  page.Livechat = Object.assign(call, { key: config.key });
  for (const verb of ["open", "close", "toggle", "show", "hide", "page", "set", "consent", "on", "destroy"]) {
    page.Livechat[verb] = call.bind(null, verb);
  }
  try {
    start();
  } catch (error) {
    destroy();
    warn(error);
  }
  for (const [values, resolve] of early) call(.../** @type {[string]} */ (values)).then(resolve);
// @ts-expect-error The server puts the channel's settings here, as JSON.
})(__CONFIG__);
