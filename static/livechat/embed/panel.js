// The second part of the loader, loaded when it is first needed: the chat's window, the
// notification and the commands of `window.Livechat`. The chat itself is an iframe of the chat
// server. Both sides use `postMessage` and check the exact origin.
(function () {
  "use strict";
  const SHEET = `
.t,dialog{color-scheme:var(--s);background:#fff;color:#1c2024;background:light-dark(#fff,#18191c);color:light-dark(#1c2024,#eceef1)}
.t{position:fixed;z-index:2147483000;inset-inline:var(--l) var(--r);
inset-block-end:calc(var(--y) + 68px + env(safe-area-inset-bottom));display:flex;gap:4px;
max-width:min(280px,100vw - 40px);padding:4px;border-radius:14px;background:light-dark(#fff,#212327);
font:15px/20px system-ui,sans-serif;box-shadow:0 5px 30px #0003,0 0 1px #0006;animation:o .2s ease-out}
.t button{display:flex;gap:10px;align-items:center;min-width:0;padding:8px 0 8px 8px;border-radius:10px;text-align:start}
.t b{flex:none;width:32px;height:32px;border-radius:50%;background:var(--b);color:var(--f);font:700 19px/32px system-ui,sans-serif;text-align:center}
.t span{min-width:0}
.t strong{display:block;font-size:13px;line-height:18px}
.t q{quotes:none;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;overflow-wrap:anywhere}
.t strong:not([hidden])+q{-webkit-line-clamp:1}
.t button+button{flex:none;justify-content:center;width:28px;height:28px;padding:0;border-radius:50%}
.t button+button:hover{background:#8883}
i{position:absolute;inset:-2px -2px auto auto!important;min-width:20px;height:20px;padding:0 5px;
border-radius:10px;background:#d4183d;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;
box-shadow:0 0 0 2px #fff}
dialog{position:fixed;z-index:2147483000;overflow:hidden;margin:0;padding:0;border:0;max-height:none;
inset:auto;inset-block-end:calc(var(--y) + 68px + env(safe-area-inset-bottom));inset-inline:var(--l) var(--r);
width:384px;max-width:calc(100vw - 40px);height:min(680px,100dvh - 84px - var(--y));border-radius:16px;
box-shadow:0 5px 40px #0003,0 0 1px #0006;transition:width .2s;animation:o .2s ease-out}
dialog.w{width:640px}
dialog::backdrop{background:none}
dialog:not([open]){display:none}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
@keyframes o{from{opacity:0;transform:translateY(8px)}}
@media(max-width:640px),(max-height:480px){dialog{inset:0 0 auto;width:100%;max-width:none;height:100dvh;border-radius:0;
padding:env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left)}}
@media(forced-colors:active){dialog,.t{border:1px solid}}`;
  const LOCK = "html{overflow:hidden!important}";
  const PLACES = /** @type {const} */ (["localStorage", "sessionStorage"]);
  const MAX = { names: 20, name: 40, value: 200 };

  /**
   * Throw RangeError or TypeError for an attribute that the server would reject.
   * @param {string} name @param {unknown} value
   */
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
    const { PHONE, button, config, host, kept, root, settings, steps, stop } = chat;
    const { signal } = stop;
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    const badge = document.createElement("i");
    const teaser = document.createElement("div");
    const words = document.createElement("button");
    const face = document.createElement("b");
    const author = document.createElement("strong");
    const line = document.createElement("q");
    const both = document.createElement("span");
    const away = document.createElement("button");
    let { consent } = settings;
    /** The frame listens. It starts anew if the page takes the host away and the loader puts it back. */
    let ready = false;
    /** The text box gets this text, and the focus, once the frame listens. */
    let prefill = "";
    let focus = false;
    /** Keeps the page behind a full-screen chat from scrolling. @type {CSSStyleSheet | undefined} */
    let lock;
    /** The last entry of `enter`, and what the page's history was with it. */
    let entry = { state: 0, length: 0, url: "" };
    /** `leave` removes the entry; the browser has not done it yet. */
    let leaving = false;
    /** Page and attributes that were sent to the chat. */
    const sent = { page: "", attributes: {} };
    let unread = 0;
    let unreadText = "";
    /** The last unread message. @type {{ name: string, text: string } | null} */
    let newest = null;
    /** The notification and the message that the visitor dismissed. */
    const dismissed = { notification: "", message: "" };
    /** The page's title with the unread count ("" while there is none), and without it. */
    let title = "";
    let plain = "";

    /** Load the chat into its frame. Safe to repeat. */
    function wake() {
      if (frame.parentNode) return;
      frame.src = `${chat.origin}${config.frame}?${new URLSearchParams({ lang: chat.language })}#host=${encodeURIComponent(location.origin)}`;
      dialog.append(frame);
    }

    /** @param {string} verb @param {unknown} [value] */
    function tell(verb, value) {
      if (ready) frame.contentWindow?.postMessage({ livechat: verb, value }, chat.origin);
    }

    /** Tell a frame that is ready all that it has to know. */
    function brief() {
      ready = true;
      if (consent !== undefined) tell("consent", consent);
      const { key = "" } = kept("localStorage");
      tell("keeps", keep("localStorage", "key", key));
      tell("resume", key);
      if (Object.keys(sent.attributes).length) tell("set", sent.attributes);
      sent.page = "";
      tellPage();
      if (chat.answer) tell("available", chat.answer.available);
      if (dialog.open) tellOpened();
      tell("phone", PHONE.matches);
    }

    function tellOpened() {
      if (!ready) return;
      tell("opened", focus);
      if (prefill) tell("prefill", prefill);
      focus = false;
      prefill = "";
    }

    function tellPage() {
      const { href: url } = location;
      const { referrer } = document;
      const name = title && document.title === title ? plain : document.title;
      if (!ready || sent.page === url + name) return;
      sent.page = url + name;
      tell("page", { url, title: name, referrer });
    }

    /**
     * @param {typeof PLACES[number]} where @param {string} name @param {boolean | string} value
     * @returns {boolean} whether the page can store it
     */
    function keep(where, name, value) {
      if (consent === false) return false;
      try {
        if ((kept(where)[name] || false) !== (value || false)) {
          window[where].setItem(chat.key, JSON.stringify({ ...kept(where), [name]: value || undefined }));
        }
        return Boolean(window[where]);
      } catch {
        // Storage is forbidden: on the next page the visitor has to open the chat again.
        return false;
      }
    }

    function draw() {
      const text = chat.answer?.action === "display_button_and_text" ? chat.answer.text : "";
      const message = newest && newest.name + newest.text !== dismissed.message ? newest : null;
      const silent = text === dismissed.notification || Boolean(kept("sessionStorage").teased);
      const name = message?.name || config.name;
      teaser.hidden = button.hidden || dialog.open || Boolean(chat.slow) || !(message || (text && !silent));
      author.hidden = !message;
      author.textContent = name;
      face.textContent = (Array.from(name)[0] ?? "").toUpperCase();
      line.textContent = message?.text ?? text;
      badge.hidden = dialog.open || !unread;
      badge.textContent = unread > 9 ? "9+" : String(unread);
      const labels = chat.answer?.labels;
      away.ariaLabel = labels?.dismiss ?? "Dismiss";
      button.setAttribute("aria-label", ((dialog.open ? labels?.close : labels?.open) ?? "Chat")
        + (unread ? `, ${unreadText}` : ""));
    }

    /** Show the unread count in the title of a hidden page, unless it has a count already. */
    function entitle() {
      if (title && document.title === title) document.title = plain;
      title = "";
      if (!document.hidden || !unread || /^\(\d/.test(document.title)) return;
      plain = document.title;
      // Read it back: the browser strips white space.
      document.title = `(${unread}) ${plain}`;
      title = document.title;
    }

    /** @returns {History | undefined} the history of the loader's frame once it has loaded */
    const own = () => (steps.contentDocument?.URL === "about:srcdoc" ? steps.contentWindow?.history : undefined);

    /** Whether the last entry of the tab's history is the one that `enter` added. */
    const isOnTop = () => own()?.state === entry.state
      && history.length === entry.length && location.href === entry.url;

    /**
     * Add a history entry, so that "Back" closes a full-screen chat. It belongs to a frame, because a
     * page's router would take the step back for a navigation.
     */
    function enter() {
      if (!PHONE.matches || leaving || isOnTop()) return;
      try {
        const state = Date.now();
        own()?.pushState(state, "");
        entry = { state, length: history.length, url: location.href };
      } catch {
        // Forbidden or called too often: "Back" then leaves the page.
      }
    }

    /** Close the chat as the visitor went back, unless `leave` did. */
    function stepped() {
      if (own()?.state === entry.state) return;
      if (!leaving) close();
      leaving = false;
      // Opened again meanwhile.
      if (dialog.open) enter();
    }

    function watchSteps() {
      leaving = false;
      if (own()) steps.contentWindow?.addEventListener("popstate", stepped, { signal });
      if (dialog.open) enter();
    }

    /**
     * Close at the visitor's request and remove the history entry. A close by the website's script
     * keeps the entry, because the script may navigate next.
     */
    function leave() {
      close();
      leaving = isOnTop();
      if (leaving) own()?.back();
    }

    function fit() {
      const full = PHONE.matches && dialog.open;
      // A phone's keyboard shrinks the visual viewport, not the layout viewport.
      const seen = full ? visualViewport : null;
      dialog.style.height = seen ? `${seen.height}px` : "";
      dialog.style.top = seen ? `${seen.offsetTop}px` : "";
      if (full === Boolean(lock)) return;
      try {
        // A sheet of our own: the page may use the attribute `style` of <html> for its own locks.
        const others = document.adoptedStyleSheets.filter((sheet) => sheet !== lock);
        lock = full ? new CSSStyleSheet() : undefined;
        lock?.replaceSync(LOCK);
        document.adoptedStyleSheets = lock ? [...others, lock] : others;
      } catch {
        // An older browser: the page may scroll behind the chat.
      }
    }

    /**
     * Show the window in the way that suits the screen and the page. A full-screen chat is modal: the
     * page behind it is covered and must not get the focus. `quietly`: do not move the focus.
     */
    function show(quietly = false) {
      if (dialog.open) dialog.close();
      if (PHONE.matches || document.fullscreenElement) dialog.showModal();
      else if (quietly) dialog.setAttribute("open", "");
      else {
        chat.raise(true);
        dialog.show();
        frame.focus();
        // A modal dialog of the page makes all else inert, except a modal dialog above it.
        if (root.activeElement !== frame) {
          dialog.close();
          dialog.showModal();
        }
      }
      fit();
    }

    /** @param {{ prefill?: unknown, auto?: boolean }} [options] */
    function open({ prefill: text, auto = false } = {}) {
      clearTimeout(chat.popup);
      if (auto && chat.wanted === false) return;
      if (text) prefill = String(text);
      if (!dialog.open) {
        wake();
        tellPage();
        show(auto);
        if (!auto) enter();
        focus = !auto;
        tellOpened();
        // A chat that opens by itself stores nothing.
        if (!auto) keep("localStorage", "open", true);
        chat.draw();
        chat.emit("open");
      } else if (prefill) tellOpened();
      if (!auto) frame.focus();
    }

    function close() {
      clearTimeout(chat.popup);
      if (!dialog.open) return;
      const inside = root.activeElement;
      dialog.close();
      fit();
      try {
        host.hidePopover();
      } catch {
        // It is none, or this browser has no popovers.
      }
      keep("localStorage", "open", false);
      // Once closed, no rule opens the chat by itself again.
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
        const next = { ...sent.attributes, ...attributes };
        for (const [name, value] of Object.entries(next)) check(name, value);
        if (Object.keys(next).length > MAX.names) throw new RangeError(`at most ${MAX.names} names can be set`);
        sent.attributes = next;
        tell("set", { ...attributes });
      },
      consent(/** @type {unknown} */ given) {
        consent = Boolean(given);
        tell("consent", consent);
        if (consent) return;
        close();
        // If something is stored here, load the chat so that it empties its own storage too.
        if (Object.keys(kept("localStorage")).length) wake();
        for (const where of PLACES) {
          try {
            window[where].removeItem(chat.key);
          } catch {
            // Storage is forbidden, so it is empty.
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
    };

    addEventListener("message", (event) => {
      if (event.origin !== chat.origin || event.source !== frame.contentWindow) return;
      const { livechat: verb, value } = event.data ?? {};
      if (verb === "ready") {
        brief();
      } else if (verb === "close") leave();
      else if (verb === "wide") dialog.classList.toggle("w", Boolean(value));
      else if (verb === "has_chat") {
        keep("localStorage", verb, Boolean(value));
        // The visitor has written in a chat that opened by itself: from now on it stays open.
        if (value && dialog.open) keep("localStorage", "open", true);
        chat.draw();
      } else if (verb === "key") {
        if (!keep("localStorage", "key", String(value))) tell("keeps", false);
      } else if (verb === "unread") {
        const before = unread;
        unread = Number(value?.count) || 0;
        unreadText = String(value?.text);
        newest = value?.newest ?? null;
        draw();
        entitle();
        if (unread !== before) chat.emit("unread", unread);
      }
    }, { signal });
    addEventListener("livechat:status", () => tell("available", chat.answer?.available), { signal });
    for (const type of ["resize", "scroll"]) visualViewport?.addEventListener?.(type, fit, { signal });
    document.addEventListener("visibilitychange", entitle, { signal });
    PHONE.addEventListener("change", () => {
      tell("phone", PHONE.matches);
      if (!dialog.open) return;
      const inside = root.activeElement;
      show(true);
      enter();
      if (inside) frame.focus();
    }, { signal });
    root.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Escape") leave();
    }, { signal });
    dialog.oncancel = (event) => {
      event.preventDefault();
      leave();
    };
    dialog.id = "panel";
    dialog.setAttribute("aria-label", config.name);
    frame.title = config.name;
    frame.allow = "clipboard-write";
    away.textContent = "×";
    away.onclick = () => {
      if (author.hidden) {
        dismissed.notification = chat.answer?.text ?? "";
        keep("sessionStorage", "teased", true);
      } else if (newest) dismissed.message = newest.name + newest.text;
      draw();
      button.focus();
    };
    teaser.className = "t";
    teaser.dataset.testid = "teaser";
    words.onclick = () => open();
    line.dir = "auto";
    both.append(author, line);
    words.append(face, both);
    teaser.append(words, away);
    button.append(chat.drawing("x", "m6 9 6 6 6-6"), badge);
    chat.style(`:host{--s:${config.theme === "auto" ? "light dark" : config.theme}}${SHEET}`);
    steps.onload = watchSteps;
    if (steps.parentNode) watchSteps();
    else root.append(steps);
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
      /** The host was put back: what was shown is gone, and the frame loads anew. */
      placed() {
        ready = false;
        if (dialog.open) show(true);
      },
      /** Undo what the page would keep of a chat that is taken away. */
      end() {
        unread = 0;
        entitle();
        dialog.close();
        fit();
      },
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
