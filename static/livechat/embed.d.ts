/** The channel's settings, which the server writes into `loader.js`. */
interface LoaderConfig {
  key: string;
  /** The script was requested over TLS. */
  secure?: true;
  /** Path of the frame page. */
  frame: string;
  /** Path of `init` up to its query, with the "?". */
  init: string;
  /** Path of `panel.js`. */
  panel: string;
  name: string;
  theme: "auto" | "dark" | "light";
  position: "left" | "right";
  /** Pixels from the edges of the window. */
  offset: { x: number; y: number };
  button_background: string;
  button_foreground: string;
}

/** `window.LivechatSettings`, which a website may set before the loader runs. */
interface LivechatSettings {
  /** Language of the chat, such as "de". Default: the page's language. */
  language?: string;
  position?: "left" | "right";
  offset?: { x?: number; y?: number };
  /** False: store nothing in the browser. Unset: store from the visitor's first action on. */
  consent?: boolean;
  /** True: no button until `Livechat.show()`. */
  hidden?: boolean;
  /** Data about the visitor that operators see. */
  attributes?: Record<string, string | number | boolean | null>;
}

/** The response of `init` (`livechat/widget_init/endpoint.py`). */
interface InitAnswer {
  action: "display_button" | "display_button_and_text" | "auto_popup" | "hide_button";
  /** Seconds until the chat opens by itself. */
  timer: number;
  /** Text of the notification. */
  text: string;
  available: boolean;
  /** Seconds until the page asks again. */
  again_in: number;
  labels: { open: string; close: string; dismiss: string };
}

type LivechatPlace = "localStorage" | "sessionStorage";

/** Shared by `loader.js` and `panel.js`. */
interface LivechatParts {
  readonly config: LoaderConfig;
  /** Origin of the chat server, in the form of `MessageEvent.origin`. */
  readonly origin: string;
  readonly settings: LivechatSettings;
  readonly host: HTMLElement;
  root: ShadowRoot;
  readonly button: HTMLButtonElement;
  /** An empty frame of the page. The page does not notice the entries of its history. */
  readonly steps: HTMLIFrameElement;
  /** Aborted by `Livechat.destroy()`, which removes the listeners. */
  readonly stop: AbortController;
  /** Language of the settings, else of the page, as it is written there; the server decides. */
  readonly language: string;
  readonly PHONE: MediaQueryList;
  /** The visitor saves data, or has a 2G connection. */
  readonly slow: boolean;
  /** The one key that is used in the page's storage. */
  readonly key: string;
  panel?: LivechatPanel;
  answer?: InitAnswer;
  /** Set by the website: true shows the button and false hides it, whatever the rules say. */
  wanted?: boolean | undefined;
  /** Page address of the last `init` request. */
  asked: string;
  /** Timer that opens the chat by itself. */
  popup: number;
  draw(): void;
  /** Use the top layer if the page moves what is fixed, or to be above all that the page shows. */
  raise(over?: boolean): void;
  ask(): Promise<void>;
  style(text: string): void;
  drawing(className: string, d: string): SVGElement;
  warn(error: unknown): void;
  /** What is stored: flags, and under `key` the key of the conversation. */
  kept(where: LivechatPlace): Record<string, any>;
  emit(name: string, detail?: unknown): void;
}

/** What `panel.js` offers once it is loaded. */
interface LivechatPanel {
  readonly open: boolean;
  draw(): void;
  /** Load the chat without showing it. */
  wake(): void;
  tellPage(): void;
  /** The loader has put the host back into the page. */
  placed(): void;
  /** The chat is taken off the page. */
  end(): void;
  /** Run a command of `window.Livechat`; throws TypeError for an unknown one. */
  call(verb: string, values: unknown[]): unknown;
}
