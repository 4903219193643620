/** The commands of the palette: views, phones, accounts, scenarios, faults, the clock, and what else can be done. */

import { pathOf } from "../../common/base.js";
import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { confirmReset } from "../panels/controls.js";
import { FAULT_KINDS, FAULT_TTL } from "../panels/faults.js";
import { mockState } from "../state/mock-state.js";
import { control } from "../state/read-only.js";
import { NO_CONVERSATION, NO_PANEL, navigate, search, withoutFilters } from "../state/route.js";
import { accountTitle } from "../ui/account-label.js";
import { showHelp } from "../ui/keys.js";
import { attempt } from "../ui/notices.js";
import { clockTime } from "../ui/time.js";

/**
 * @typedef {object} Command
 * @property {string} kind
 * @property {string} label
 * @property {string} [keywords] other words that find it
 * @property {() => unknown} run
 */

const ADVANCES = ["1m", "1h", "1d"];
const ADVANCE = /^(?:advance|\+)\s*(?:the clock )?(?:by )?(\d+(?:\.\d+)?(?:ms|s|m|h|d))$/i;
const NOTHING_OPEN = { ...NO_CONVERSATION, ...NO_PANEL };
const MAX_PHONES = 50;
const MIN_DIGITS = 2;

/** The commands that are always there. */
export function fixedCommands() {
  return [...viewCommands(), ...(control([...clockCommands(), ...faultCommands()]) || []), ...accountCommands()];
}

/** @returns {Command[]} */
function viewCommands() {
  /** @type {(label: string, changes: Ui.Query, keywords?: string) => Command} */
  const open = (label, changes, keywords) => ({ kind: "view", label, keywords, run: () => navigate(changes) });
  /** @type {(name: string | null) => Ui.Query} */
  const listed = (name) => ({ ...withoutFilters(), ...NOTHING_OPEN, view: name });
  return [
    open("Phones", listed(null), "inbox messages"),
    open("Requests", listed("requests"), "journal log"),
    open("Callbacks", listed("callbacks"), "webhooks"),
    ...(control([open("New SMS", { panel: "compose" }, "compose send")]) || []),
    open("Controls", { panel: "controls" }, "state settings"),
    { kind: "view", label: "Help", keywords: "keys shortcuts search", run: showHelp },
    { kind: "view", label: "API reference", keywords: "docs openapi", run: () => location.assign(pathOf("/docs")) },
    ...(control([{ kind: "mock", label: "Reset…", keywords: "delete clear everything", run: confirmReset }]) || []),
  ];
}

/** @returns {Command[]} */
function accountCommands() {
  if (mockState.accountCount < 2) return [];
  /** @type {(label: string, account: string | null) => Command} */
  const choose = (label, account) => ({
    kind: "account",
    label,
    run: () => navigate({ account, ...NO_CONVERSATION, request: null }),
  });
  const { accounts } = mockState;
  return [choose("All accounts", null), ...accounts.map((account) => choose(accountTitle(account), account.id))];
}

/** @returns {Command[]} */
function clockCommands() {
  const isFrozen = mockState.clock.frozen;
  const toggle = isFrozen ? "resume" : "freeze";
  return [
    clockCommand(isFrozen ? "Resume the clock" : "Freeze the clock", toggle),
    ...ADVANCES.map((by) => clockCommand(`Advance ${by}`, "advance", { by })),
    ...(mockState.clock.next_due
      ? [clockCommand("Advance to the next step", "advance", { to: mockState.clock.next_due })]
      : []),
  ];
}

/** Freeze the clock, or resume it. */
export function toggleClock() {
  return clockCommands()[0]?.run();
}

/**
 * @param {string} label
 * @param {string} action
 * @param {object} [body]
 * @returns {Command}
 */
function clockCommand(label, action, body) {
  const run = async () => {
    const clock = await attempt(() => request("POST", `clock/${action}`, { body }));
    if (clock)
      await attempt(() => mockState.load(), `Clock ${clock.frozen ? "frozen" : "running"} at ${clockTime(clock.now)}.`);
  };
  return { kind: "clock", label, keywords: "time clock", run };
}

/** @returns {Command[]} */
function faultCommands() {
  const set = Object.entries(FAULT_KINDS).map(([label, fault]) => ({
    kind: "fault",
    label: `Next send: ${label}`,
    keywords: "fault error",
    run: () => attempt(() => request("POST", "faults", { body: { fault, times: 1, ttl: FAULT_TTL } }), "Fault set."),
  }));
  const remove = () => attempt(() => request("DELETE", "faults"), "All faults removed.");
  return [...set, { kind: "fault", label: "Remove all faults", keywords: "clear delete", run: remove }];
}

/**
 * The commands that load and unload scenarios.
 *
 * @returns {Promise<Command[]>}
 */
export async function scenarioCommands() {
  if (!control(true)) return [];
  const { scenarios } = await get("scenarios", ANY_ACCOUNT);
  const load = (/** @type {string} */ name) => () =>
    attempt(() => request("PUT", "scenario", { query: { name } }), `Scenario ${name} loaded.`);
  const unload = () => attempt(() => request("DELETE", "scenario"), "Scenario unloaded.");
  return [
    ...scenarios.map(({ name }) => ({
      kind: "scenario",
      label: `Load ${name}`,
      keywords: "scenario",
      run: load(name),
    })),
    { kind: "scenario", label: "Unload the scenario", keywords: "deactivate remove", run: unload },
  ];
}

/**
 * The phones whose number has the digits of a query, in any spelling; without digits the latest ones.
 *
 * @param {string} query
 * @returns {Promise<Command[]>}
 */
export async function phoneCommands(query) {
  const digits = query.replace(/\D/g, "");
  if (digits.length < MIN_DIGITS) {
    const { phones } = query.trim() ? { phones: [] } : await get("phones", { limit: MAX_PHONES });
    return phones.map(phoneCommand);
  }
  const { results } = await get("search", { query: digits, limit: MAX_PHONES });
  const found = results.flatMap(({ message, reply }) => message ?? reply ?? []);
  const end = digits.replace(/^0+/, ""); // The zero of local spellings is not part of the number.
  const phones = new Map(found.map((each) => [`${each.account} ${each.number}`, each]));
  return [...phones.values()].filter(({ number }) => number.includes(end)).map(phoneCommand);
}

/**
 * @param {{ number: string, account: string, mobile_number?: string }} phone
 * @returns {Command}
 */
function phoneCommand({ number, account, mobile_number: asSent = number }) {
  const run = () => navigate({ ...withoutFilters(), ...NOTHING_OPEN, view: null, phone: number, in: account });
  const whose = mockState.accountCount > 1 ? ` ${mockState.accountName(account)}` : "";
  return { kind: "phone", label: `${asSent}${whose}`, run };
}

/**
 * The commands that are made of the query itself.
 *
 * @param {string} query
 * @returns {Command[]}
 */
export function queryCommands(query) {
  const text = query.trim();
  if (!text) return [];
  const [, by] = ADVANCE.exec(text) ?? [];
  const advance = by && !ADVANCES.includes(by) ? control([clockCommand(`Advance ${by}`, "advance", { by })]) || [] : [];
  const find = () => {
    navigate({ view: null, panel: null });
    search(text);
  };
  return [...advance, { kind: "search", label: `Search for ${text}`, run: find }];
}
