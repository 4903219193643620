/** The contents of a page: always open beside it, folded above it on a narrow screen. */

import { byId } from "../common/dom.js";

/** Fold or open the contents by the width of the screen, and fold them once a link in them is followed. */
export function foldContents() {
  const contents = /** @type {HTMLDetailsElement} */ (byId("contents"));
  const narrow = matchMedia("(max-width: 60rem)");
  const fold = () => {
    contents.open = !narrow.matches;
  };
  narrow.addEventListener("change", fold);
  contents.addEventListener("click", ({ target }) => {
    if (narrow.matches && target instanceof Element && target.closest("a")) fold();
  });
  fold();
}
