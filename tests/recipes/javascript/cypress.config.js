// Cypress: its tests run in a browser, so tasks call the mock from Node, and the commands of cypress-support.js call the
// tasks. The tests of mocksms run the tasks and check these files with eslint and the types of Cypress. They do not run
// Cypress: its program comes from a server of its own.
import { defineConfig } from "cypress";
import { MockSMS } from "./mocksms.js"; // mocksms client js > mocksms.js

const sms = new MockSMS(process.env.MOCKSMS_URL ?? "http://127.0.0.1:8972", { account: "cypress" });

export default defineConfig({
  e2e: {
    baseUrl: "http://127.0.0.1:3000", // your application, which sends with the API key "cypress"
    specPattern: "*.cy.js",
    supportFile: "cypress-support.js",
    setupNodeEvents(on) {
      on("task", {
        resetSms: () => sms.reset().then(() => null), // a task must not return undefined
        smsCode: (/** @type {string} */ to) => sms.waitForCode({ to }),
      });
    },
  },
});
