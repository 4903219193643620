/** The dialog for the control token, if the mock was started with one. */

import { element } from "../../common/dom.js";
import { dialog, field } from "../ui/components.js";
import { authEvents, saveToken } from "./client.js";

const EXPLANATION = "This mock was started with a control token. The browser stores it for this tab only.";

let isOpen = false;
let wasEntered = false;

/**
 * Open the dialog whenever the mock refuses a request that has no valid token.
 *
 * @param {() => void} onToken called when a token was entered
 */
export function enableTokenDialog(onToken) {
  authEvents.addEventListener("unauthorized", async () => {
    if (isOpen) return;
    isOpen = true;
    const input = element("input", { type: "password", autocomplete: "off", required: true, pattern: "[!-~ ]+" });
    const text = element("p", {}, wasEntered && "Wrong token. ", EXPLANATION);
    const content = element("div", {}, element("h2", {}, "Control token"), text, field("Token", input));
    await dialog("Control token", content, element("button", { class: "primary" }, "Continue"));
    isOpen = false;
    wasEntered = true;
    saveToken(input.value);
    onToken();
  });
}
