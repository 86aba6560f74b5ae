const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a 24 px grid, drawn with a stroke of 2. */
const PATHS = {
  arrow: "M12 5v14m-6-6 6 6 6-6",
  back: "m15 5-7 7 7 7",
  channels: "M4 7h16M4 12h16M4 17h16M8 5v4m8 1v4m-5 1v4",
  close: "M6 6l12 12M18 6 6 18",
  gear: "M4 7h10m6 0h-2M4 17h2m14 0H10M16 5v4M8 15v4",
  inbox: "M4 13 7 5h10l3 8v6H4zm0 0h5a3 3 0 0 0 6 0h5",
  info: "M12 11v6m0-10v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  leave: "M14 5H5v14h9m-4-7h11m-4-4 4 4-4 4",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  note: "M5 4h14v10l-5 6H5zm14 10h-5v6M9 9h6",
  send: "M5 12 4 4l17 8-17 8zm0 0h8",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} decoration: its button has the words */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
