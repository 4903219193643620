/** Keyboard shortcuts and the help that lists them. */

import { pathOf } from "../../common/base.js";
import { element } from "../../common/dom.js";
import { control, isReadOnly } from "../state/read-only.js";
import { searchExample, searchHelp } from "../state/route.js";
import { dialog } from "./components.js";
import { latinKey } from "./latin-key.js";

const KEYS = [
  ["j", "next row"],
  ["k", "previous row"],
  ["y", "copy the newest code of the open phone, or of all"],
  ["/", "search"],
  control(["x", "select the open row, or no longer; with Shift and an arrow key several"]),
  control(["Delete", "delete what is selected, or the message or conversation that is open; with none of them, reset"]),
  control(["r", "reply as the phone"]),
  control(["o", "opt the open phone out: reply STOP as it"]),
  control(["c", "new SMS"]),
  control(["f", "freeze or resume the clock"]),
  ["e", "the latest callback that failed"],
  ["s", isReadOnly ? "state" : "controls"],
  ["a", "choose an account, if there are several"],
  ["g", "next view: phones, requests, callbacks"],
  ["Ctrl+K", "every command by its name"],
  ["?", "this help"],
  ["Esc", "close what is open, leave a field"],
];

/**
 * Call an action when its key is pressed. Fields keep what is typed into them, except Esc.
 *
 * @param {Record<string, () => unknown>} actions by key
 */
export function onKey(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { target } = event;
    const isField = target instanceof HTMLElement && target.matches("input, textarea, select");
    if (isField) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const action = actions[event.key] ?? actions[latinKey(event) ?? ""];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Open the help. */
export function showHelp() {
  return dialog(
    "Help",
    element(
      "div",
      {},
      element("h2", {}, "Keys"),
      element(
        "dl",
        { class: "facts" },
        KEYS.map((row) => row && [element("dt", {}, element("kbd", {}, row[0])), element("dd", {}, row[1])]),
      ),
      element("h2", {}, "Search"),
      element("p", {}, searchHelp(), "."),
      element(
        "p",
        {},
        "For example ",
        element("code", {}, searchExample()),
        ". The search is part of the URL, so you can share it as a link.",
      ),
      element("p", {}, element("a", { href: pathOf("/docs") }, "API reference: read it and try it out")),
    ),
    element("button", { value: "close", autofocus: true, class: "primary" }, "Close"),
  );
}
