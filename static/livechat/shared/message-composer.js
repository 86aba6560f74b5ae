/** The text box for messages, in widget and inbox. */

import { element, fire } from "./element.js";
import { icon } from "./icons.js";
import { learned, UNKNOWN } from "./keyboard-kind.js";
import { t } from "./texts.js";
import { countCharacters, isBlank, MAX_CHARACTERS } from "./text-rules.js";

/** @import { FileTray } from "./file-tray.js" */
/** @import { Attached, Outbox } from "./outbox.js" */
/** @import { UploadTarget } from "./uploads.js" */
/** @import { FileRules } from "./wire.d.ts" */

/** Fired when a message is sent; detail is the text, "" for files only. See `takeFiles`. */
export const SEND = "composer:send";
/** Fired when the user changes the text; detail is the text. */
export const INPUT = "composer:input";

const COUNT_FROM = MAX_CHARACTERS - 500;

/**
 * A text box that grows with its text. Fires {@link SEND} and {@link INPUT}. Keeps a text that
 * cannot be sent and says why. Files are added by button, paste, or drop on the area around it.
 */
export class MessageComposer extends HTMLElement {
  /** Where a draft's files are uploaded; null if unknown. @type {(draft: string) => UploadTarget | null} */
  uploadTarget = () => null;
  /**
   * Where the emoji picker keeps recently used emoji.
   * @type {{ get: (key: string) => string | null, set: (key: string, value: string) => void }}
   */
  storage = new Map();

  /** @type {FileRules} */
  #rules = { accept: "", max_bytes: 0, max_files: 0, max_pixels: 0, max_side: 0 };
  #draft = "";
  /** @type {FileTray | null} */
  #tray = null;
  /** Pending while files are not in the tray yet. @type {Promise<unknown> | null} */
  #coming = null;
  #keyboard = UNKNOWN;
  #textarea = element("textarea", {
    rows: 1, attributes: { "aria-describedby": "composer-hint", "data-testid": "composer" },
  });
  #file = element("input", { type: "file", multiple: true, hidden: true, attributes: { "data-testid": "files" } });
  #clip = element("button", { type: "button", className: "quiet clip", hidden: true }, icon("clip"));
  #emoji = element("button", { type: "button", className: "quiet emoji", ariaExpanded: "false" }, icon("smile"));
  #button = element("button", { type: "submit", className: "send" }, icon("send"));
  #hint = element("p", { className: "hint", id: "composer-hint", attributes: { role: "status" } });
  #box = element("div", { className: "box" }, this.#clip, this.#textarea, this.#emoji, this.#button);
  #form = element("form", { className: "composer" }, this.#file, this.#box, this.#hint);

  connectedCallback() {
    this.#textarea.ariaLabel = t("composer.label");
    this.#button.ariaLabel = this.#button.title = t("composer.send");
    this.#clip.ariaLabel = this.#clip.title = t("file.attach");
    this.#emoji.ariaLabel = this.#emoji.title = t("emoji.title");
    this.replaceChildren(this.#form);
    this.#form.addEventListener("submit", this.#submit);
    this.#textarea.addEventListener("keydown", this.#key);
    this.#textarea.addEventListener("keyup", this.#learn);
    this.#textarea.addEventListener("input", this.#input);
    this.#textarea.addEventListener("paste", this.#paste);
    this.#clip.onclick = () => this.#file.click();
    this.#file.onchange = this.#chosen;
    this.#emoji.onclick = this.#openEmoji;
    for (const type of DRAGS) document.addEventListener(type, this.#drag);
    this.#fit();
  }

  disconnectedCallback() {
    this.#form.removeEventListener("submit", this.#submit);
    this.#textarea.removeEventListener("keydown", this.#key);
    this.#textarea.removeEventListener("keyup", this.#learn);
    this.#textarea.removeEventListener("input", this.#input);
    this.#textarea.removeEventListener("paste", this.#paste);
    for (const type of DRAGS) document.removeEventListener(type, this.#drag);
  }

  /** The text box itself, for code that writes into it. */
  get textarea() {
    return this.#textarea;
  }

  get value() {
    return this.#textarea.value;
  }

  set value(text) {
    this.#textarea.value = text;
    this.#hint.textContent = "";
    this.#fit();
  }

  /** @param {string} text */
  set placeholder(text) {
    this.#textarea.placeholder = text;
    this.#textarea.ariaLabel = text || t("composer.label");
  }

  get rules() {
    return this.#rules;
  }

  set rules(rules) {
    this.#rules = rules;
    this.#clip.hidden = !rules.accept;
    this.#file.accept = rules.accept;
  }

  /** The draft whose files are shown; each draft has its own files. @param {string} draft */
  set draft(draft) {
    this.#draft = draft;
    this.#tray?.turnTo(draft);
    this.#fit();
  }

  focusText() {
    this.#textarea.focus({ preventScroll: true });
  }

  /** Insert `text` at the caret, in place of the selection. @param {string} text */
  insert(text) {
    const { selectionEnd, selectionStart } = this.#textarea;
    this.focusText();
    // The only way to write into a text box so that Ctrl+Z can undo it.
    if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
    this.#textarea.setRangeText(text, selectionStart, selectionEnd, "end");
    this.#textarea.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  /** Show a hint below the box. @param {string} text */
  tell(text) {
    this.#hint.textContent = text;
  }

  /** Redraw after the files have changed. */
  refresh() {
    this.#fit();
  }

  /** @param {File[]} files */
  attach(files) {
    if (!files.length) return;
    const draft = this.#draft;
    this.tell("");
    const coming = this.#withTray((tray) => tray.add(files, draft));
    this.#coming = coming;
    coming.finally(() => {
      if (this.#coming === coming) this.#coming = null;
    });
  }

  /**
   * Remove and return the files of the message that was just sent.
   * @param {string} client_id  of the message
   * @param {Outbox} outbox  is called when the remaining uploads finish
   * @returns {Attached[]}
   */
  takeFiles(client_id, outbox) {
    return this.#tray?.take(client_id, outbox) ?? [];
  }

  /** Resume stopped uploads, as there is a connection. */
  wake() {
    this.#tray?.wake();
  }

  /** @param {(tray: FileTray) => void} use */
  async #withTray(use) {
    try {
      const { FileTray } = await import("./file-tray.js");
      this.#tray ??= new FileTray(this, this.#box);
      this.#tray.turnTo(this.#draft);
      use(this.#tray);
    } catch {
      this.tell(t("notice.offline"));
    }
  }

  #submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (this.#coming) {
      this.#coming.finally(() => this.#form.requestSubmit());
      return;
    }
    const text = this.value.trim();
    // Sent already, by the first click of a double click: nothing is wrong.
    if (!this.value && !this.#tray?.count) return this.focusText();
    const problem = this.#problem(text);
    this.tell(problem);
    if (!problem) {
      this.value = "";
      fire(this, SEND, isBlank(text) ? "" : text);
    }
    this.focusText();
  };

  #learn = (/** @type {KeyboardEvent} */ event) => {
    this.#keyboard = learned(this.#keyboard, event);
  };

  #key = (/** @type {KeyboardEvent} */ event) => {
    this.#learn(event);
    // 229: Safari ends an input method's composition before it reports the key that ended it.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const always = event.ctrlKey || event.metaKey;
    // A keyboard on the screen has no Shift+Enter: there Enter starts a new line, and the button sends.
    const isOnScreen = !this.#keyboard.isReal && matchMedia("(hover: none) and (pointer: coarse)").matches;
    const breaks = event.shiftKey || event.altKey || isOnScreen;
    if (breaks && !always) return;
    event.preventDefault();
    if (!event.repeat) this.#form.requestSubmit();
  };

  #input = () => {
    const left = MAX_CHARACTERS - countCharacters(this.value);
    this.#hint.textContent = left < 0
      ? t("composer.tooLong", { count: -left })
      : left < MAX_CHARACTERS - COUNT_FROM ? t("composer.left", { count: left }) : "";
    this.#fit();
    fire(this, INPUT, this.value);
  };

  #paste = (/** @type {ClipboardEvent} */ event) => {
    const { files = [], types = [] } = event.clipboardData ?? {};
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!files.length && text.length + this.value.length <= MAX_CHARACTERS) return;
    event.preventDefault();
    const pasted = [...files];
    const isTable = types.includes("text/html");
    this.#withTray((tray) => tray.paste(pasted, text, isTable));
  };

  #chosen = () => {
    this.attach([...this.#file.files ?? []]);
    // Otherwise choosing the same file again would not fire "change".
    this.#file.value = "";
    this.focusText();
  };

  #openEmoji = async () => {
    try {
      const { toggle } = await import("./emoji-button.js");
      toggle(this, this.#emoji);
    } catch {
      this.tell(t("notice.offline"));
    }
  };

  #drag = (/** @type {DragEvent} */ event) => {
    const { dataTransfer, type } = event;
    if (!dataTransfer?.types.includes("Files")) return;
    // Also where files are not accepted: the browser would leave the page to open the file.
    event.preventDefault();
    if (!this.#rules.accept || !this.checkVisibility()) dataTransfer.dropEffect = "none";
    else if (type !== "dragover") {
      const files = [...dataTransfer.files];
      this.#withTray((tray) => tray.drag(event, files));
    }
  };

  /** @param {string} text */
  #problem(text) {
    if (this.#tray?.hasFailed) return t("file.hasFailed");
    if (isBlank(text) && !this.#tray?.count) return t("composer.blank");
    const over = countCharacters(text) - MAX_CHARACTERS;
    return over > 0 ? t("composer.tooLong", { count: over }) : "";
  }

  #fit() {
    this.#textarea.style.height = "auto";
    // The style sheet's max-block-size ends the growth at five lines.
    if (this.#textarea.scrollHeight) this.#textarea.style.height = `${this.#textarea.scrollHeight}px`;
    this.toggleAttribute("empty", !this.value.trim() && !this.#tray?.count);
  }
}

const DRAGS = /** @type {const} */ (["dragenter", "dragover", "dragleave", "drop"]);

customElements.define("message-composer", MessageComposer);
