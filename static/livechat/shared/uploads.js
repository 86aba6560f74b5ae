/** Uploads of files: queue, progress and retries. */

import { isPreparable, isReadable, problem } from "./file-checks.js";

/** @import { File as Stored, FileRules } from "./wire.d.ts" */

const AT_ONCE = 3;
const RETRY_SECONDS = 5;
/** Attempts in a row without a response, after which the failure is shown. */
const UNANSWERED = 3;
/** A picture that is not made smaller within this time is uploaded as it is. */
const PREPARED_MS = 60_000;
/** An attempt without progress for this long is aborted, because messages wait for it. */
const STALLED_MS = 60_000;

/**
 * Where files are uploaded to: one for a page, or for a channel.
 * @typedef {object} UploadTarget
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Record<string, string>} [fields]  sent before the file
 *
 * One upload. `done` goes from 0 to 1; `stored` is the file as stored by the server.
 * @typedef {object} Upload
 * @property {string} key
 * @property {File} file
 * @property {"preparing" | "queued" | "uploading" | "processing" | "done" | "failed"} state
 * @property {number} done
 * @property {string} code  why it failed; "network": it is retried automatically
 * @property {number} unanswered  attempts in a row without a response
 * @property {Stored | null} stored
 * @property {() => UploadTarget | null} uploadTarget  null while it is not known
 * @property {() => void} abort
 *
 * @typedef {object} UploadEvents
 * @property {(done: number) => void} progressed
 * @property {() => void} sent  everything is sent; the server is processing it
 * @property {(status: number, answer: any) => void} answered  status 0: there was no response
 *
 * @typedef {(uploadTarget: UploadTarget, file: File, events: UploadEvents) => () => void} Transport  returns how to abort
 *
 * @typedef {object} Dependencies
 * @property {(upload: Upload) => void} changed
 * @property {() => string} newId
 * @property {Transport} [transport]
 * @property {(url: string, headers: Record<string, string>) => void} [remove]
 * @property {(file: File) => Promise<boolean>} [readable]
 * @property {(file: File, rules: FileRules) => Promise<File | string>} [prepare]  a file or a code
 * @property {(callback: () => void, milliseconds: number) => void} [later]
 */

/** Uploads files to the server, three at once; the others wait in their order. */
export class Uploads {
  /** @type {Upload[]} */
  #all = [];
  /** Ends with the last picture, as only one is decoded at a time. @type {Promise<unknown>} */
  #prepared = Promise.resolve();
  #dependencies;

  /** @param {Dependencies} dependencies */
  constructor(dependencies) {
    this.#dependencies = {
      transport: overHttp, remove: overFetch, readable: isReadable, prepare: preparePicture,
      later: (/** @type {() => void} */ callback, /** @type {number} */ wait) => { setTimeout(callback, wait); },
      ...dependencies,
    };
  }

  /** @param {File} file @param {FileRules} rules @param {() => UploadTarget | null} uploadTarget @returns {Upload} */
  add(file, rules, uploadTarget) {
    const refusal = problem(file, rules);
    const prepares = isPreparable(file, rules) && (!refusal || refusal === "too_large" || refusal === "file_type");
    const code = prepares ? "" : refusal;
    /** @type {Upload} */
    const upload = {
      key: this.#dependencies.newId(), file, state: prepares ? "preparing" : code ? "failed" : "queued", done: 0, code,
      unanswered: 0, stored: null, uploadTarget, abort: () => {},
    };
    this.#all.push(upload);
    this.#dependencies.changed(upload);
    if (prepares) this.#prepared = this.#prepared.then(() => this.#prepare(upload, rules));
    this.wake();
    return upload;
  }

  /** Start uploads and retry unanswered ones, as there is an upload address or a connection now. */
  wake() {
    for (const upload of this.#all) {
      if (upload.unanswered && isCurable(upload.code)) this.retry(upload);
    }
    this.#pump();
  }

  /** @param {Upload} upload  that failed */
  retry(upload) {
    if (upload.state !== "failed") return;
    upload.unanswered = 0;
    this.#turn(upload, "queued");
    this.#pump();
  }

  /** Abort an upload, and delete its file from the server. @param {Upload} upload */
  cancel(upload) {
    this.forget(upload);
    upload.abort();
    const uploadTarget = upload.stored && upload.uploadTarget();
    if (uploadTarget) this.#dependencies.remove(`${uploadTarget.url}${upload.stored?.id}/`, uploadTarget.headers);
    this.#pump();
  }

  /** Drop an upload, because it is cancelled or belongs to a message. @param {Upload} upload */
  forget(upload) {
    this.#all = this.#all.filter((other) => other !== upload);
  }

  /** @param {Upload} upload @param {FileRules} rules */
  async #prepare(upload, rules) {
    if (!this.#all.includes(upload)) return;
    const { file } = upload;
    /** @type {Promise<null>} */
    const late = new Promise((resolve) => { this.#dependencies.later(() => resolve(null), PREPARED_MS); });
    // If its code cannot be loaded, the picture is uploaded as it is.
    const found = await Promise.race([this.#dependencies.prepare(file, rules).catch(() => null), late])
      ?? (problem(file, rules) || file);
    if (!this.#all.includes(upload)) return;
    if (typeof found === "string") this.#turn(upload, "failed", found);
    else {
      upload.file = found;
      this.#turn(upload, "queued");
      this.#pump();
    }
  }

  #pump() {
    const isMoving = (/** @type {Upload} */ { state }) => state === "uploading" || state === "processing";
    let free = AT_ONCE - this.#all.filter(isMoving).length;
    for (const upload of this.#all) {
      if (free <= 0) return;
      const uploadTarget = upload.state === "queued" && upload.uploadTarget();
      if (!uploadTarget) continue;
      free -= 1;
      this.#begin(upload, uploadTarget);
    }
  }

  /** @param {Upload} upload @param {UploadTarget} uploadTarget */
  #begin(upload, uploadTarget) {
    this.#turn(upload, "uploading");
    // Ignore late events of an attempt that was aborted or has ended.
    let current = true;
    const abort = this.#dependencies.transport(uploadTarget, upload.file, {
      progressed: (done) => {
        if (!current) return;
        upload.done = done;
        this.#dependencies.changed(upload);
      },
      sent: () => current && this.#turn(upload, "processing"),
      answered: (status, answer) => {
        if (!current) return;
        current = false;
        if (status === 0) this.#unanswered(upload);
        else this.#settle(upload, status, answer);
        this.#pump();
      },
    });
    upload.abort = () => {
      if (!current) return;
      current = false;
      abort();
    };
  }

  /** @param {Upload} upload @param {number} status @param {any} answer */
  #settle(upload, status, answer) {
    if (status === 201 && answer?.id) {
      upload.stored = answer;
      this.#turn(upload, "done");
      return;
    }
    const code = answer?.error?.code ?? BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "other");
    if (code !== "rate_limited" && !answer?.error?.retry_after) return this.#turn(upload, "failed", code);
    // A temporary rejection: retry without showing a failure.
    this.#turn(upload, "queued");
    const { uploadTarget } = upload;
    upload.uploadTarget = () => null;
    this.#dependencies.later(() => {
      upload.uploadTarget = uploadTarget;
      this.#pump();
    }, (answer?.error?.retry_after ?? RETRY_SECONDS) * 1000);
  }

  /**
   * Retry later, unless the file itself is the reason: to the page, a file that was deleted or
   * changed on the disk looks like a lost connection. @param {Upload} upload
   */
  async #unanswered(upload) {
    const readable = await this.#dependencies.readable(upload.file);
    if (!this.#all.includes(upload)) return;
    upload.unanswered += 1;
    if (!readable) this.#turn(upload, "failed", "file_unreadable");
    else if (upload.unanswered >= UNANSWERED) this.#turn(upload, "failed", "upload");
    else this.#tryLater(upload);
    this.#pump();
  }

  /** @param {Upload} upload */
  #tryLater(upload) {
    this.#turn(upload, "failed", "network");
    this.#dependencies.later(() => {
      if (upload.code !== "network") return;
      this.#turn(upload, "queued");
      this.#pump();
    }, RETRY_SECONDS * 1000);
  }

  /** @param {Upload} upload @param {Upload["state"]} state @param {string} [code] */
  #turn(upload, state, code = "") {
    Object.assign(upload, { state, code, done: state === "done" || state === "processing" ? 1 : 0 });
    this.#dependencies.changed(upload);
  }
}

/** @param {File} file @param {FileRules} rules @returns {Promise<File | string>} */
async function preparePicture(file, rules) {
  const { prepare } = await import("./pictures.js");
  return prepare(file, rules);
}

/** @type {Record<number, string>} codes for responses without one, such as those of a proxy */
const BY_STATUS = { 413: "too_large", 429: "rate_limited", 404: "not_found", 403: "forbidden" };

/** Codes of failures that a retry may solve. */
const CURABLE = new Set(["network", "upload", "unavailable", "other", "forbidden", "rate_limited"]);

/** @param {string} code @returns {boolean} whether a retry may help */
export function isCurable(code) {
  return CURABLE.has(code);
}

/** By XMLHttpRequest, because `fetch` reports no upload progress. @type {Transport} */
function overHttp({ url, headers, fields = {} }, file, events) {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.responseType = "json";
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let watchdog;
  const moved = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => request.abort(), STALLED_MS);
  };
  request.upload.onprogress = ({ loaded, total }) => {
    moved();
    events.progressed(total ? loaded / total : 0);
  };
  request.upload.onload = () => events.sent();
  request.onload = () => events.answered(request.status, request.response);
  request.onerror = request.onabort = () => events.answered(0, null);
  request.onloadend = () => clearTimeout(watchdog);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // In the file's own header browsers write %22 for a quotation mark.
  form.append("name", file.name);
  form.append("file", file, file.name);
  request.send(form);
  moved();
  return () => request.abort();
}

/** @param {string} url @param {Record<string, string>} headers */
function overFetch(url, headers) {
  // If this fails, the server removes the file later.
  fetch(url, { method: "DELETE", headers, keepalive: true }).catch(() => {});
}
