/** Events of the message log, apart from it so that listeners need not load the log. */

/** Requests the entries before the first. */
export const EARLIER = "list:earlier";
/** The reader has reached or left the end of the log. */
export const SCROLLED = "list:scrolled";
/** A button under an unsent message was pressed: detail `{ action, clientId }`. */
export const ACTED = "list:acted";
