/** The dialog before something that cannot be undone. */

import { element } from "../../common/dom.js";
import { dialog } from "./components.js";

/**
 * Ask before something is done. The focus is on Cancel.
 *
 * @param {string} label of the dialog
 * @param {string} question
 * @param {Dom.Child} about what will be lost
 * @param {string} action the text of the button that does it
 */
export async function isConfirmed(label, question, about, action) {
  const answer = await dialog(
    label,
    element("div", {}, element("h2", {}, question), element("p", {}, about)),
    element("button", { value: "no", autofocus: true }, "Cancel"),
    element("button", { value: "yes", class: "danger" }, action),
  );
  return answer === "yes";
}
