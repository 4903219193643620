/** What can be done with several messages, replies or phones at once. */

import { ANY_ACCOUNT, get, request } from "../api/client.js";
import { control } from "../state/read-only.js";
import { NO_CONVERSATION, navigate, route } from "../state/route.js";
import { plural } from "../ui/components.js";
import { isConfirmed } from "../ui/confirmation.js";
import { attempt, showError, showNotice } from "../ui/notices.js";
import { isMessage, isReplyItem } from "./phone-row.js";

const MAX_PARAMETERS = 90; // The inspection API takes 100 in one request.

/**
 * @typedef {object} Records
 * @property {{ account: string, number: string }[]} [phones]
 * @property {{ transaction_id: string }[]} [messages]
 * @property {{ cursor: number }[]} [replies]
 */

/**
 * The message that is open, or else the conversation.
 *
 * @returns {Promise<Records>}
 */
export async function openRecords() {
  const { message, phone: number, in: account } = route();
  if (message) return { messages: [await get(`messages/${encodeURIComponent(message)}`, ANY_ACCOUNT)] };
  return { phones: number && account ? [{ account, number }] : [] };
}

/**
 * The records of some rows.
 *
 * @param {import("./phone-row.js").Item[]} items
 */
export function recordsOf(items) {
  const messages = items.filter(isMessage);
  const replies = items.filter(isReplyItem);
  const phones = items.filter((item) => !isMessage(item) && !isReplyItem(item));
  return { phones, messages, replies };
}

/**
 * Delete records after a dialog that says what goes. Returns whether that was done.
 *
 * @param {Records} records
 */
export async function deleteRecords({ phones = [], messages = [], replies = [] }) {
  const parts = [
    phones.length > 0 && plural(phones.length, "conversation"),
    messages.length > 0 && `${messages.length} SMS`,
    replies.length > 0 && plural(replies.length, "reply", "replies"),
  ].filter(Boolean);
  if (!control(parts.length) || !(await confirmDeletion(parts.join(" and ")))) return false;
  closeDeleted(phones, messages); // Before it is gone: the event of the deletion would read it again.
  const done = await attempt(
    async () => {
      const accounts = Map.groupBy(phones, ({ account }) => account);
      for (const [account, rows] of accounts) {
        await deleteInBatches(
          "phones",
          { account },
          "number",
          rows.map(({ number }) => number),
        );
      }
      await deleteInBatches(
        "messages",
        ANY_ACCOUNT,
        "id",
        messages.map((message) => message.transaction_id),
      );
      await deleteInBatches(
        "inbound",
        ANY_ACCOUNT,
        "cursor",
        replies.map(({ cursor }) => String(cursor)),
      );
    },
    `${parts.join(" and ")} deleted.`,
  );
  return Boolean(done);
}

/**
 * Close what is deleted, if it is open.
 *
 * @param {{ account: string, number: string }[]} phones
 * @param {{ transaction_id: string }[]} messages
 */
function closeDeleted(phones, messages) {
  const { phone, in: account, message } = route();
  if (phones.some((each) => each.number === phone && each.account === account)) navigate(NO_CONVERSATION);
  else if (messages.some(({ transaction_id: id }) => id === message)) navigate({ message: null });
}

/** @param {string} what */
function confirmDeletion(what) {
  const text =
    "Requests, callbacks and opt-outs stay. What is planned for deleted SMS does not happen. This cannot be undone.";
  return isConfirmed("Delete", `Delete ${what}?`, text, "Delete");
}

/**
 * @param {string} path
 * @param {Ui.Query} query
 * @param {string} name of the parameter
 * @param {string[]} values
 */
async function deleteInBatches(path, query, name, values) {
  for (let start = 0; start < values.length; start += MAX_PARAMETERS) {
    const batch = values.slice(start, start + MAX_PARAMETERS);
    await request("DELETE", path, { query: { ...query, [name]: batch } });
  }
}

/**
 * Let the mock send messages once more, the earliest first, and say what came of it.
 *
 * @param {{ transaction_id: string, cursor: number }[]} messages
 */
export async function sendAgain(messages) {
  const inOrder = [...messages].sort((one, other) => one.cursor - other.cursor);
  const failures = new Map();
  for (const { transaction_id: id } of inOrder) {
    const wire = await attempt(() => request("POST", `messages/${id}/send-again`, { query: ANY_ACCOUNT }));
    if (!wire) return;
    const end = wire.end === "response" ? `status ${wire.status}` : wire.end;
    if (wire.status !== 200 || wire.end !== "response") failures.set(end, (failures.get(end) ?? 0) + 1);
  }
  const listed = [...failures].map(([end, count]) => `${count} × ${end}`).join(", ");
  if (listed) showError(`${messages.length} SMS sent again: ${listed}. The tab Requests has the details.`);
  else showNotice(`${messages.length} SMS sent again.`);
}
