/** Icons that widget and inbox share, as SVG elements. */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a 24 px grid, drawn with a stroke of 2. */
const PATHS = {
  arrow: "M12 5v14m-6-6 6 6 6-6",
  clip: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8L9.5 17a1.6 1.6 0 0 1-2.3-2.3L15 7",
  close: "M6 6l12 12M18 6 6 18",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M5 12 4 4l17 8-17 8zm0 0h8",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8.5 14a4 4 0 0 0 7 0M9 9.5v.01m6-.01v.01",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} decoration: the button needs a label */
export function icon(name) {
  return outline(name, PATHS[name]);
}

/** @param {string} name @param {string} drawing @returns {SVGElement} */
export function outline(name, drawing) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  path.setAttribute("d", drawing);
  svg.append(path);
  return svg;
}
