/** What the server puts into `loader.js`. */
interface LoaderConfig {
  key: string;
  /** The chat server, as in `MessageEvent.origin`. */
  origin: string;
  /** Address of the frame page. */
  frame: string;
  name: string;
  button_text: string;
  button_background: string;
  button_foreground: string;
  header_background: string;
  header_text: string;
  available: boolean;
  action: "display_button";
}
