/** What happens in a log. Apart from it, so that whoever listens need not have it yet. */

/** Asks for the entries before the first. */
export const EARLIER = "list:earlier";
/** The reader has come to, or left, the end of the log. */
export const SCROLLED = "list:scrolled";
/** A button under an unsent message: detail `{ action, clientId }`. */
export const ACTED = "list:acted";
