// What a person finds out who never saw the manager before: why a phone cannot register, and who changed what.
import { Page } from "@playwright/test";
import { expectAccessible } from "../accessibility";
import { Office, expect, test } from "../office";
import { Phone } from "../phone";

/** Counts the clicks of a person; typing is none. */
class Clicks {
  count = 0;
  constructor(private readonly page: Page) {}
  async button(name: string | RegExp): Promise<void> {
    this.count += 1;
    await this.page.getByRole("button", { name }).first().click();
  }
  async link(name: string | RegExp): Promise<void> {
    this.count += 1;
    await this.page.getByRole("link", { name }).first().click();
  }
}

const person = { name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" };

async function office(page: Page, product: ConstructorParameters<typeof Phone>[0]): Promise<{ office: Office; ann: string }> {
  const office = await Office.of(product);
  const ann = await office.user(person);
  await office.manager.lend(page);
  await page.goto(office.url("/manager"));
  return { office, ann };
}

test("why 201 cannot register is found and mended in three clicks", async ({ page, product }) => {
  await office(page, product);
  const phone = new Phone(product, "201", "00000", { from: "127.0.0.2", agent: "Yealink SIP-T46U" });
  for (let i = 0; i < 5; i++) expect(await phone.register()).not.toBe(200);
  phone.retype("48159");
  expect(await phone.register()).not.toBe(200);

  const clicks = new Clicks(page);
  await page.getByLabel("Who cannot sign in?").fill("201");
  await clicks.button("Find out why");
  const diagnosis = page.getByRole("region", { name: "Extension 201 of Ann Smith" });
  await expect(diagnosis.getByRole("listitem").first()).toContainText(
    /The extension 201 is blacklisted for \d+ more minutes, because of 5 failures from 127\.0\.0\.2\./,
  );
  await expect(diagnosis).toContainText("Yealink SIP-T46U");
  await expectAccessible(page);
  await clicks.button("Lift the lock");
  await expect(page.getByRole("status").filter({ hasText: "The lock is lifted" })).toBeVisible();
  expect(clicks.count).toBeLessThanOrEqual(3);
  expect(await phone.register()).toBe(200);
  phone.close();
  await page.reload();
  await expect(diagnosis).toContainText("All is well: a phone is registered.");
  await expectAccessible(page);
});

test("a code that nobody knows any more is replaced from the diagnosis, and the phone registers with the new one", async ({ page, product }) => {
  await office(page, product);
  const phone = new Phone(product, "201", "00000");
  expect(await phone.register()).not.toBe(200);
  const clicks = new Clicks(page);
  await page.getByLabel("Who cannot sign in?").fill("ann");
  await clicks.button("Find out why");
  await expect(page.getByText(/The phone at 127\.0\.0\.1 \(test\) showed a wrong login code on/)).toBeVisible();
  await clicks.button("Set a new login code");
  await expect(page.getByText("Shown this once.")).toBeVisible();
  expect(clicks.count).toBeLessThanOrEqual(3);
  const code = (await page.getByRole("status", { name: /^Login code of/ }).innerText()).trim();
  phone.retype(code);
  expect(await phone.register()).toBe(200);
  phone.close();
});

test("an old code, a disabled user and a missing code are each told apart", async ({ page, product }) => {
  const { office: here, ann } = await office(page, product);
  const phone = new Phone(product, "201", "48159", { agent: "Snom D785" });
  expect(await phone.register()).toBe(200);
  expect(await phone.register(0)).toBe(200);
  const secret = { do: "set", "login-code-secret": "59175", "login-code-secret_again": "59175" };
  expect((await here.manager.send(ann, `${ann}/secrets/login-code`, secret)).ok()).toBe(true);
  expect(await phone.register()).not.toBe(200);
  phone.close();
  await page.goto(here.url(ann));
  await page.getByRole("link", { name: "Why can they not sign in?" }).click();
  await expect(page.getByText(/The phone at 127\.0\.0\.1 \(Snom D785\) showed a login code that was replaced on/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Forget the old code" })).toBeVisible();
  await expectAccessible(page);

  expect((await here.manager.send(ann, `${ann}/secrets/login-code`, { do: "clear" })).ok()).toBe(true);
  await page.reload();
  await expect(page.getByText("No login code is set.")).toBeVisible();

  await page.goto(here.url(ann));
  await page.getByRole("radio", { name: "Disabled" }).check();
  await page.getByRole("button", { name: "Save", exact: true }).first().click();
  await page.goto(here.url("/manager/doctor?q=201"));
  await expect(page.getByText("The account Ann is disabled.")).toBeVisible();
  await page.getByRole("button", { name: "Enable the account" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The account is enabled" })).toBeVisible();
  await expect(page.getByText("The account Ann is disabled.")).toHaveCount(0);
});

test("a refusal in the audit, an address and a phone's name lead to the same answer", async ({ page, product }) => {
  const { office: here } = await office(page, product);
  const phone = new Phone(product, "201", "00000", { from: "127.0.0.3", agent: "Grandstream GXP2170" });
  expect(await phone.register()).not.toBe(200);
  await page.goto(here.url("/manager/audit?outcome=refused"));
  await page.getByRole("link", { name: "Sign in: 201" }).click();
  await page.getByRole("link", { name: "Why can they not sign in?" }).click();
  await expect(page.getByRole("region", { name: "Extension 201 of Ann Smith" })).toContainText("127.0.0.3 (Grandstream GXP2170)");

  await page.getByLabel("Who cannot sign in?").fill("127.0.0.3");
  await page.getByRole("button", { name: "Find out why" }).click();
  await expect(page.getByRole("region", { name: "The address 127.0.0.3" })).toContainText("not blacklisted");
  await expect(page.getByRole("region", { name: "What happened lately" })).toContainText("Sign in: 201");
  await expectAccessible(page);

  phone.retype("48159");
  expect(await phone.register()).toBe(200);
  phone.close();
  await page.getByLabel("Who cannot sign in?").fill("grandstream");
  await page.getByRole("button", { name: "Find out why" }).click();
  await expect(page.getByRole("region", { name: "Extension 201 of Ann Smith" })).toContainText("All is well");
});

test("a phone that knows MD5 alone is named where MD5 is not allowed", async ({ page, product }) => {
  const { office: here } = await office(page, product);
  await page.goto(here.url("/manager/settings/domain"));
  await page.getByRole("checkbox", { name: /MD5/ }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  const old = new Phone(product, "201", "48159", { agent: "Cisco SPA303", md5Anyway: true });
  expect(await old.register()).toBe(401);
  old.close();
  await page.goto(here.url("/manager/doctor?q=201"));
  await expect(page.getByText("MD5 is not allowed, and the phone at 127.0.0.1 (Cisco SPA303) knows no other.")).toBeVisible();
  await page.getByRole("link", { name: "Look at the rules for phones" }).click();
  await expect(page).toHaveURL(/settings\/domain/);
});

test("who changed a setting on a day is said in three clicks", async ({ page, product }) => {
  const { office: here } = await office(page, product);
  await page.goto(here.url("/manager/settings/system"));
  await page.getByLabel("Name of the system").fill("Harbour Office North");
  await page.getByRole("button", { name: "Save" }).click();
  await page.goto(here.url("/manager"));

  const clicks = new Clicks(page);
  await clicks.link("Audit");
  await clicks.link("Settings changed");
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  await page.getByLabel("Day").fill(day);
  await clicks.button("Search");
  expect(clicks.count).toBeLessThanOrEqual(3);
  const row = page.getByRole("row").filter({ hasText: "Settings changed" }).first();
  await expect(row).toContainText("Administrator");
  await expect(row).toContainText("Harbour Office North");
  await expect(page.getByRole("row").filter({ hasText: "Account created" })).toHaveCount(0);
  await expectAccessible(page);
  await page.getByLabel("Day").fill("2020-02-04");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("heading", { name: "No such events" })).toBeVisible();
});
