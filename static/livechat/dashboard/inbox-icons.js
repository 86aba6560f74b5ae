/** The inbox's icons, which visitors need not load. */

import { outline } from "../shared/icons.js";

/** SVG paths that only the inbox uses, in the form of `shared/icons.js`. */
const PATHS = {
  alert: "M12 8v5m0 3.5v.01M12 3 2.5 20h19z",
  available: "m8 12.5 3 3 5.5-6.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  away: "M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10",
  back: "m15 5-7 7 7 7",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zm4 5h4",
  busy: "M8 12h8m-4-9a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  channels: "M4 7h16M4 12h16M4 17h16M8 5v4m8 1v4m-5 1v4",
  check: "m5 12 5 5 9-10",
  chevron: "m6 9 6 6 6-6",
  clock: "M12 7v5l3 2m-3-11a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  compact: "M4 6h16M4 10h16M4 14h16M4 18h16",
  customer: "M5 3h14M5 21h14M7 3c0 5 3 6 5 9-2 3-5 4-5 9m10-18c0 5-3 6-5 9 2 3 5 4 5 9",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  gear: "M4 7h10m6 0h-2M4 17h2m14 0H10M16 5v4M8 15v4",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 5a4 4 0 1 0 0 8 4 4 0 0 0 0-8M5.6 5.6l3.6 3.6m5.6 5.6 3.6 3.6m0-12.8-3.6 3.6m-5.6 5.6-3.6 3.6",
  inbox: "M4 13 7 5h10l3 8v6H4zm0 0h5a3 3 0 0 0 6 0h5",
  info: "M12 11v6m0-10v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  invisible: "M10 6.2A10 10 0 0 1 12 6c6 0 9.5 6 9.5 6a16 16 0 0 1-2.7 3.3M6.5 7.6A15.5 15.5 0 0 0 2.5 12s3.5 6 9.5 6a9.5 9.5 0 0 0 4.5-1.100M10 10a2.8 2.8 0 0 0 4 4M4 4l16 16",
  keyboard: "M3 6h18v12H3zm4 4h.01M11 10h.01M15 10h.01M8 14h8",
  leave: "M14 5H5v14h9m-4-7h11m-4-4 4 4-4 4",
  mute: "M6 16V11a6 6 0 0 1 9-5.2M18 11v5l2 2H8m2 3h4M4 4l16 16",
  note: "M5 4h14v10l-5 6H5zm14 10h-5v6M9 9h6",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-4 4-6 8-6s8 2 8 6",
  phone: "M5 4h4l2 5-2.5 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A15 15 0 0 1 3 6a2 2 0 0 1 2-2",
  progress: "M4 5h16v11h-9l-5 4v-4H4z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14m5 12 4 4",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} decorative, like `icon` */
export function glyph(name) {
  return outline(name, PATHS[name]);
}
