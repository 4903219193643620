beforeEach(() => {
  cy.resetSms();
});

it("texts a code", () => {
  cy.visit("/");
  cy.get("[name=phone]").type("972-54-1111111");
  cy.contains("button", "Text me a code").click();
  cy.contains("We texted you a code.");
  cy.smsCode("972-54-1111111").should("equal", "481516");
});
