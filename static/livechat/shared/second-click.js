/** Recognises double clicks, whose second click would hit what the first has put there. */

/** Taps have no count on Android and iOS, so two within this time are a double tap. */
const DOUBLE_TAP_MS = 400;

/**
 * Return a function that tells whether a click belongs to the click before. Call it for every click
 * of one place. A key press is never a second click: `detail` of its click is 0.
 * @returns {(click: Pick<MouseEvent, "detail" | "timeStamp"> & { pointerType?: string }) => boolean}
 */
export function secondClick() {
  let before = -Infinity;
  return ({ detail, timeStamp, pointerType }) => {
    if (!detail) return false;
    const since = timeStamp - before;
    before = timeStamp;
    return detail > 1 || (pointerType !== "mouse" && since < DOUBLE_TAP_MS);
  };
}
