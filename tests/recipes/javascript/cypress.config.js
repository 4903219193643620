// Cypress: its tests run in a browser, so tasks call the mock from Node. Not run by the tests of mocksms.
import { defineConfig } from "cypress";
import { MockSMS } from "./mocksms.js"; // mocksms client js > mocksms.js

const sms = new MockSMS(process.env.MOCKSMS_URL, { account: "cypress" });

export default defineConfig({
  e2e: {
    setupNodeEvents(on) {
      on("task", {
        // cy.task returns no undefined.
        resetSms: () => sms.reset().then(() => null),
        // cy.task("smsCode", "972-54-1111111").then((code) => cy.get("[name=code]").type(code));
        smsCode: (to) => sms.waitForCode({ to }),
      });
    },
  },
});
