// The tests of the shop in Node's own runner, against the mock at MOCKSMS_URL: an account for each test.
import assert from "node:assert/strict";
import test from "node:test";
import { sendCode } from "./shop.mjs";

const url = process.env.MOCKSMS_URL;

function account(name) {
  const headers = { "X-API-Key": `node-${process.pid}-${name}`, "Content-Type": "application/json" };
  const ask = async (path, body) => {
    const answer = await fetch(`${url}/_mock/${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    const said = await answer.json();
    assert.ok(answer.ok, said.error?.explanation?.text ?? said.error?.message);
    return said;
  };
  return { ask, env: { SMS_URL: `${url}/rest/v1`, SMS_KEY: headers["X-API-Key"] } };
}

test("the code is texted", async () => {
  const { ask, env } = account("code");
  await sendCode("972-54-1111111", "481516", env);
  const { messages } = await ask("messages/wait?to=972-54-1111111&timeout=5");
  assert.equal(messages[0].codes[0].code, "481516");
});

test("an outage is reported", async () => {
  const { ask, env } = account("outage");
  await ask("faults", { fault: { kind: "status", status: 503 }, times: 1 });
  await assert.rejects(sendCode("972-54-1111111", "1", env), /answered 503/);
  await ask("verify", { exactly: 0 });
});

test("what is missing is explained", async () => {
  const { ask } = account("missing");
  await assert.rejects(ask("verify", { to: "972-54-1111111", exactly: 1 }), /no SMS to 972-54-1111111: .*\n {2}expected/);
});
