// Playwright Test: the fixture `sms`. Each worker has an account and an application of its own; each test starts with
// an empty account. So any number of workers can share one mock, which runs at MOCKSMS_URL.
import { test as base } from "@playwright/test";
import { MockSMS } from "./mocksms.js"; // mocksms client js > mocksms.js
import { startShop } from "./shop.js";

export { expect } from "@playwright/test";

export const test = base.extend({
  account: [
    async ({}, use, { workerIndex }) => {
      await use(new MockSMS(process.env.MOCKSMS_URL, { account: `worker-${workerIndex}-${process.pid}` }));
    },
    { scope: "worker" },
  ],
  shop: [
    async ({ account }, use) => {
      const server = await startShop({ url: account.baseUrl, key: account.account });
      await use(`http://127.0.0.1:${server.address().port}`);
      server.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ shop }, use) => use(shop),
  sms: async ({ account }, use) => {
    await account.reset();
    await use(account);
  },
});
