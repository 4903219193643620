// Vitest. The mock runs at MOCKSMS_URL.
import { beforeEach, expect, test } from "vitest";
import { MockSMS } from "./mocksms.js"; // mocksms client js > mocksms.js
import { sendCode } from "./shop.js";

const sms = new MockSMS(process.env.MOCKSMS_URL, { account: `vitest-${process.pid}` });
const provider = { url: sms.baseUrl, key: sms.account };

beforeEach(() => sms.reset());

test("the code is texted", async () => {
  expect(await sendCode("972-54-1111111", provider)).toBe(true);
  expect(await sms.waitForCode({ to: "972-54-1111111" })).toBe("481516");
});

test("an outage of the provider is no success", async () => {
  await sms.fault({ kind: "status", status: 503 }, { times: 1 });
  expect(await sendCode("972-54-1111111", provider)).toBe(false);
});
