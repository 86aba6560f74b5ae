// The one script on the customer's page: draws the button, and the frame when it is wanted. Kept
// small and out of the way: whatever goes wrong here must not disturb the page.
(function (/** @type {LoaderConfig} */ config) {
  "use strict";
  const page = /** @type {any} */ (window);
  if (typeof page.Livechat?.open === "function") return;

  const KEY = "livechat";
  const SHEET = `
:host{all:initial!important}
*{box-sizing:border-box}
button{all:unset;box-sizing:border-box;position:fixed;z-index:2147483000;cursor:pointer;
inset-block-end:calc(20px + env(safe-area-inset-bottom));inset-inline-end:calc(20px + env(safe-area-inset-right));
width:56px;height:56px;border-radius:50%;background:var(--b);color:var(--f);display:grid;place-items:center;
box-shadow:0 4px 16px #0003,0 1px 3px #0003;transition:transform .15s}
button:hover{transform:scale(1.05)}
button:focus-visible{outline:2px solid var(--b);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{width:28px;fill:none;stroke:currentcolor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
[aria-expanded=true] .o,[aria-expanded=false] .x,[hidden]{display:none}
i{position:absolute;inset-block-start:-2px;inset-inline-end:-2px;min-width:20px;height:20px;padding:0 5px;
border-radius:10px;background:#d4183d;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;
box-shadow:0 0 0 2px #fff}
dialog{all:unset;position:fixed;z-index:2147483000;overflow:hidden;background:#fff;
inset-block-end:calc(88px + env(safe-area-inset-bottom));inset-inline-end:calc(20px + env(safe-area-inset-right));
width:384px;height:min(680px,100dvh - 108px);border-radius:16px;
box-shadow:0 5px 40px #0000003d,0 0 1px #0006;animation:o .2s ease-out}
dialog:not([open]){display:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
@keyframes o{from{opacity:0;transform:translateY(8px)}}
@media(max-width:640px),(max-height:480px){dialog{inset:0 0 auto;width:100%;height:100dvh;border-radius:0}}
@media(prefers-color-scheme:dark){dialog{background:#18191b}}
@media(prefers-reduced-motion){*{animation:none!important;transition:none!important}}
@media(forced-colors:active){button,dialog{border:1px solid}}
@media print{:host{display:none!important}}`;
  const PHONE = matchMedia("(max-width:640px),(max-height:480px)");

  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  let ready = false;
  let unread = 0;
  let told = "";
  const host = document.createElement("live-chat");
  const root = host.attachShadow({ mode: "open" });
  const button = document.createElement("button");
  const badge = document.createElement("i");
  const dialog = document.createElement("dialog");

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

  /** @param {string} verb @param {unknown} [value] */
  function tell(verb, value) {
    if (ready) frame?.contentWindow?.postMessage({ livechat: verb, value }, config.origin);
  }

  function tellPage() {
    if (told === location.href) return;
    if (ready) told = location.href;
    tell("page", { url: location.href, title: document.title, referrer: document.referrer });
  }

  function draw() {
    button.setAttribute("aria-expanded", String(dialog.open));
    button.setAttribute("aria-label", (dialog.open ? "Close chat" : "Open chat")
      + (unread ? `, ${unread} unread message${unread > 1 ? "s" : ""}` : ""));
    badge.hidden = dialog.open || !unread;
    badge.textContent = unread > 9 ? "9+" : String(unread);
  }

  /** @param {boolean} hasChat */
  function remember(hasChat) {
    try {
      if (hasChat) localStorage.setItem(KEY, '{"has_chat":true}');
      else localStorage.removeItem(KEY);
    } catch {
      // Forbidden: the chat then continues only when the visitor opens it again.
    }
  }

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = config.name;
    frame.allow = "clipboard-write";
    frame.src = `${config.frame}#host=${encodeURIComponent(location.origin)}`;
    dialog.append(frame);
  }

  // A telephone's keyboard shrinks what is seen, not what is laid out.
  function fit() {
    const seen = visualViewport;
    const full = PHONE.matches && dialog.open && seen;
    dialog.style.height = full ? `${seen.height}px` : "";
    dialog.style.top = full ? `${seen.offsetTop}px` : "";
    document.documentElement.style.overflow = full ? "hidden" : overflow;
  }
  const { overflow } = document.documentElement.style;

  function open() {
    if (dialog.open) return;
    load();
    // Full screen it is modal: the page behind can be neither seen nor reached.
    if (PHONE.matches) dialog.showModal();
    else dialog.show();
    frame?.focus();
    fit();
    draw();
    tellPage();
    tell("opened");
  }

  function close() {
    if (!dialog.open) return;
    const inside = root.activeElement;
    dialog.close();
    fit();
    draw();
    tell("closed");
    if (inside) button.focus();
  }

  const toggle = () => (dialog.open ? close() : open());

  /** @param {MessageEvent} event */
  function hear(event) {
    if (event.origin !== config.origin || event.source !== frame?.contentWindow) return;
    const { livechat: verb, value } = event.data ?? {};
    if (verb === "ready") {
      ready = true;
      tellPage();
      if (dialog.open) tell("opened");
    } else if (verb === "close") close();
    else if (verb === "has_chat") remember(value);
    else if (verb === "unread") {
      unread = Number(value) || 0;
      draw();
    }
  }

  function start() {
    host.style.setProperty("--b", config.button_background);
    host.style.setProperty("--f", config.button_foreground);
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(SHEET);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(Object.assign(document.createElement("style"), { textContent: SHEET }));
    }
    button.type = "button";
    button.id = "launcher";
    button.title = config.button_text;
    button.dataset.testid = "launcher";
    button.setAttribute("aria-controls", "panel");
    button.append(
      drawing("o", "M12 4c5 0 9 3.4 9 7.6s-4 7.6-9 7.6c-1 0-2-.1-2.9-.4L4 21l1.2-3.8C3.8 15.8 3 13.9 3 11.6 3 7.4 7 4 12 4z"),
      drawing("x", "m6 9 6 6 6-6"),
      badge,
    );
    dialog.id = "panel";
    dialog.setAttribute("aria-label", config.name);
    root.append(dialog, button);
    draw();
    button.onclick = toggle;
    root.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Escape") close();
    });
    dialog.oncancel = (event) => {
      event.preventDefault();
      close();
    };
    addEventListener("message", hear);
    addEventListener("popstate", tellPage);
    page.navigation?.addEventListener("navigatesuccess", tellPage);
    visualViewport?.addEventListener("resize", fit);
    document.body.append(host);
    try {
      if (localStorage.getItem(KEY)) load();
    } catch {
      // See `remember`.
    }
  }

  page.Livechat = { open, close, toggle };
  const safely = () => {
    try {
      start();
    } catch (error) {
      console.warn("Livechat could not start:", error);
    }
  };
  if (document.body) safely();
  else addEventListener("DOMContentLoaded", safely);
// @ts-expect-error The server puts the channel's settings here, as JSON.
})(__CONFIG__);
