/** @import { File as Stored, FileRules } from "./wire.d.ts" */

const AT_ONCE = 3;
const RETRY_SECONDS = 5;
/** So often an upload may get no answer before it is a failure that people are told of. */
const UNANSWERED = 3;
/** So long nothing may move before an attempt counts as failed: texts behind it wait. */
const STALLED_MS = 60_000;

/**
 * Where files are brought: the same for everybody of a page, or of a channel.
 * @typedef {object} Door
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Record<string, string>} [fields]  sent before the file
 *
 * One file on its way. `done` goes from 0 to 1; `stored` is what the server made of it.
 * @typedef {object} Upload
 * @property {string} key
 * @property {File} file
 * @property {"queued" | "uploading" | "processing" | "done" | "failed"} state
 * @property {number} done
 * @property {string} code  why it failed; "network": it is tried again without anybody's doing
 * @property {number} unanswered  how many attempts in a row got no answer
 * @property {Stored | null} stored
 * @property {() => Door | null} door  null while it is not known yet
 * @property {() => void} abort
 *
 * @typedef {object} Ears
 * @property {(done: number) => void} progressed
 * @property {() => void} sent  all has left; the server is looking at it
 * @property {(status: number, answer: any) => void} answered  0: there was no answer
 *
 * @typedef {(door: Door, file: File, ears: Ears) => () => void} Transport  returns how to abort
 *
 * @typedef {object} Surroundings
 * @property {(upload: Upload) => void} changed
 * @property {() => string} newId
 * @property {Transport} [transport]
 * @property {(url: string, headers: Record<string, string>) => void} [remove]
 * @property {(callback: () => void, milliseconds: number) => void} [later]
 */

/** Files on their way to the server, three at once; the others wait in the order they came. */
export class Uploads {
  /** @type {Upload[]} */
  #all = [];
  #around;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#around = {
      transport: overHttp, remove: overFetch,
      later: (/** @type {() => void} */ callback, /** @type {number} */ wait) => { setTimeout(callback, wait); },
      ...surroundings,
    };
  }

  /** @param {File} file @param {FileRules} rules @param {() => Door | null} door @returns {Upload} */
  add(file, rules, door) {
    const code = problem(file, rules);
    /** @type {Upload} */
    const upload = {
      key: this.#around.newId(), file, state: code ? "failed" : "queued", done: 0, code,
      unanswered: 0, stored: null, door, abort: () => {},
    };
    this.#all.push(upload);
    this.#around.changed(upload);
    this.wake();
    return upload;
  }

  /** Begin what can begin: a door has opened, or there is a connection again. */
  wake() {
    for (const upload of this.#all) {
      if (upload.unanswered && upload.state === "failed") this.retry(upload);
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

  /** Nobody wants it any more, here nor on the server. @param {Upload} upload */
  cancel(upload) {
    this.forget(upload);
    upload.abort();
    const door = upload.stored && upload.door();
    if (door) this.#around.remove(`${door.url}${upload.stored?.id}/`, door.headers);
    this.#pump();
  }

  /** It belongs to a message now. @param {Upload} upload */
  forget(upload) {
    this.#all = this.#all.filter((other) => other !== upload);
  }

  #pump() {
    const isMoving = (/** @type {Upload} */ { state }) => state === "uploading" || state === "processing";
    let free = AT_ONCE - this.#all.filter(isMoving).length;
    for (const upload of this.#all) {
      if (free <= 0) return;
      const door = upload.state === "queued" && upload.door();
      if (!door) continue;
      free -= 1;
      this.#begin(upload, door);
    }
  }

  /** @param {Upload} upload @param {Door} door */
  #begin(upload, door) {
    this.#turn(upload, "uploading");
    // What an aborted attempt still says is of no interest.
    let current = true;
    const abort = this.#around.transport(door, upload.file, {
      progressed: (done) => {
        if (!current) return;
        upload.done = done;
        this.#around.changed(upload);
      },
      sent: () => current && this.#turn(upload, "processing"),
      answered: (status, answer) => {
        if (!current) return;
        current = false;
        this.#settle(upload, status, answer);
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
    if (status === 0) return this.#unanswered(upload);
    const code = answer?.error?.code ?? BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "other");
    if (code !== "rate_limited" && !answer?.error?.retry_after) return this.#turn(upload, "failed", code);
    // Time alone cures it: nobody needs to be told.
    this.#turn(upload, "queued");
    const { door } = upload;
    upload.door = () => null;
    this.#around.later(() => {
      upload.door = door;
      this.#pump();
    }, (answer?.error?.retry_after ?? RETRY_SECONDS) * 1000);
  }

  /** @param {Upload} upload */
  #unanswered(upload) {
    upload.unanswered += 1;
    if (upload.unanswered >= UNANSWERED) return this.#turn(upload, "failed", "upload");
    this.#turn(upload, "failed", "network");
    this.#around.later(() => {
      if (upload.code !== "network") return;
      this.#turn(upload, "queued");
      this.#pump();
    }, RETRY_SECONDS * 1000);
  }

  /** @param {Upload} upload @param {Upload["state"]} state @param {string} [code] */
  #turn(upload, state, code = "") {
    Object.assign(upload, { state, code, done: state === "done" || state === "processing" ? 1 : 0 });
    this.#around.changed(upload);
  }
}

/** @type {Record<number, string>} for answers that are not ours: of a proxy, or none */
const BY_STATUS = { 413: "too_large", 429: "rate_limited", 404: "not_found", 403: "forbidden" };

/** Failures that another attempt may cure. */
const CURABLE = new Set(["network", "upload", "unavailable", "other", "forbidden", "rate_limited"]);

/** @param {string} code @returns {boolean} whether it is worth trying again */
export function isCurable(code) {
  return CURABLE.has(code);
}

/**
 * What can be known without the server, which has the last word.
 * @param {{ name: string, type: string, size: number }} file
 * @param {FileRules} rules
 * @returns {string} the code of a refusal, or ""
 */
export function problem(file, { accept, max_bytes }) {
  if (!accept) return "files_off";
  if (!accepts(accept, file)) return "file_type";
  if (!file.size) return "file_empty";
  return file.size > max_bytes ? "too_large" : "";
}

/** @param {string} accept  as of a file input @param {{ name: string, type: string }} file */
export function accepts(accept, { name, type }) {
  const kind = (type.split(";")[0] ?? "").trim().toLowerCase();
  return accept.split(",").map((one) => one.trim().toLowerCase()).some((one) => one.startsWith(".")
    ? name.toLowerCase().endsWith(one)
    : one.endsWith("/*") ? kind.startsWith(one.slice(0, -1)) : Boolean(one) && one === kind);
}

/** `fetch` tells of no progress. @type {Transport} */
function overHttp({ url, headers, fields = {} }, file, ears) {
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
    ears.progressed(total ? loaded / total : 0);
  };
  request.upload.onload = () => ears.sent();
  request.onload = () => ears.answered(request.status, request.response);
  request.onerror = request.onabort = () => ears.answered(0, null);
  request.onloadend = () => clearTimeout(watchdog);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, file.name);
  request.send(form);
  moved();
  return () => request.abort();
}

/** @param {string} url @param {Record<string, string>} headers */
function overFetch(url, headers) {
  // What stays there is swept away in time.
  fetch(url, { method: "DELETE", headers, keepalive: true }).catch(() => {});
}
