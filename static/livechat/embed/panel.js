// The rest of the loader, fetched when it is wanted for the first time: the chat's window, the
// notification, and what a website can tell the chat to do. The chat itself is a frame of ours,
// spoken to by messages with exact origins.
(function () {
  "use strict";
  const SHEET = `
.t{position:fixed;z-index:2147483000;inset-inline-end:calc(var(--x) + env(safe-area-inset-right));
inset-block-end:calc(var(--y) + 68px + env(safe-area-inset-bottom));display:flex;gap:4px;
max-width:min(280px,100vw - 40px);padding:4px;border-radius:14px;background:#fff;color:#1c2024;
font:15px/22px system-ui,sans-serif;box-shadow:0 5px 30px #0003,0 0 1px #0006;animation:o .2s ease-out}
.t button{border-radius:10px;padding:8px 0 8px 10px;overflow-wrap:anywhere}
.t button+button{flex:none;width:28px;height:28px;padding:0;text-align:center;border-radius:50%}
.t button+button:hover{background:#8883}
i{position:absolute;inset:-2px -2px auto auto!important;min-width:20px;height:20px;padding:0 5px;
border-radius:10px;background:#d4183d;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;
box-shadow:0 0 0 2px #fff}
dialog{all:unset;position:fixed;z-index:2147483000;overflow:hidden;background:#fff;
inset-block-end:calc(var(--y) + 68px + env(safe-area-inset-bottom));inset-inline-end:calc(var(--x) + env(safe-area-inset-right));
width:384px;max-width:100vw;height:min(680px,100dvh - 88px - var(--y));border-radius:16px;
box-shadow:0 5px 40px #0000003d,0 0 1px #0006;animation:o .2s ease-out}
dialog:not([open]){display:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
@keyframes o{from{opacity:0;transform:translateY(8px)}}
@media(max-width:640px),(max-height:480px){dialog,:host([left]) dialog{inset:0 0 auto;width:100%;height:100dvh;border-radius:0}}
@media(prefers-color-scheme:dark){dialog{background:#18191b}.t{background:#212225;color:#edeef0}}
@media(forced-colors:active){dialog,.t{border:1px solid}}`;
  const PLACES = /** @type {const} */ (["localStorage", "sessionStorage"]);
  const MAX = { names: 20, name: 40, value: 200 };

  /** Raise what is wrong with an attribute; the server would refuse it. @param {string} name @param {unknown} value */
  function check(name, value) {
    const fits = value === null || typeof value === "boolean"
      || (typeof value === "string" && value.length <= MAX.value)
      || (typeof value === "number" && Math.abs(value) < 2 ** 53);
    if (!name.trim() || name.length > MAX.name) {
      throw new RangeError(`"${name.slice(0, MAX.name)}": a name has 1 to ${MAX.name} characters`);
    }
    if (!fits) throw new TypeError(`"${name}" has to be a text of at most ${MAX.value} characters, a number, yes or no`);
  }

  /** @param {LivechatParts} chat @returns {LivechatPanel} */
  function make(chat) {
    const { PHONE, button, config, host, kept, root, settings, stop } = chat;
    const { signal } = stop;
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    const badge = document.createElement("i");
    const teaser = document.createElement("div");
    const words = document.createElement("button");
    const away = document.createElement("button");
    const { overflow } = document.documentElement.style;
    let { consent } = settings;
    /** @type {[string, unknown][]} what was said before the frame listened */
    const early = [];
    let ready = false;
    /** What the chat knows of this page. */
    const told = { page: "", attributes: {} };
    let unread = 0;
    let unreadText = "";
    /** The notification he does not want to see, where nothing may be stored. */
    let dismissed = "";

    /** Fetch the chat: when it is opened, about to be, or when there is a conversation to go on with. */
    function wake() {
      if (frame.isConnected) return;
      frame.src = `${config.frame}?lang=${encodeURIComponent(chat.language)}#host=${encodeURIComponent(location.origin)}`;
      dialog.append(frame);
    }

    /** @param {string} verb @param {unknown} [value] */
    function tell(verb, value) {
      if (ready) frame.contentWindow?.postMessage({ livechat: verb, value }, config.origin);
      else early.push([verb, value]);
    }

    function tellPage() {
      const { href: url } = location;
      const { referrer, title } = document;
      if (told.page === url + title) return;
      told.page = url + title;
      tell("page", { url, title, referrer });
    }

    /** @param {typeof PLACES[number]} where @param {string} name @param {boolean} value */
    function keep(where, name, value) {
      if (consent === false || Boolean(kept(where)[name]) === value) return;
      try {
        window[where].setItem(chat.key, JSON.stringify({ ...kept(where), [name]: value || undefined }));
      } catch {
        // Forbidden: the chat then goes on only when the visitor opens it again.
      }
    }

    function draw() {
      const text = chat.answer?.action === "display_button_and_text" ? chat.answer.text : "";
      teaser.hidden = !text || button.hidden || dialog.open || Boolean(chat.slow)
        || text === dismissed || Boolean(kept("sessionStorage").teased);
      words.textContent = text;
      badge.hidden = dialog.open || !unread;
      badge.textContent = unread > 9 ? "9+" : String(unread);
      const labels = chat.answer?.labels;
      away.ariaLabel = labels?.dismiss ?? "Dismiss";
      button.setAttribute("aria-label", ((dialog.open ? labels?.close : labels?.open) ?? "Chat")
        + (unread ? `, ${unreadText}` : ""));
    }

    // A telephone's keyboard shrinks what is seen, not what is laid out.
    function fit() {
      const seen = visualViewport;
      const full = PHONE.matches && dialog.open && seen;
      dialog.style.height = full ? `${seen.height}px` : "";
      dialog.style.top = full ? `${seen.offsetTop}px` : "";
      document.documentElement.style.overflow = full ? "hidden" : overflow;
    }

    /** @param {{ prefill?: unknown, auto?: boolean }} [options] */
    function open({ prefill, auto } = {}) {
      clearTimeout(chat.popup);
      if (auto && chat.wanted === false) return;
      if (!dialog.open) {
        wake();
        tellPage();
        // `show` moves the focus, even into nowhere: not where nobody asked for the chat. Full
        // screen it is modal: the page behind can be neither seen nor reached.
        if (auto) dialog.setAttribute("open", "");
        else if (PHONE.matches) dialog.showModal();
        else dialog.show();
        fit();
        tell("opened", !auto);
        // Stored when the visitor did something himself.
        if (!auto) keep("localStorage", "open", true);
        chat.draw();
        chat.emit("open");
      }
      if (prefill) tell("prefill", String(prefill));
      if (!auto) frame.focus();
    }

    function close() {
      clearTimeout(chat.popup);
      if (!dialog.open) return;
      const inside = root.activeElement;
      dialog.close();
      fit();
      keep("localStorage", "open", false);
      // Closed once, it never opens by itself again.
      keep("localStorage", "quiet", true);
      tell("closed");
      chat.draw();
      if (inside) button.focus();
      chat.emit("close");
    }

    /** @type {Record<string, (...values: any[]) => unknown>} */
    const verbs = {
      open,
      close,
      toggle: () => (dialog.open ? close() : open()),
      show() {
        chat.wanted = true;
        chat.draw();
      },
      hide() {
        chat.wanted = false;
        close();
        chat.draw();
      },
      page() {
        tellPage();
        return chat.ask();
      },
      set(/** @type {Record<string, unknown>} */ attributes) {
        const next = { ...told.attributes, ...attributes };
        for (const [name, value] of Object.entries(next)) check(name, value);
        if (Object.keys(next).length > MAX.names) throw new RangeError(`at most ${MAX.names} names can be set`);
        told.attributes = next;
        tell("set", { ...attributes });
      },
      consent(/** @type {unknown} */ given) {
        consent = Boolean(given);
        tell("consent", consent);
        if (consent) return;
        close();
        // Where something was kept, the chat's own storage has to be emptied too.
        if (Object.keys(kept("localStorage")).length) wake();
        for (const where of PLACES) {
          try {
            window[where].removeItem(chat.key);
          } catch {
            // Forbidden anyway.
          }
        }
        chat.draw();
      },
      on(/** @type {string} */ name, /** @type {(detail: unknown) => void} */ listener) {
        const hear = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
        addEventListener(`livechat:${name}`, hear, { signal });
        if (name === "ready" && chat.answer) listener(undefined);
        return () => removeEventListener(`livechat:${name}`, hear);
      },
      destroy() {
        dialog.close();
        fit();
        stop.abort();
        clearTimeout(chat.popup);
        host.remove();
        delete (/** @type {any} */ (window).Livechat);
      },
    };

    addEventListener("message", (event) => {
      if (event.origin !== config.origin || event.source !== frame.contentWindow) return;
      const { livechat: verb, value } = event.data ?? {};
      if (verb === "ready") {
        ready = true;
        for (const [name, detail] of early.splice(0)) tell(name, detail);
      } else if (verb === "close") close();
      else if (verb === "has_chat") {
        keep("localStorage", verb, Boolean(value));
        // He has written in a chat that opened by itself: now it is his, and stays open.
        if (value && dialog.open) keep("localStorage", "open", true);
        chat.draw();
      } else if (verb === "unread" && unread !== Number(value?.count)) {
        unread = Number(value?.count) || 0;
        unreadText = String(value?.text);
        draw();
        chat.emit("unread", unread);
      }
    }, { signal });
    addEventListener("livechat:status", () => tell("available", chat.answer?.available), { signal });
    visualViewport?.addEventListener("resize", fit, { signal });
    root.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Escape") close();
    }, { signal });
    dialog.oncancel = (event) => {
      event.preventDefault();
      close();
    };
    dialog.id = "panel";
    dialog.setAttribute("aria-label", config.name);
    frame.title = config.name;
    frame.allow = "clipboard-write";
    away.textContent = "×";
    away.onclick = () => {
      dismissed = words.textContent ?? "";
      keep("sessionStorage", "teased", true);
      draw();
      button.focus();
    };
    teaser.className = "t";
    teaser.dataset.testid = "teaser";
    words.onclick = () => open();
    teaser.append(words, away);
    button.append(chat.drawing("x", "m6 9 6 6 6-6"), badge);
    chat.style(SHEET);
    root.prepend(dialog);
    root.insertBefore(teaser, button);
    if (consent !== undefined) verbs.consent?.(consent);
    if (settings.attributes) verbs.set?.(settings.attributes);
    tellPage();
    draw();
    if (kept("localStorage").has_chat) wake();
    return {
      draw,
      wake,
      tellPage,
      get open() { return dialog.open; },
      call(verb, values) {
        const act = Object.hasOwn(verbs, verb) && verbs[verb];
        if (!act) throw new TypeError(`there is no Livechat.${verb}`);
        return act(...values);
      },
    };
  }

  /** @type {any} */ (document.currentScript).make = make;
})();
