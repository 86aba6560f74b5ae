// What a careless or malicious page could do to listen in on the chat that it embeds. Whatever it
// sees is kept as text in `window.stolen`; a test looks there for what was said.
"use strict";
(function () {
  const stolen = (window.stolen = []);
  const { parse, stringify } = JSON;
  const listen = EventTarget.prototype.addEventListener;

  function steal(from, ...seen) {
    for (const one of seen) {
      let text;
      try {
        text = typeof one === "string" ? one : (stringify(one) ?? String(one));
      } catch {
        text = String(one);
      }
      stolen.push(`${from}: ${text}`);
    }
  }

  /** Replace a method by one that keeps its arguments and does the same. */
  function tap(owner, name, from = name) {
    const original = owner[name];
    owner[name] = function (...given) {
      steal(from, ...given);
      return Reflect.apply(original, this, given);
    };
  }

  const { fetch } = window;
  window.fetch = async function (...given) {
    steal("fetch", ...given);
    const response = await Reflect.apply(fetch, this, given);
    response.clone().text().then((text) => steal("fetch answer", text), () => {});
    return response;
  };
  tap(XMLHttpRequest.prototype, "open", "XMLHttpRequest.open");
  tap(XMLHttpRequest.prototype, "send", "XMLHttpRequest.send");
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      steal("WebSocket", ...given);
      listen.call(this, "message", (event) => steal("WebSocket message", event.data));
    }

    send(data) {
      steal("WebSocket.send", data);
      super.send(data);
    }
  };

  JSON.parse = function (text, ...rest) {
    steal("JSON.parse", text);
    return parse(text, ...rest);
  };
  JSON.stringify = function (...given) {
    const text = stringify(...given);
    steal("JSON.stringify", text);
    return text;
  };

  EventTarget.prototype.addEventListener = function (type, ...given) {
    steal("addEventListener", String(type));
    return listen.call(this, type, ...given);
  };
  listen.call(window, "message", (event) => steal("message", event.data), true);
  for (const type of ["keydown", "input", "paste"]) {
    listen.call(window, type, (event) => steal(type, event.key ?? event.data ?? event.target?.value), true);
  }
  tap(window, "postMessage");
  tap(MessagePort.prototype, "postMessage", "MessagePort.postMessage");
  tap(BroadcastChannel.prototype, "postMessage", "BroadcastChannel.postMessage");
  tap(Storage.prototype, "setItem");
  tap(Storage.prototype, "getItem");

  // Roots that are meant to be closed are opened, and frames in them looked into.
  const roots = [document];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, { ...options, mode: "open" });
    roots.push(root);
    return root;
  };
  setInterval(() => {
    for (const frame of roots.flatMap((root) => [...root.querySelectorAll("iframe")])) {
      try {
        const inside = frame.contentDocument ?? frame.contentWindow.document;
        steal("inside the frame", inside.body.innerText);
      } catch {
        // The browser keeps what belongs to another origin to itself.
      }
    }
    for (let index = 0; index < localStorage.length; index += 1) {
      const key = localStorage.key(index) ?? "";
      const kept = `localStorage: ${key} = ${localStorage[key]}`;
      if (!stolen.includes(kept)) stolen.push(kept);
    }
    const list = document.querySelector("#stolen");
    while (list && list.childElementCount < Math.min(stolen.length, 200)) {
      const item = document.createElement("li");
      item.textContent = stolen[list.childElementCount];
      list.append(item);
    }
  }, 250);
})();
