/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Make an element. Properties are set as properties; `data` goes to `data-*`, `attributes` to
 * attributes. Strings become text nodes: nothing here ever parses HTML.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Omit<Partial<HTMLElementTagNameMap[Name]>, "attributes">
 *   & { attributes?: Record<string, string>, data?: Record<string, string> }} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties, ...children) {
  const { attributes = {}, data = {}, ...own } = properties ?? {};
  const made = document.createElement(name);
  Object.assign(made, own);
  Object.assign(made.dataset, data);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const child of children) if (child) made.append(child);
  return made;
}

/**
 * Tell the world what happened in an element.
 * @param {HTMLElement} target @param {string} type @param {unknown} [detail]
 */
export function fire(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}
