/** The connection of widget and inbox: socket, outbox, read marks and repair. */

import { files } from "./file-addresses.js";
import { Outbox } from "./outbox.js";
import { OutboxStorage } from "./outbox-storage.js";
import { checkPage } from "./access-check.js";
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
 * What differs between the widget and the dashboard. The page's `receive` calls
 * {@link ChatConnection.hear}, and its `changed` calls `resume` or `pause`, when the page is ready.
 * @template {object} Command
 * @typedef {object} Side
 * @property {string} path  of the socket
 * @property {SafeStorage} storage  where the outbox is stored
 * @property {string} owner  owner of the outbox; a part of its keys in the storage
 * @property {string} tab  the id of this browser tab
 * @property {(entry: Outgoing) => Command} frame  the command that sends a message
 * @property {(entry: Outgoing) => string} line  queue of a message; a queue keeps its order
 * @property {(conversation: string) => Timeline<any> | undefined} timeline  the current timeline
 * @property {() => void} outboxChanged
 * @property {() => void} typistsChanged
 * @property {() => void} [signedOut]  the server redirects this page to the sign-in page
 */

/**
 * A browser tab's connection to its conversations: the socket, and what keeps messages, read marks
 * and timelines complete when the connection breaks.
 * @template {object} Command
 */
export class ChatConnection {
  marks = new ReadMarks((conversation, up_to) => this.socket.send({ type: "messages.see", conversation, up_to }));
  outbox;
  repair;
  socket;
  typists;

  /** The last request for earlier entries, which scrolling would repeat many times. */
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
      // `setTimeout` throws if it is called as a method of another object.
      later: (callback, milliseconds) => setTimeout(callback, milliseconds),
    });
    this.repair = new Repair(side.timeline, (conversation, after_seq) => {
      this.socket.send({ type: "timeline.fetch", conversation, after_seq });
    });
    this.typists = new TypingWatch(side.typistsChanged);
    files.send = (command) => this.socket.send(command);
  }

  /** Return whether the command was sent. */
  send = (/** @type {Command} */ command) => this.socket.send(command);

  /**
   * Handle an event that the page has applied to its state.
   * @param {any} event @param {string} epoch  of the state before the event
   */
  hear(event, epoch) {
    files.heard(event);
    if (event.type === "ack") this.outbox.acknowledge(event);
    // An overloaded server may have dropped the request: allow it again.
    if (event.type === "heartbeat") this.#asked = "";
    if (event.type !== "welcome") return;
    if (epoch && epoch !== event.epoch) this.outbox.restored();
    setServerNow(event.now);
  }

  /** Send what the outbox holds, as the socket is open. */
  resume() {
    this.#asked = "";
    this.outbox.connected();
    this.adopt();
  }

  /** Hold messages back, as the socket is not open. */
  pause() {
    this.#asked = "";
    this.outbox.disconnected();
    this.marks.forget();
  }

  /** Take over unsent messages of closed tabs. */
  adopt() {
    this.#outboxStorage.look().then(() => this.outbox.adopt());
  }

  /** Fetch the page before the first known entry. Safe to repeat. @param {string} conversation */
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
