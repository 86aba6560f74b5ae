/** What the server puts into `loader.js`. */
interface LoaderConfig {
  key: string;
  /** The script came over TLS. */
  secure?: true;
  /** Path of the frame page. */
  frame: string;
  /** Path of `init`, ready for a query. */
  init: string;
  /** Path of `panel.js`. */
  panel: string;
  name: string;
  theme: "auto" | "dark" | "light";
  /** The channel's own, which comes before the page's. */
  language?: string;
  position: "left" | "right";
  /** Pixels from the edges. */
  offset: { x: number; y: number };
  button_background: string;
  button_foreground: string;
}

/** What a website may set before the loader runs: `window.LivechatSettings`. */
interface LivechatSettings {
  /** Language of the chat, like "de"; the page's own without it. */
  language?: string;
  position?: "left" | "right";
  offset?: { x?: number; y?: number };
  /** False: store nothing in the browser. Without it, from the visitor's first act on. */
  consent?: boolean;
  /** True: no button until `Livechat.show()`; the website opens the chat itself. */
  hidden?: boolean;
  /** What operators are shown of the visitor. */
  attributes?: Record<string, string | number | boolean | null>;
}

/** What `init` answers (`livechat/widget_init/endpoint.py`). */
interface InitAnswer {
  action: "display_button" | "display_button_and_text" | "auto_popup" | "hide_button";
  /** Seconds until it opens by itself. */
  timer: number;
  /** The notification. */
  text: string;
  available: boolean;
  /** Seconds until the page asks again. */
  again_in: number;
  labels: { open: string; close: string; dismiss: string };
}

type LivechatPlace = "localStorage" | "sessionStorage";

/** What `loader.js` and `panel.js` share. */
interface LivechatParts {
  readonly config: LoaderConfig;
  /** The chat server, where the script came from, as in `MessageEvent.origin`. */
  readonly origin: string;
  readonly settings: LivechatSettings;
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  readonly button: HTMLButtonElement;
  /** Aborted by `Livechat.destroy()`: every listener hangs on it. */
  readonly stop: AbortController;
  /** What to speak: as the website says, else as its page does, else as the browser does. */
  readonly language: string;
  readonly PHONE: MediaQueryList;
  /** The visitor pays for each byte, or waits for it. */
  readonly slow: boolean;
  /** Name of the one key in the page's storage. */
  readonly key: string;
  panel?: LivechatPanel;
  answer?: InitAnswer;
  /** What the website itself wants, whatever the rules say. */
  wanted?: boolean | undefined;
  /** The address that was asked about last. */
  asked: string;
  /** Timer of opening by itself. */
  popup: number;
  draw(): void;
  ask(): Promise<void>;
  style(text: string): void;
  drawing(className: string, d: string): SVGElement;
  warn(error: unknown): void;
  kept(where: LivechatPlace): Record<string, boolean>;
  emit(name: string, detail?: unknown): void;
}

/** The rest, once it is fetched. */
interface LivechatPanel {
  readonly open: boolean;
  draw(): void;
  /** Fetch the chat, without showing it. */
  wake(): void;
  tellPage(): void;
  /** Do what a website says; raises TypeError for what there is not. */
  call(verb: string, values: unknown[]): unknown;
}
