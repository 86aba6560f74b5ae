/** The files of a draft, and the notice after a long paste. */

import { language } from "./dates.js";
import { element } from "./element.js";
import { problem } from "./file-checks.js";
import { dropPreview, nameOf, previews, sizeOf, style } from "./file-info.js";
import { icon, outline } from "./icons.js";
import { uuid } from "./identifiers.js";
import { t, tOneOf } from "./more-texts.js";
import { isCurable, Uploads } from "./uploads.js";
import { countCharacters, MAX_CHARACTERS } from "./text-rules.js";

/** @import { MessageComposer } from "./message-composer.js" */
/** @import { Attached, Outbox } from "./outbox.js" */
/** @import { Upload } from "./uploads.js" */

const PAINT_MS = 100;
const INFO = "M12 11v6m0-10v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18";

/**
 * Shows the files of a draft above its composer; below it the choices for a pasted text that is too
 * long. Follows the files of sent messages until they are uploaded and the outbox can send them.
 */
export class FileTray {
  /** @type {Map<string, Upload[]>} by draft, as one composer may serve many conversations */
  #drafts = new Map();
  /** @type {Map<string, { outbox: Outbox, uploads: Upload[] }>} by `client_id` of a sent message */
  #following = new Map();
  /** @type {Map<string, HTMLLIElement>} */
  #chips = new Map();
  /** @type {WeakMap<Upload, number>} */
  #painted = new WeakMap();
  #draft = "";
  #composer;
  #uploads = new Uploads({ changed: (upload) => this.#changed(upload), newId: uuid });
  #list = element("ul", { className: "chips" });
  #said = element("p", { className: "visually-hidden", role: "status" });
  #notice = element("div", { className: "paste-notice", hidden: true, attributes: { role: "group" } });

  #zone = element("div", { className: "drop-zone", hidden: true, ariaHidden: "true" }, icon("clip"), t("file.drop"));

  /** @param {MessageComposer} composer @param {HTMLElement} box  files are shown above it */
  constructor(composer, box) {
    this.#composer = composer;
    this.#list.ariaLabel = t("file.list");
    box.before(this.#list);
    box.after(this.#notice, this.#said);
    composer.append(this.#zone);
    document.addEventListener("list:acted", this.#acted);
    addEventListener("online", () => this.wake());
    addEventListener("pagehide", () => previews.forEach((_, key) => dropPreview(key)));
  }

  /**
   * Handle files dragged over the page or dropped on it; the area around the composer accepts them.
   * @param {DragEvent} event @param {File[]} files
   */
  drag({ type, target, relatedTarget }, files) {
    const around = this.#composer.closest("conversation-pane") ?? document.documentElement;
    const over = around.contains(/** @type {Node | null} */ (type === "dragleave" ? relatedTarget : target));
    this.#zone.hidden = type === "drop" || !over;
    if (type === "drop" && over) {
      this.#composer.attach(files);
      this.#composer.focusText();
    }
  }

  /**
   * Handle pasted files, or a pasted text that may be too long. Neither is in the text box yet.
   * @param {File[]} files @param {string} text
   * @param {boolean} isTable  copied as HTML too, as from a spreadsheet: the text is used
   */
  paste(files, text, isTable) {
    if (files.length && !(text && isTable)) return this.#composer.attach(files);
    const { selectionEnd, selectionStart, value } = this.#composer.textarea;
    const length = value.length - (selectionEnd - selectionStart) + text.length;
    const whole = value.slice(0, selectionStart) + text + value.slice(selectionEnd);
    // Check the length first: counting the characters of a very long text is slow.
    if (length <= 2 * MAX_CHARACTERS && countCharacters(whole) <= MAX_CHARACTERS) this.#composer.insert(text);
    else this.offer(text);
  }

  /** Go on, as there is a connection or an upload address now. */
  wake() {
    this.#uploads.wake();
  }

  /** Show the files of a draft. @param {string} draft */
  turnTo(draft) {
    if (draft === this.#draft) return;
    this.#draft = draft;
    this.#withdraw();
    this.#draw();
  }

  /** @param {File[]} files @param {string} [draft] @returns {Upload[]} those within `max_files` */
  add(files, draft = this.#draft) {
    const { uploadTarget, rules } = this.#composer;
    if (!rules.accept) {
      this.#composer.tell(t("file.notAccepted"));
      return [];
    }
    const there = this.#drafts.get(draft) ?? [];
    const room = files.slice(0, Math.max(0, rules.max_files - there.length));
    const added = room.map((file) => this.#uploads.add(file, rules, () => uploadTarget(draft)));
    for (const { file, key } of added) {
      if (file.type.startsWith("image/")) previews.set(key, URL.createObjectURL(file));
    }
    this.#drafts.set(draft, [...there, ...added]);
    this.#draw();
    if (room.length < files.length) {
      const left = files.length - room.length;
      this.#composer.tell(`${t("file.limit", { count: rules.max_files })} ${t("file.notAdded", { count: left })}`);
    }
    for (const upload of added) if (upload.state === "failed") this.#tell(upload);
    return added;
  }

  get count() {
    return this.#here.length;
  }

  /** Whether an upload failed for another reason than the network. */
  get hasFailed() {
    return this.#here.some(({ state, code }) => state === "failed" && code !== "network");
  }

  /**
   * Hand the draft's files over to a message, which `outbox` can send when it has all their ids.
   * @param {string} client_id @param {Outbox} outbox
   * @returns {Attached[]}
   */
  take(client_id, outbox) {
    const uploads = this.#here;
    this.#drafts.delete(this.#draft);
    this.#withdraw();
    if (uploads.some(({ stored }) => !stored)) this.#following.set(client_id, { outbox, uploads });
    else for (const upload of uploads) this.#uploads.forget(upload);
    // The message waits for them, and so do the messages behind it.
    for (const upload of uploads) this.#uploads.retry(upload);
    this.#draw();
    return uploads.map(attached);
  }

  get #here() {
    return this.#drafts.get(this.#draft) ?? [];
  }

  /** @param {Upload} upload */
  #changed(upload) {
    if (upload.stored) {
      const preview = previews.get(upload.key);
      if (preview) previews.set(upload.stored.id, preview);
    }
    this.#follow(upload);
    const moves = upload.state === "uploading" && upload.done < 1;
    if (moves && upload.done && Date.now() - (this.#painted.get(upload) ?? 0) < PAINT_MS) return;
    this.#painted.set(upload, Date.now());
    for (const bar of document.querySelectorAll(`progress[data-upload="${upload.key}"]`)) paint(bar, upload);
    const chip = this.#chips.get(upload.key);
    if (chip && chip.dataset["state"] !== upload.state) {
      this.#fill(chip, upload);
      if (upload.state === "done" || upload.state === "failed") this.#tell(upload);
    }
  }

  /** @param {Upload} upload */
  #follow(upload) {
    for (const [client_id, { outbox, uploads }] of this.#following) {
      if (!uploads.includes(upload)) continue;
      if (upload.stored) outbox.uploaded(client_id, upload.key, upload.stored);
      else if (upload.state === "failed" && upload.code !== "network") outbox.missed(client_id, upload.code, upload.key);
      if (uploads.every(({ stored }) => stored)) {
        this.#following.delete(client_id);
        for (const one of uploads) this.#uploads.forget(one);
      }
    }
  }

  /** Handle the buttons under a message whose files are not all uploaded. */
  #acted = (/** @type {Event} */ event) => {
    const { action, clientId } = /** @type {CustomEvent} */ (event).detail;
    const followed = this.#following.get(clientId);
    if (!followed) return;
    const { uploads } = followed;
    if (action === "retry") for (const upload of uploads) this.#uploads.retry(upload);
    else if (action === "delete") {
      this.#following.delete(clientId);
      for (const upload of uploads) this.#drop(upload);
    } else if (action === "without") {
      followed.uploads = uploads.filter(({ state }) => state !== "failed");
      for (const upload of uploads) if (upload.state === "failed") this.#drop(upload);
      if (!followed.uploads.length) this.#following.delete(clientId);
    }
  };

  /** @param {Upload} upload */
  #drop(upload) {
    this.#uploads.cancel(upload);
    dropPreview(upload.key);
  }

  #draw() {
    const uploads = this.#here;
    const keys = new Set(uploads.map(({ key }) => key));
    for (const [key, chip] of this.#chips) {
      if (keys.has(key)) continue;
      chip.remove();
      this.#chips.delete(key);
    }
    for (const upload of uploads) {
      if (this.#chips.has(upload.key)) continue;
      const chip = element("li", { className: "chip" });
      this.#chips.set(upload.key, chip);
      this.#fill(chip, upload);
      this.#list.append(chip);
    }
    this.#composer.refresh();
  }

  /** @param {HTMLLIElement} chip @param {Upload} upload */
  #fill(chip, upload) {
    const { file, key, state } = upload;
    const focused = chip.contains(document.activeElement);
    // A format that the browser cannot convert is one that it cannot show either.
    const address = upload.code !== "image_format" && previews.get(key);
    const failed = state === "failed" && upload.code !== "network";
    const trouble = `trouble-${key}`;
    const remove = element("button", { type: "button", className: "chip-button", title: t("file.remove", { name: file.name }) }, icon("close"));
    remove.ariaLabel = remove.title;
    remove.addEventListener("click", () => this.#remove(upload));
    const retry = failed && isCurable(upload.code) && element("button", {
      type: "button", className: "link", textContent: t("bubble.retry"), attributes: { "aria-describedby": trouble },
    });
    if (retry) retry.addEventListener("click", () => this.#uploads.retry(upload));
    const bar = element("progress", { max: 1, ariaLabel: t("file.progress", { name: file.name }), data: { upload: key } });
    paint(bar, upload);
    chip.dataset["state"] = state;
    if (failed) remove.setAttribute("aria-describedby", trouble);
    chip.replaceChildren(
      address
        ? element("img", { className: "chip-picture", src: address, alt: "" })
        : element("span", { className: "chip-picture" }, outline("file", "M6 3h8l4 4v14H6zm8 0v4h4")),
      element("div", { className: "chip-words" },
        nameOf(file.name),
        failed
          ? element("span", { className: "chip-trouble", id: trouble }, outline("info", INFO), this.#reason(upload))
          : element("span", { className: "chip-size", textContent: sizeOf(file.size) }),
        ...retry ? [retry] : []),
      remove, ...state === "done" || failed ? [] : [bar]);
    if (focused) (retry || remove).focus();
  }

  /** @param {Upload} upload */
  #remove(upload) {
    const index = this.#here.indexOf(upload);
    this.#drafts.set(this.#draft, this.#here.filter((other) => other !== upload));
    this.#drop(upload);
    this.#draw();
    this.#say(t("file.removed", { name: upload.file.name }));
    // Keep the focus among the files; after the last file move it to the text.
    const next = this.#list.children[Math.min(index, this.#list.children.length - 1)];
    const button = /** @type {HTMLElement | null | undefined} */ (next?.querySelector(".chip-button"));
    if (button) button.focus();
    else this.#composer.focusText();
  }

  /** @param {Upload} upload */
  #reason({ code }) {
    return code === "too_large"
      ? t("file.largerThan", { size: sizeOf(this.#composer.rules.max_bytes) })
      : tOneOf("refused", code);
  }

  /** @param {Upload} upload */
  #tell(upload) {
    const { name } = upload.file;
    if (upload.state === "done") this.#say(t("file.uploaded", { name }));
    else if (upload.code !== "network") this.#say(t("file.failed", { name, reason: this.#reason(upload) }));
  }

  /** @param {string} text */
  #say(text) {
    this.#said.append(element("span", { textContent: `${text} ` }));
    if (this.#said.children.length > 5) this.#said.firstChild?.remove();
  }

  /**
   * Offer choices for a pasted text that is too long. Nothing is inserted before the user chooses.
   * @param {string} text
   */
  offer(text) {
    const { rules, textarea } = this.#composer;
    const file = new File([text], t("paste.fileName"), { type: "text/plain" });
    const mayAttach = !problem(file, rules) && this.count < rules.max_files;
    const before = { value: textarea.value, start: textarea.selectionStart, end: textarea.selectionEnd };
    const selected = before.value.slice(before.start, before.end);
    const room = MAX_CHARACTERS - countCharacters(before.value) + countCharacters(selected);
    const length = count(text);
    this.#show(t("paste.tooLong", { count: length }), [
      mayAttach && ["paste.attach", () => {
        const [upload] = this.add([file]);
        if (!upload) return;
        this.#show(t("paste.attached", { name: file.name }), [["paste.undo", () => {
          if (this.#here.includes(upload)) this.#remove(upload);
          this.offer(text);
        }]]);
        this.#composer.focusText();
      }],
      room > 0 && ["paste.keep", () => {
        textarea.setSelectionRange(before.start, before.end);
        this.#composer.insert(start(text, room));
        const kept = this.#composer.value;
        this.#show(t("paste.cut", { count: length - room }), [["paste.undo", () => {
          // Keep what was written since then.
          if (this.#composer.value === kept) {
            textarea.select();
            this.#composer.insert(before.value);
            textarea.setSelectionRange(before.start, before.end);
          }
          this.offer(text);
        }]]);
      }],
      ["paste.discard", () => {
        this.#withdraw();
        this.#composer.focusText();
      }],
    ]);
  }

  /** @param {string} words @param {(false | [import("./more-texts.js").Key, () => void])[]} choices */
  #show(words, choices) {
    this.#notice.ariaLabel = words;
    const hadFocus = this.#notice.contains(document.activeElement);
    this.#notice.replaceChildren(element("p", { textContent: words }), ...choices.flatMap((choice) => {
      if (!choice) return [];
      const button = element("button", { type: "button", textContent: t(choice[0], { limit: MAX_CHARACTERS.toLocaleString(language()) }) });
      button.dataset["action"] = choice[0];
      button.addEventListener("click", choice[1]);
      return [button];
    }));
    this.#notice.hidden = false;
    this.#say(words);
    if (hadFocus) this.#notice.querySelector("button")?.focus();
  }

  #withdraw() {
    this.#notice.hidden = true;
    this.#notice.replaceChildren();
  }
}

/** @param {Element} bar @param {Upload} upload */
function paint(bar, upload) {
  const progress = /** @type {HTMLProgressElement} */ (bar);
  if (upload.state === "uploading") progress.value = upload.done;
  // Without a value the bar shows activity, not progress.
  else progress.removeAttribute("value");
  progress.hidden = upload.state === "done" || upload.state === "failed";
}

/** @param {Upload} upload @returns {Attached} */
function attached({ file, key, stored }) {
  return stored ? { ...stored, key } : {
    id: "", key, name: file.name, content_type: file.type, size: file.size, width: 0, height: 0,
    family: file.type.startsWith("image/") ? "image" : "document", url: "", thumbnail: "",
  };
}

/** @param {string} text @returns {number} characters, counted without an array of them */
function count(text) {
  let pairs = 0;
  for (let index = 0; index < text.length; index += 1) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800) pairs += 1;
  }
  return text.length - pairs;
}

/** @param {string} text @param {number} characters */
function start(text, characters) {
  return Array.from(text.slice(0, 2 * characters)).slice(0, characters).join("");
}

await style("files.css");
