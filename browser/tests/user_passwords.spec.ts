// Resetting a user password, as the help pages of a hosting provider tell it, step by step and in their words.
import { Page } from "@playwright/test";
import { expectAccessible, expectAccessibleEverywhere } from "../accessibility";
import { Office, Visitor, expect, test } from "../office";

const FORGOTTEN = "eight ants went by a river";
const NEW = "nine bees went by a lake";

async function setNew(page: Page, secret: string, text: string): Promise<void> {
  const card = page.getByRole("region", { name: secret });
  // It stays open after a refusal.
  if (!(await card.getByLabel(secret, { exact: true }).isVisible())) await card.getByText("Type a new one").click();
  await card.getByLabel(secret, { exact: true }).fill(text);
  await card.getByLabel(`${secret}, again`).fill(text);
  await card.getByRole("button", { name: "Save" }).click();
}

async function enter(page: Page, office: Office, number: string, password: string): Promise<void> {
  await page.goto(office.url("/portal/login"));
  await page.getByLabel("Name or extension").fill(number);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("resetting a user password", async ({ manager: page, office, browser }) => {
  test.slow();
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "27481", login_code: "48159", password: FORGOTTEN });
  const theirs = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await test.step("You get an error saying you are locked out of the portal", async () => {
    const ann = await Visitor.of(office.product);
    for (let i = 0; i < 5; i++) await ann.enterPortal("27481", `not that one ${i}`);
    await enter(theirs, office, "27481", FORGOTTEN);
    await expect(theirs.getByRole("alert")).toBeVisible();
  });
  await test.step("Step 1: Log into an administrator account and locate the user account and select it", async () => {
    await page.goto(office.url("/manager/users"));
    await page.getByRole("rowheader", { name: "Ann" }).getByRole("link").click();
  });
  await test.step('Step 2: Select the "Passwords" menu option', async () => {
    await page.getByRole("navigation", { name: "About this user" }).getByRole("link", { name: "Passwords" }).click();
    const why = page.getByRole("region", { name: "What is the trouble?" });
    await expect(why.getByRole("link")).toHaveText("User password: locked");
    await expect(why).toContainText("Typed wrongly 5 times");
    await expectAccessibleEverywhere(page);
    await why.getByRole("link").click();
    await expect(page.getByRole("region", { name: "User password" })).toBeInViewport();
  });
  await test.step("Step 3: Type in a new password and confirm the new password", async () => {
    await setNew(page, "User password", "short");
    await expect(page.getByRole("region", { name: "User password" }).getByText("Use at least 8 characters.")).toBeVisible();
    await setNew(page, "User password", NEW);
    await expect(page.getByRole("status").filter({ hasText: "User password of Ann: saved" })).toBeVisible();
    await expect(page.getByText("Nothing is wrong with any of them")).toBeVisible();
  });
  await test.step("Set portal password: numbers only. It cannot be equal to your extension", async () => {
    for (const [wrong, why] of [["739", "Use at least 4 digits."], ["27481", "Do not use the extension number"]] as const) {
      await setNew(page, "Portal passcode", wrong);
      await expect(page.getByRole("region", { name: "Portal passcode" }).getByText(why)).toBeVisible();
    }
    await setNew(page, "Portal passcode", "84726");
    await expect(page.getByRole("status").filter({ hasText: "Portal passcode of Ann: saved" })).toBeVisible();
  });
  await test.step("Your call logs and your enterprise directory are there again", async () => {
    await enter(theirs, office, "27481", NEW);
    await theirs.goto(office.url("/portal/calls"));
    await expect(theirs.getByRole("heading", { level: 1 })).toBeVisible();
    expect((await theirs.goto(office.url("/portal/directory")))?.status()).toBe(200);
    await expect(theirs).toHaveURL(/directory$/);
  });
});

test("nobody but the person knows the password that was chosen by a link that was handed over", async ({ manager: page, office, browser }) => {
  await office.nameLan1("127.0.0.0/8");
  const bea = await office.user({ name: "Bea", extension: "27482", password: FORGOTTEN });
  await page.goto(office.url(`${bea}/passwords`));
  await page.getByRole("button", { name: "Make a link" }).click();
  await expect(page.getByText("Shown this once.")).toBeVisible();
  await expectAccessible(page);
  const link = new URL(await page.getByRole("status", { name: "Link for Bea" }).innerText());
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Bea");
  expect(await page.content()).not.toContain(link.pathname);

  const theirs = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await theirs.goto(office.url(link.pathname));
  await theirs.getByLabel("New one", { exact: true }).fill(NEW);
  await theirs.getByLabel("New one, again").fill(NEW);
  await theirs.getByRole("button", { name: "Save the new password" }).click();
  await expect(theirs.getByRole("heading", { level: 1 })).toHaveText("Your new password is saved");
  await enter(theirs, office, "27482", NEW);
  await expect(theirs).toHaveURL(/\/portal$/);
  await theirs.goto(office.url(link.pathname));
  await expect(theirs.getByRole("heading", { level: 1 })).toHaveText("This link leads nowhere");
  await page.reload();
  await expect(page.getByText("Nothing is wrong with any of them")).toBeVisible();
});
