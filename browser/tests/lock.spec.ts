// What happens after too many wrong secrets, and how an administrator undoes it.
import { Page } from "@playwright/test";
import { expectAccessible } from "../accessibility";
import { ADMINISTRATOR, Office, PASSWORD, Visitor, expect, test } from "../office";
import { Phone } from "../phone";

async function tryThreeTimes(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(`wrong password ${i}`);
    await page.getByRole("button", { name: "Login" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
  }
}

/** What the page says, without times. */
async function words(page: Page): Promise<string> {
  return (await page.getByRole("main").innerText()).replace(/\d\d:\d\d:\d\d|Time left: .*|one minute|\d+ seconds/g, "…");
}

test("three wrong passwords close the door for a minute, whether the name exists or not", async ({ page, product }) => {
  await Office.of(product);
  await page.goto(product.url("/manager/login"));
  await page.getByLabel("Name").fill(ADMINISTRATOR);
  await page.getByLabel("Password", { exact: true }).fill("wrong password");
  await page.getByRole("button", { name: "Login" }).click();
  await expect(page.getByRole("alert")).toContainText("That name and password do not go together");
  await expect(page).toHaveTitle(/^Error: /);
  await expect(page.getByLabel("Name")).toHaveValue(ADMINISTRATOR);
  const refusedKnown = await words(page);
  await expectAccessible(page);

  await tryThreeTimes(page, ADMINISTRATOR);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Too many wrong tries");
  await expect(alert).toContainText(/Access is blocked for (one minute|\d+ seconds); try again at \d\d:\d\d:\d\d\./);
  await expect(page.getByText("Time left:")).toBeVisible();
  await expectAccessible(page);
  const lockedKnown = await words(page);

  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Login" }).click();
  await expect(alert).toContainText("Too many wrong tries");

  await page.goto(product.url("/manager/login"));
  await page.getByLabel("Name").fill("nobody");
  await page.getByLabel("Password", { exact: true }).fill("wrong password");
  await page.getByRole("button", { name: "Login" }).click();
  expect(await words(page)).toBe(refusedKnown);
  await tryThreeTimes(page, "nobody");
  expect(await words(page)).toBe(lockedKnown);
});

test("five wrong registrations blacklist an extension until it is reset", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  await office.manager.lend(page);
  await page.goto(office.url("/status/blacklists"));
  await expect(page.getByRole("heading", { name: "Nothing is blocked" })).toHaveCount(3);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();

  const phone = new Phone(product, "201", "00000", { from: "127.0.0.2" });
  for (let i = 0; i < 5; i++) expect(await phone.register()).not.toBe(200);
  const list = page.getByRole("region", { name: "Blacklisted extensions" });
  const row = list.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "201" }) });
  await expect(row).toContainText("Failed registrations");
  await expectAccessible(page);

  phone.retype("48159");
  expect(await phone.register()).not.toBe(200);
  await row.getByRole("button", { name: "Reset 201" }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 lock is reset" })).toBeVisible();
  await expect(list.getByRole("heading", { name: "Nothing is blocked" })).toBeVisible();
  expect(await phone.register()).toBe(200);
  phone.close();
});

test("a phone with an old code is named, and blocks nobody", async ({ page, product }) => {
  const office = await Office.of(product);
  const ann = await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  await office.user({ name: "Bob", full_name: "Bob Jones", extension: "202", login_code: "73019" });
  const changed = await office.manager.send(ann, `${ann}/secrets/login-code`, {
    do: "set",
    "login-code-secret": "59175",
    "login-code-secret_again": "59175",
  });
  expect(changed.ok()).toBe(true);
  await office.manager.lend(page);
  await page.goto(office.url("/status/old-codes"));
  await expect(page.getByRole("heading", { name: "No phone has an old code" })).toBeVisible();
  await expectAccessible(page);

  const stale = new Phone(product, "201", "48159");
  for (let i = 0; i < 12; i++) expect(await stale.register()).not.toBe(200);
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "201" }) });
  await expect(row).toContainText("12");
  await expect(row).toContainText("127.0.0.1");
  await expectAccessible(page);
  for (const [number, code] of [["201", "59175"], ["202", "73019"]] as const) {
    const good = new Phone(product, number, code);
    expect(await good.register()).toBe(200);
    good.close();
  }

  await row.getByRole("button", { name: "Forget" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The old codes are forgotten" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "No phone has an old code" })).toBeVisible();
  stale.close();
});

test("a sixth session is refused in the words of the manual", async ({ page, product }) => {
  const office = await Office.of(product);
  for (let i = 0; i < 4; i++) await (await Visitor.of(product)).signIn(ADMINISTRATOR, PASSWORD);
  await page.goto(office.url("/manager/login"));
  await page.getByLabel("Name").fill(ADMINISTRATOR);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Login" }).click();
  await expect(page.getByRole("alert")).toContainText("Limit of concurrent sessions per user exceeded");
  await expectAccessible(page);
});
