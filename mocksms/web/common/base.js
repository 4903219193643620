/** Where the mock is: several can be served below different paths of one host. */

/** The path of the mock, with a slash at its end: `/`, or another one behind a proxy. */
export const BASE = new URL("../", import.meta.url).pathname;

/**
 * The path of a target of this mock on its host.
 *
 * @param {string} target begins with a slash
 */
export function pathOf(target) {
  return BASE + target.slice(1);
}

/**
 * The whole URL of a target of this mock.
 *
 * @param {string} target begins with a slash
 */
export function urlOf(target) {
  return location.origin + pathOf(target);
}

/**
 * A request of this mock as code outside the page makes it.
 *
 * @param {Ui.HttpRequest} request
 * @returns {Ui.CodeRequest}
 */
export function asCode({ target, ...rest }) {
  return { ...rest, url: urlOf(target) };
}

/**
 * The name under which the browser stores a value of this mock.
 *
 * @param {string} name
 */
export function storedName(name) {
  return BASE === "/" ? name : `${name}:${BASE}`;
}
