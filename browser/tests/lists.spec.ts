// Lists: searched as one types, and many of them changed at once.
import { Page } from "@playwright/test";
import { expectAccessible } from "../accessibility";
import { Office, expect, test } from "../office";

const NAMES = ["anna", "annika", "bernd", "carla"];

async function filled(office: Office): Promise<void> {
  for (const [at, name] of NAMES.entries()) await office.user({ name, full_name: `${name} Smith`, extension: `30${at}` });
}

const names = (page: Page) => page.getByRole("rowheader").allInnerTexts();

test("a list is searched as one types, without losing the place in the field", async ({ page, product }) => {
  const office = await Office.of(product);
  await filled(office);
  await office.manager.lend(page);
  await page.goto(office.url("/manager/users"));
  await page.evaluate(() => { (window as { same?: boolean }).same = true; });
  const field = page.getByRole("searchbox", { name: "Search" });

  await field.pressSequentially("nn", { delay: 20 });
  await expect(page.getByRole("rowheader")).toHaveText(["anna", "annika"]);
  await expect(page).toHaveURL(/\/manager\/users\?q=nn$/);
  await expect(page.getByRole("status").filter({ hasText: "1–2 of 2 users" })).toHaveCount(1);
  await expect(page.getByRole("link", { name: "Clear" })).toBeVisible();

  // In front of what is there: the caret stays.
  await field.press("Home");
  await field.press("a");
  await expect(page).toHaveURL(/\?q=ann$/);
  await expect(field).toBeFocused();
  expect(await field.evaluate((input: HTMLInputElement) => input.selectionStart)).toBe(1);
  await expectAccessible(page);

  await field.fill("nobody at all");
  await expect(page.getByRole("heading", { name: "Nobody found" })).toBeVisible();
  await field.fill("");
  await expect(page.getByRole("rowheader")).toHaveCount(NAMES.length);
  await expect(page).toHaveURL(/\/manager\/users$/);
  expect(await page.evaluate(() => (window as { same?: boolean }).same)).toBe(true);
});

test("an answer that comes late replaces nothing", async ({ page, product }) => {
  const office = await Office.of(product);
  await filled(office);
  await office.manager.lend(page);
  await page.goto(office.url("/manager/users"));
  let held: (() => void) | undefined;
  await page.route(/\/manager\/users\?q=bernd$/, async (route) => {
    await new Promise<void>((go) => { held = go; });
    await route.continue().catch(() => undefined);
  });
  const field = page.getByRole("searchbox", { name: "Search" });
  await field.fill("bernd");
  await expect.poll(() => held !== undefined).toBe(true);
  await field.fill("carla");
  await expect(page.getByRole("rowheader")).toHaveText(["carla"]);
  held?.();
  await page.waitForTimeout(500);
  expect(await names(page)).toEqual(["carla"]);
  await expect(page).toHaveURL(/\?q=carla$/);
});

test("every list that is searched is searched as one types", async ({ page, product }) => {
  const office = await Office.of(product);
  await filled(office);
  await office.manager.lend(page);
  for (const [path, label, row] of [
    ["/manager/extensions", "Search", "302"],
    ["/manager/passwords", "Name or extension", "bernd"],
    ["/manager/audit", "Text", "Account created: bernd"],
  ] as const) {
    await page.goto(office.url(path));
    await page.getByLabel(label, { exact: true }).fill("bernd");
    await expect(page).toHaveURL(/[?&]q=bernd/);
    await expect(page.locator("#found").getByRole("rowheader").filter({ hasText: row }).first()).toBeVisible();
    await expect(page.locator("#found").getByRole("rowheader").filter({ hasText: "carla" })).toHaveCount(0);
  }
  await page.goto(office.url("/status/phones"));
  await page.getByLabel("Extension, address or phone").fill("302");
  await expect(page).toHaveURL(/\/status\/phones\?q=302/);
  await expect(page.getByRole("heading", { name: "Nothing found" })).toBeVisible();
});

async function disable(page: Page, office: Office): Promise<void> {
  await page.goto(office.url("/manager/users?q=ann"));
  await page.getByRole("checkbox", { name: "Select annika" }).check();
  await page.getByLabel("Whom to change").selectOption("All 2 that match");
  await page.getByLabel("How", { exact: true }).selectOption("Disable");
  await page.getByRole("button", { name: "Go on…" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Disable 2 users?");
  await expect(page.getByText("anna and annika")).toBeVisible();
  await page.getByRole("button", { name: "Disable 2 users" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Disable 2 users");
}

test("many users are disabled at once", async ({ page, product }) => {
  const office = await Office.of(product);
  await filled(office);
  await office.manager.lend(page);
  await disable(page, office);
  await expect(page.getByText("All 2 are done.").first()).toBeVisible();
  await expectAccessible(page);
  await page.goto(office.url("/manager/users?q=ann"));
  await expect(page.getByRole("cell", { name: "Disabled" })).toHaveCount(2);
  await page.getByRole("checkbox", { name: "Select this page" }).check();
  await expect(page.getByRole("checkbox", { name: "Select anna" })).toBeChecked();
  await page.getByRole("link", { name: "Jobs" }).click();
  await expect(page.getByRole("rowheader", { name: "Disable 2 users" })).toBeVisible();
  await expectAccessible(page);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("many users are disabled, and a list is searched by its button", async ({ page, product }) => {
    const office = await Office.of(product);
    await filled(office);
    await office.manager.lend(page);
    await page.goto(office.url("/manager/users"));
    await page.getByRole("searchbox", { name: "Search" }).fill("carla");
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByRole("rowheader")).toHaveText(["carla"]);
    await disable(page, office);
    await expect(async () => {
      await page.getByRole("link", { name: "Refresh" }).click();
      await expect(page.getByText("All 2 are done.").first()).toBeVisible({ timeout: 500 });
    }).toPass();
  });
});
