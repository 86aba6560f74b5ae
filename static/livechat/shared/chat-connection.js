import { files } from "./file-addresses.js";
import { Outbox } from "./outbox.js";
import { OutboxStorage } from "./outbox-storage.js";
import { checkPage } from "./page-check.js";
import { ReadMarks } from "./read-marks.js";
import { Repair } from "./repair.js";
import { now, setServerNow } from "./server-time.js";
import { Socket } from "./socket.js";
import { TypingWatch } from "./typing.js";

/** @import { Outgoing } from "./outbox.js" */
/** @import { Handlers } from "./socket.js" */
/** @import { SafeStorage } from "./storage.js" */
/** @import { Timeline } from "./timeline.js" */

/**
 * What differs between the widget and the dashboard. `receive` calls {@link ChatConnection.hear}, and
 * `changed` calls `resume` or `pause`, each at the moment that suits the page.
 * @template {object} Command
 * @typedef {object} Side
 * @property {string} path  of the socket
 * @property {SafeStorage} storage  keeps the outbox
 * @property {string} owner  whose outbox it is; a part of its keys in the storage
 * @property {string} tab  the id of this browser tab
 * @property {(entry: Outgoing) => Command} frame  the command that sends a text
 * @property {(entry: Outgoing) => string} line  texts of one line are stored in the order of writing
 * @property {(conversation: string) => Timeline<any> | undefined} timeline  as it is now
 * @property {() => void} outboxChanged
 * @property {() => void} typistsChanged
 * @property {() => void} [signedOut]  the server sends this page to the sign-in page
 */

/**
 * A browser tab's connection to its conversations: the socket, and what keeps texts, read marks and
 * timelines complete when the connection breaks.
 * @template {object} Command
 */
export class ChatConnection {
  marks = new ReadMarks((conversation, up_to) => this.socket.send({ type: "messages.see", conversation, up_to }));
  outbox;
  repair;
  socket;
  typists;

  /** Which earlier entries were asked for on this connection: a person who scrolls asks many times. */
  #asked = "";
  #outboxStorage;
  #side;

  /** @param {Side<Command> & Omit<Handlers, "unopened">} side */
  constructor(side) {
    this.#side = side;
    this.#outboxStorage = new OutboxStorage(side.storage, side.owner, side.tab);
    this.socket = new Socket(side.path, { ...side, unopened: () => this.#checkPage() });
    this.outbox = new Outbox({
      send: (entry) => this.send(side.frame(entry)),
      line: side.line,
      changed: side.outboxChanged,
      outboxStorage: this.#outboxStorage,
      now: () => now().getTime(),
      // The browser's own function may not be called as a method.
      later: (callback, milliseconds) => setTimeout(callback, milliseconds),
    });
    this.repair = new Repair(side.timeline, (conversation, after_seq) => {
      this.socket.send({ type: "timeline.fetch", conversation, after_seq });
    });
    this.typists = new TypingWatch(side.typistsChanged);
    files.send = (command) => this.socket.send(command);
  }

  /** Returns whether the command went out. */
  send = (/** @type {Command} */ command) => this.socket.send(command);

  /** @param {any} event  that is in the page's state by now @param {string} epoch  of the state before it */
  hear(event, epoch) {
    files.heard(event);
    if (event.type === "ack") this.outbox.acknowledge(event);
    // The server may have been too busy for what was asked before.
    if (event.type === "heartbeat") this.#asked = "";
    if (event.type !== "welcome") return;
    if (epoch && epoch !== event.epoch) this.outbox.restored();
    setServerNow(event.now);
  }

  /** The socket is open: send what the outbox holds. */
  resume() {
    this.#asked = "";
    this.outbox.connected();
    this.adopt();
  }

  /** The socket is not open. */
  pause() {
    this.#asked = "";
    this.outbox.disconnected();
    this.marks.forget();
  }

  /** Take over what a closed tab left unsent. */
  adopt() {
    this.#outboxStorage.look().then(() => this.outbox.adopt());
  }

  /** Fetch the page before the earliest known entry, once. @param {string} conversation */
  fetchEarlier(conversation) {
    const before_seq = (this.#side.timeline(conversation)?.before ?? 0) + 1;
    const question = `${conversation} ${before_seq}`;
    if (before_seq === 1 || question === this.#asked) return;
    if (this.socket.send({ type: "timeline.fetch", conversation, before_seq })) this.#asked = question;
  }

  async #checkPage() {
    const found = await checkPage();
    if (found === "sign_in") this.#side.signedOut?.();
    if (found === "refused") this.socket.stop("forbidden");
  }
}
