/** The buttons above the list: for all rows, or for those that are selected. */

import { element } from "../../common/dom.js";
import { control } from "../state/read-only.js";
import { hasFilters, navigate, withoutFilters } from "../state/route.js";
import { button, iconButton } from "../ui/components.js";
import { icon } from "../ui/icons.js";
import { isMessage } from "./phone-row.js";

/** @typedef {import("./phones.js").Phones} Phones */
/** @typedef {import("./phone-row.js").Item} Item */

/**
 * The actions while nothing is selected.
 *
 * @param {Phones} phones
 * @param {number} unreadCount
 */
export function actionsOfAll(phones, unreadCount) {
  const isSearch = hasFilters();
  return element(
    "span",
    { class: "list-actions" },
    isSearch && labelled("cross", "Show all phones", () => navigate(withoutFilters())),
    !isSearch && unreadCount > 0 && labelled("check", "Mark all read", () => phones.markRead()),
    phones.paged.items.length > 0 && control(labelled("select", "Select", () => phones.selection.start())),
  );
}

/**
 * The actions on what is selected.
 *
 * @param {Phones} phones
 * @param {Item[]} selected
 */
export function actionsOfSelected(phones, selected) {
  const isNone = selected.length === 0;
  return element(
    "span",
    { class: "list-actions" },
    button("All", () => phones.selectAll(), { class: "small", "aria-label": "Select all in the list" }),
    iconButton("check", "Mark read", () => phones.markRead(), { disabled: isNone }),
    selected.some(isMessage) && iconButton("retry", "Send again", () => phones.sendAgain()),
    iconButton("trash", "Delete", () => phones.delete(), { disabled: isNone }),
    iconButton("cross", "Select nothing", () => phones.selection.clear()),
  );
}

/**
 * A button with an icon, of which a small screen shows the icon only.
 *
 * @param {Parameters<typeof icon>[0]} name
 * @param {string} label
 * @param {() => void} onclick
 */
function labelled(name, label, onclick) {
  const node = button("", onclick, { class: "small flat labelled", title: label });
  node.append(icon(name), element("span", {}, label));
  return node;
}
