/** Corrections of misspelled names. */

const MAX_EDITS = 2;

/**
 * The known name that is nearest to another, if one is near.
 *
 * @param {string} name
 * @param {string[]} known
 * @returns {string | undefined}
 */
export function nearest(name, known) {
  const ranked = known
    .map((each) => ({ each, edits: edits(name, each) }))
    .sort((one, other) => one.edits - other.edits);
  return ranked[0]?.edits <= MAX_EDITS ? ranked[0].each : undefined;
}

/**
 * How many letters differ between two names: added, left out or replaced.
 *
 * @param {string} one
 * @param {string} other
 */
function edits(one, other) {
  const rows = [[...Array(other.length + 1).keys()]];
  for (let y = 1; y <= one.length; y += 1) {
    const above = rows[y - 1];
    const row = [y];
    for (let x = 1; x <= other.length; x += 1) {
      row.push(Math.min(above[x] + 1, row[x - 1] + 1, above[x - 1] + Number(one[y - 1] !== other[x - 1])));
    }
    rows.push(row);
  }
  return rows[one.length][other.length];
}
