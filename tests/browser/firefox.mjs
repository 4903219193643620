/** Does tasks by mouse in Firefox. Reads them as JSON from standard input, and prints which are done and what went wrong. */

import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import puppeteer from "puppeteer-core";

const TIMEOUT_MS = 15_000;
const POLLING_MS = 50;
const LIVE = { selector: "#live.live", text: "" };

const [program] = process.argv.slice(2);
const { url, begin, tasks } = JSON.parse(readFileSync(0, "utf-8"));

async function perform(requests) {
  for (const { method, path, body, key } of requests) {
    const headers = { "Content-Type": "application/json", ...(key && { "X-API-Key": key }) };
    await fetch(url + path, { method, headers, body });
  }
}

/** The middle of the first visible element that a selector and a text find, null as long as there is none. */
function middleOf(selector, text) {
  const found = [...document.querySelectorAll(selector)].find(
    (node) => node.checkVisibility() && node.textContent.includes(text),
  );
  found?.scrollIntoView({ block: "nearest" });
  const box = found?.getBoundingClientRect();
  return box?.width ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : null;
}

/** Where an element is, as soon as it is visible and stays at its place. */
async function find(page, { selector, text }) {
  const end = Date.now() + TIMEOUT_MS;
  let before = "";
  while (Date.now() < end) {
    const place = await page.evaluate(middleOf, selector, text);
    if (place && JSON.stringify(place) === before) return place;
    before = JSON.stringify(place);
    await setTimeout(POLLING_MS);
  }
  throw new Error(`nothing visible is ${selector} with the text "${text}"`);
}

async function run(page, task) {
  await perform([...begin, ...task.prepare]);
  await page.goto(url);
  await find(page, LIVE);
  await perform(task.after_load);
  for (const target of task.clicks) {
    const { x, y } = await find(page, target);
    await page.mouse.click(x, y);
  }
  await find(page, task.shows);
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath: program });
const failures = [];
const done = [];
const page = await browser.newPage();
await page.setViewport({ width: 1440, height: 900 });
page.on("pageerror", (error) => failures.push(error.message));
for (const task of tasks) {
  try {
    await run(page, task);
    done.push(task.name);
  } catch (error) {
    failures.push(`${task.name}: ${error.message}`);
  }
}
await browser.close();
console.log(JSON.stringify({ done, failures }));
