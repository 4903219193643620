/** The keyboard. */

import { element } from "../../shared/dom.js";
import { dialog } from "./components.js";
import { searchExample, searchHelp } from "../state/route.js";

const KEYS = [
  ["j", "next in the list"],
  ["k", "the one before"],
  ["/", "search"],
  ["r", "reply as the phone"],
  ["c", "write a new SMS"],
  ["s", "steer"],
  ["g", "phones or journal"],
  ["?", "this help"],
  ["Esc", "close what is open, leave a field"],
];

/** Listen for keys; `on` says what each does. Fields keep what is typed into them, all but Esc. */
export function listen(on) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const isField = event.target.matches("input, textarea, select");
    if (event.key === "Escape" && isField) return event.target.blur();
    const act = isField ? undefined : (on[event.key] ?? on[latin(event)]);
    if (!act) return undefined;
    event.preventDefault();
    return act();
  });
}

/** The Latin letter of a key on which the keyboard has another, a Hebrew one say. */
function latin({ key, code }) {
  return key > "\x7f" ? code.replace(/^Key/, "").toLowerCase() : undefined;
}

export function help() {
  return dialog(
    "Help",
    element(
      "div",
      {},
      element("h2", {}, "Keys"),
      element(
        "dl",
        { class: "facts" },
        KEYS.map(([key, words]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, words)]).flat(),
      ),
      element("h2", {}, "Search"),
      element("p", {}, searchHelp(), "."),
      element(
        "p",
        {},
        "For example ",
        element("code", {}, searchExample()),
        "; the address has it too: send it to others.",
      ),
      element("p", {}, element("a", { href: "/docs" }, "The API, to read and to try")),
    ),
    element("button", { value: "done", autofocus: true, class: "main" }, "Close"),
  );
}
