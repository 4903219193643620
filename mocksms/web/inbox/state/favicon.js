/** The icon of the page in its tab, with the number of unread phones. */

import { pathOf } from "../../common/base.js";

const MAX_COUNT = 99;

/** @type {Promise<string> | undefined} the icon without a number */
let plainIcon;
let shownCount = 0;

/**
 * Show the icon with a number; without one for 0.
 *
 * @param {number} count
 */
export async function showInIcon(count) {
  const link = document.querySelector("link[rel=icon]");
  if (count === shownCount || !link) return;
  shownCount = count;
  if (!count) {
    link.setAttribute("href", pathOf("/inbox/icon.svg"));
    return;
  }
  plainIcon ??= fetch(pathOf("/inbox/icon.svg")).then((response) => response.text());
  const icon = (await plainIcon).replace("</svg>", `${badge(count)}</svg>`);
  if (count === shownCount) link.setAttribute("href", `data:image/svg+xml,${encodeURIComponent(icon)}`);
}

/** @param {number} count */
function badge(count) {
  const text = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
  const width = 8 + 6 * text.length;
  const left = 32 - width;
  return (
    `<rect x="${left}" y="15" width="${width}" height="17" rx="8.5" fill="#c62828"/>` +
    `<text x="${left + width / 2}" y="28.2" font-family="sans-serif" font-size="13" font-weight="bold" fill="#fff" ` +
    `text-anchor="middle">${text}</text>`
  );
}
