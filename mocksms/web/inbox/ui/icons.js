/** Icons in the colour of the text beside them. They have no name of their own: what contains them needs a label. */

import { svg } from "./svg.js";

/* Outlines on a grid of 16 by 16. */
const PATHS = {
  add: "M8 3v10M3 8h10",
  check: "M3 8.5l3.5 3.5L13 4.5",
  copy: "M6 5.5h7v8H6zM10 5.5v-3H3v8h3",
  cross: "M4 4l8 8M12 4l-8 8",
  download: "M8 2.5v7.5M4.5 7L8 10.5 11.5 7M3 13.5h10",
  edit: "M3 13l.8-3.2L10.6 3 13 5.4l-6.8 6.8zM9 4.6L11.4 7",
  link: "M6.5 9.5l3-3M7 4.8l1.4-1.4a3 3 0 0 1 4.2 4.2L11.2 9M9 11.2l-1.4 1.4a3 3 0 0 1-4.2-4.2L4.8 7",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l7.5 5L5 13z",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3L13.5 13.5",
  select: "M3 3h10v10H3zM5.5 8l2 2 3.2-4",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.2 4.5l.6 9h6.4l.6-9M6.8 7v4M9.2 7v4",
};

/**
 * Create an icon.
 *
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  return svg(
    "svg",
    {
      class: "icon-image",
      viewBox: "0 0 16 16",
      width: 16,
      height: 16,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.5,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", { d: PATHS[name] }),
  );
}
