declare namespace Cypress {
  interface Chainable {
    /** Wait for a message to a phone, and yield the code in it. */
    smsCode(to: string): Chainable<string>;
    /** Reset the account: no messages, no faults. */
    resetSms(): Chainable<null>;
  }
}
