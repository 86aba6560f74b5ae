/** Creates elements without parsing HTML, and dispatches custom events. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Return a new element. Properties are set as properties, `data` as `data-*` and `attributes` as
 * attributes. Strings become text nodes: HTML is never parsed.
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
 * Dispatch a bubbling custom event on an element.
 * @param {HTMLElement} target @param {string} type @param {unknown} [detail]
 */
export function fire(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}
