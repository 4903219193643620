/** A page of the guide. */

import { initTheme } from "../../inbox/state/theme.js";
import { pathOf } from "../../common/base.js";
import { byId, element } from "../../common/dom.js";
import { messageOf } from "../../common/errors.js";
import { foldContents } from "../contents.js";
import { render } from "./markdown.js";

const name = location.pathname.split("/").at(-1) ?? "";
const page = byId("page");

function markCurrent() {
  for (const link of byId("pages").querySelectorAll("a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
}

async function load() {
  try {
    const response = await fetch(pathOf(`/docs/guide/${name}.md`));
    if (!response.ok) throw new Error(`status ${response.status}`);
    page.replaceChildren(...render(await response.text()));
    document.title = `${page.querySelector("h1")?.textContent} · mocksms`;
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  } catch (error) {
    const text = `Could not load the page: ${messageOf(error)}.`;
    page.replaceChildren(element("p", { role: "alert", class: "wrong" }, text));
  }
}

initTheme();
foldContents();
markCurrent();
load();
