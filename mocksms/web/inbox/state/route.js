/** The address of the page says what is shown, so that a view can be shared and the browser's back button works. */

const FILTERS = {
  phones: ["to", "status", "reject_reason", "tag", "content", "regex", "sender"],
  journal: ["method", "path", "status", "refused"],
};
const REST = { phones: "content", journal: "path" };
const EXAMPLES = { phones: "status:rejected your code", journal: "status:400 /sms/send" };
const WORD = /(\w+):("(?:\\"|[^"])*"|\S+)/g;

export const routed = new EventTarget();

/** What the address says, by name. */
export function place() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** Whether the phones or the journal are shown. */
export function view() {
  return place().view === "journal" ? "journal" : "phones";
}

/** Go elsewhere: names with null are taken out of the address, others put in; without `push` the back button skips it. */
export function go(changes, push = true) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  if (query.get("panel") !== "compose") query.delete("recipient");
  const address = query.size ? `/?${query}` : "/";
  if (address === location.pathname + location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", address);
  routed.dispatchEvent(new Event("moved"));
}

/** The changes that leave the conversation and what is open of it. */
export const NOWHERE = { phone: null, in: null, message: null };

/** The filters in force, by the inspection API's words. */
export function filters() {
  const now = place();
  return Object.fromEntries(FILTERS[view()].filter((name) => now[name]).map((name) => [name, now[name]]));
}

/** The changes that take every filter out of the address. */
export function unfiltered() {
  return Object.fromEntries(
    Object.values(FILTERS)
      .flat()
      .map((name) => [name, null]),
  );
}

/** Put the words of the search box into the address: `status:rejected tag:"two words" what is left`. */
export function search(text) {
  const names = FILTERS[view()];
  const changes = unfiltered();
  const rest = text
    .replace(WORD, (whole, name, value) => {
      if (!names.includes(name)) return whole;
      changes[name] = unquoted(value);
      return "";
    })
    .trim();
  if (rest) changes[REST[view()]] = rest;
  go({ ...changes, ...NOWHERE, request: null });
}

/** Write the filters in force as the search box has them. */
export function searched() {
  const { [REST[view()]]: rest = "", ...named } = filters();
  const words = Object.entries(named).map(([name, value]) => `${name}:${quoted(value)}`);
  const isPlain = rest === rest.trim() && [...rest.matchAll(WORD)].every(([, name]) => !FILTERS[view()].includes(name));
  return [...words, isPlain ? rest : `${REST[view()]}:${quoted(rest)}`].filter(Boolean).join(" ");
}

function quoted(value) {
  return /\s|^"/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value;
}

function unquoted(value) {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll('\\"', '"') : value;
}

/** Something that could be searched for. */
export function searchExample() {
  return EXAMPLES[view()];
}

/** Explain the words that the search box knows. */
export function searchHelp() {
  const names = FILTERS[view()].map((name) => `${name}:`).join(", ");
  return `Words are looked for in the ${REST[view()]}; these narrow it down: ${names}`;
}

addEventListener("popstate", () => routed.dispatchEvent(new Event("moved")));
