import { expect, test } from "./fixtures.js";

async function signUp(page, phone) {
  await page.goto("/");
  await page.getByLabel("Phone").fill(phone);
  await page.getByRole("button").click();
}

for (const number of [1, 2, 3, 4]) {
  test(`the code is texted, ${number}`, async ({ page, sms }) => {
    await signUp(page, "972-54-1111111");
    await expect(page.getByText("We texted you a code.")).toBeVisible();
    expect(await sms.waitForCode({ to: "972-54-1111111" })).toBe("481516");
    await sms.assertSent({ exactly: 1 }); // none of another worker
  });
}

test("a phone that cannot receive SMS is named", async ({ page, sms }) => {
  await signUp(page, await sms.number("kosher"));
  await expect(page.getByText("We cannot text to this number.")).toBeVisible();
});

test("an outage of the provider is survived", async ({ page, sms }) => {
  await sms.fault({ kind: "status", status: 503 }, { times: 1 });
  await signUp(page, "972-54-1111111");
  await expect(page.getByText("We cannot text to this number.")).toBeVisible();
});
