// A story with the client for tests in JavaScript, beside the module itself. The mock runs at MOCKSMS_URL.
import assert from "node:assert/strict";
import test from "node:test";
import { MockSMS, MockSMSError } from "./mocksms.js";

const NUMBER = "972-54-1111111";
const sms = new MockSMS(`${process.env.MOCKSMS_URL}/rest/v1/`, { account: "story", token: "none is needed" });
const refused = (words, status) => (error) =>
  error instanceof MockSMSError && error.message.includes(words) && error.status === status;

async function send(content, to = NUMBER) {
  const headers = { "X-API-Key": sms.account, "Content-Type": "application/json" };
  const body = JSON.stringify({ message: { content, to: [{ mobile_number: to }], add_unsubscribe_sms_reply: true } });
  return (await fetch(`${sms.baseUrl}/transactional/sms/send`, { method: "POST", headers, body })).status;
}

test.beforeEach(() => sms.reset());

test("a code is waited for", async () => {
  const [code] = await Promise.all([sms.waitForCode({ to: NUMBER }), send("Your code is 481516")]);
  assert.equal(code, "481516");
  const [message] = await sms.assertSent({ to: NUMBER, exactly: 1, nothing_else: true });
  assert.equal(message.content, "Your code is 481516");
  await assert.rejects(sms.waitForCode({ to: NUMBER, since: message.cursor, timeout: 0.1 }), refused("0 SMS", 408));
});

test("messages are in the order in which they were sent", async () => {
  await send("first");
  await send("second");
  assert.deepEqual((await sms.outbox({ to: NUMBER })).map(({ content }) => content), ["first", "second"]);
  const all = await sms.assertSent({ in_order: [{ content: "first" }, { content: "second" }] });
  assert.deepEqual(all.map(({ content }) => content), ["first", "second"]);
});

test("a text without a code is waited past, and named at the end", async () => {
  await send("Hello");
  const [code] = await Promise.all([sms.waitForCode({ to: NUMBER }), send("Your code is 481516")]);
  assert.equal(code, "481516");
  await send("Welcome");
  assert.equal(await sms.waitForCode({ to: NUMBER, timeout: 0 }), "481516");
  await assert.rejects(sms.waitForCode({ to: "972-54-2222222", timeout: 0.1 }), refused("no SMS to", 408));
  await assert.rejects(sms.waitForCode({ content: "Welcome", timeout: 0.1 }), refused('the newest is "Welcome', 408));
});

test("a URL or an account that cannot be is named", () => {
  for (const url of [undefined, "", "127.0.0.1:8972", "localhost:8972", "http:///"]) {
    assert.throws(() => new MockSMS(url), { name: "TypeError", message: /^The URL of the mock is .*https:\.$/ });
  }
  for (const account of ["", "חנות", " demo"]) {
    assert.throws(() => new MockSMS("http://127.0.0.1:8972", { account }), /^TypeError: The account is .* in ASCII\.$/);
  }
});

test("a failed expectation is explained", async () => {
  await send("Hello");
  await assert.rejects(sms.assertSent({ to: "972-54-2222222" }), refused("expected", 409));
  await assert.rejects(sms.outbox({ statuss: "sent" }), refused("did you mean status?", 400));
});

test("a magic number has an outcome", async () => {
  const number = await sms.number("kosher", 7);
  assert.equal(number.slice(-2), "07");
  await send("Hello", number);
  assert.equal((await sms.outbox({ status: "rejected" })).length, 1);
  await assert.rejects(sms.number("koshr"), refused("the names are sent,", 0));
  await assert.rejects(sms.number("kosher", 100), RangeError);
});

test("a fault ends after its uses, or with all others", async () => {
  await sms.fault({ kind: "status", status: 503 }, { times: 1 });
  assert.deepEqual([await send("1"), await send("2")], [503, 200]);
  await sms.fault({ kind: "status", status: 429 });
  await sms.endFaults();
  assert.equal(await send("3"), 200);
});

test("a phone that replied STOP gets no more SMS", async () => {
  await send("Hello");
  assert.equal((await sms.reply(NUMBER, "STOP")).effect, "opted out");
  await send("Hello again");
  assert.equal((await sms.outbox({ status: "rejected" }))[0].reject_reason, "unsubscribe");
});

test("the clock is frozen, advanced and resumed", async () => {
  assert.deepEqual((await sms.freeze(new Date(0))).frozen, true);
  assert.match((await sms.advance("1h")).now, /^1970-01-01T01:00:00/);
  assert.match((await sms.freeze("2026-03-01T12:00:00Z")).now, /^2026-03-01T12:00:00/);
  assert.equal((await sms.freeze()).frozen, true);
  assert.equal((await sms.resume()).frozen, false);
});

test("callbacks are listed", async () => {
  await sms.webhooks({ url: "http://127.0.0.1:9/", paused: true });
  await send("Hello");
  const [callback] = await sms.callbacks({ event: "send" });
  assert.equal(callback.number, "972541111111");
});

test("a mock that does not run is named", async () => {
  await assert.rejects(new MockSMS("http://127.0.0.1:9").outbox(), refused("There is no mock at http://127.0.0.1:9", 0));
});
