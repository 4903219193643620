// Cypress: the commands cy.smsCode and cy.resetSms. Their types are in cypress-support.d.ts.
Cypress.Commands.add("smsCode", (to) => cy.task("smsCode", to));
Cypress.Commands.add("resetSms", () => cy.task("resetSms"));
