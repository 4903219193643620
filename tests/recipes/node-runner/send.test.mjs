// The test runner of Node, with a mock that runs at MOCKSMS_URL. Each test has its own API key, so its own account.
import assert from "node:assert/strict";
import test from "node:test";

const url = process.env.MOCKSMS_URL;

test("the code is texted", async () => {
  const headers = { "X-API-Key": `code-${process.pid}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ message: { content: "Your code is 151623", to: [{ mobile_number: "972-54-1111111" }] } });
  await fetch(`${url}/rest/v1/transactional/sms/send`, { method: "POST", headers, body }); // your application

  const response = await fetch(`${url}/_mock/messages/wait?to=972-54-1111111&timeout=5`, { headers });
  const page = await response.json();
  assert.ok(response.ok, page.error?.explanation.text);
  assert.equal(page.messages[0].codes[0].code, "151623");
});
