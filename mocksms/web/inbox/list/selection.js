/** Rows of a list that are selected, to do something with all of them. */

export class Selection {
  /** @type {Set<string>} */
  #keys = new Set();
  /** @type {string | undefined} the row that was selected last: a range begins there */
  #anchor;
  #onChange;
  /** Whether a click on a row selects it, as on a screen without a mouse. */
  isOn = false;

  /** @param {() => void} onChange called after each change */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  get size() {
    return this.#keys.size;
  }

  /** @param {string} key */
  has(key) {
    return this.#keys.has(key);
  }

  /** Start to select by clicks. */
  start() {
    this.isOn = true;
    this.#onChange();
  }

  /**
   * Select a row, or no longer.
   *
   * @param {string} key
   */
  toggle(key) {
    if (!this.#keys.delete(key)) this.#keys.add(key);
    this.#anchor = key;
    this.#onChange();
  }

  /**
   * Select all rows from the one that was selected last, or from another one, to this one.
   *
   * @param {string} key
   * @param {string[]} keys of all rows, in their order
   * @param {string} [first] where the range begins if none was selected
   */
  extendTo(key, keys, first = key) {
    const anchor = this.#anchor !== undefined && keys.includes(this.#anchor) ? this.#anchor : first;
    const ends = [keys.indexOf(anchor), keys.indexOf(key)].map((index) => Math.max(0, index));
    keys.slice(Math.min(...ends), Math.max(...ends) + 1).forEach((each) => this.#keys.add(each));
    this.#anchor ??= anchor;
    this.#onChange();
  }

  /** @param {string[]} keys */
  selectAll(keys) {
    this.#keys = new Set(keys);
    this.#onChange();
  }

  /**
   * Drop the rows that are no longer there.
   *
   * @param {Set<string>} keys of all rows
   */
  keepOnly(keys) {
    if (![...this.#keys].every((key) => keys.has(key))) this.selectAll([...this.#keys].filter((key) => keys.has(key)));
  }

  /** Select nothing. */
  clear() {
    this.#keys = new Set();
    this.#anchor = undefined;
    this.isOn = false;
    this.#onChange();
  }
}
