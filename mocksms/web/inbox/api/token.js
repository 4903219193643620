/** Asks for the control token, where the mock was started with one. */

import { element } from "../../shared/dom.js";
import { gate, keepToken } from "./client.js";
import { dialog, field } from "../ui/components.js";

const WORDS = "This mock was started with a control token. It is kept for this tab only.";

let isAsking = false;
let hasTried = false;

/** Ask whenever a call is refused for want of the token; `then` is called once it is given. */
export function askWhenNeeded(then) {
  gate.addEventListener("token", async () => {
    if (isAsking) return;
    isAsking = true;
    const input = element("input", { type: "password", autocomplete: "off", required: true, pattern: "[!-~ ]+" });
    const words = element("p", {}, `${hasTried ? "That was not it. " : ""}${WORDS}`);
    const content = element("div", {}, element("h2", {}, "Control token"), words, field("Token", input));
    await dialog("Control token", content, element("button", { class: "main" }, "Enter"));
    isAsking = false;
    hasTried = true;
    keepToken(input.value);
    then();
  });
}
