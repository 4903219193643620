/** What the browser keeps for the page. Where it may not or cannot, the page keeps it as long as it is open. */

class Shelf {
  #name;
  #own = new Map();

  constructor(name) {
    this.#name = name;
  }

  /** Return a text that was kept, or undefined. */
  get(key) {
    try {
      return this.#own.get(key) ?? globalThis[this.#name].getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set(key, text) {
    try {
      globalThis[this.#name].setItem(key, text);
      this.#own.delete(key);
    } catch {
      this.#own.set(key, text);
    }
  }

  /** Return an object that was kept; an empty one if there is none, or something else in its place. */
  getObject(key) {
    try {
      return Object(JSON.parse(this.get(key)));
    } catch {
      return {};
    }
  }

  setObject(key, value) {
    this.set(key, JSON.stringify(value));
  }
}

/** For this browser, until it is told otherwise. */
export const browser = new Shelf("localStorage");

/** For this tab alone. */
export const tab = new Shelf("sessionStorage");
