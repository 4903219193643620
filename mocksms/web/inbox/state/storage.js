/** Storage of the browser. Where the browser does not allow it, values live in memory as long as the page is open. */

class Store {
  /** @type {"localStorage" | "sessionStorage"} */
  #name;
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @param {"localStorage" | "sessionStorage"} name */
  constructor(name) {
    this.#name = name;
  }

  /**
   * Read a text; undefined if there is none.
   *
   * @param {string} key
   */
  get(key) {
    try {
      return this.#memory.get(key) ?? globalThis[this.#name].getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Store a text.
   *
   * @param {string} key
   * @param {string} text
   */
  set(key, text) {
    try {
      globalThis[this.#name].setItem(key, text);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, text);
    }
  }

  /**
   * Read an object; an empty one if there is none or what is stored is not JSON.
   *
   * @param {string} key
   * @returns {Record<string, any>}
   */
  getObject(key) {
    try {
      return Object(JSON.parse(this.get(key) ?? ""));
    } catch {
      return {};
    }
  }

  /**
   * Store an object as JSON.
   *
   * @param {string} key
   * @param {object} value
   */
  setObject(key, value) {
    this.set(key, JSON.stringify(value));
  }
}

/** Values of this browser: all its tabs share them, and they outlive a restart. */
export const localStore = new Store("localStorage");

/** Values of this tab only. */
export const tabStore = new Store("sessionStorage");
