// What the pages allow to nobody: foreign forms, scripts in names, sessions that were ended.
import { Page } from "@playwright/test";
import { ADMINISTRATOR, PASSWORD, Visitor, expect, test } from "../office";
import { PAGES } from "../pages";
import { Phone } from "../phone";

/** Collects what the browser's console calls an offence against the content-security policy, and every script error. */
function offences(page: Page): string[] {
  const found: string[] = [];
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(String(error)));
  return found;
}

test("every page has a strict content-security policy, and keeps it", async ({ manager: page, office }) => {
  const found = offences(page);
  for (const path of PAGES) {
    const answer = await page.goto(office.url(path));
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).not.toContain("unsafe");
    expect(answer?.headers()["cache-control"], path).toBe("no-store");
  }
  expect(found).toEqual([]);
});

test("cookies are for this host alone, over HTTPS alone, and hidden from scripts", async ({ page, office }) => {
  await page.goto(office.url("/manager/login"));
  await page.getByLabel("Name").fill(ADMINISTRATOR);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Login" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name }) => name)).toContain("__Host-session");
  for (const cookie of cookies) {
    expect(cookie, cookie.name).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
    expect(cookie.name).toMatch(/^__Host-/);
  }
  expect(await page.evaluate(() => document.cookie)).toBe("");
  await page.getByRole("button", { name: "Logout" }).click();
});

test("a form without its token, or from elsewhere, is refused", async ({ office }) => {
  const { http } = office.manager;
  const name = "Mallory";
  expect((await http.post("/manager/users/new", { form: { name } })).status()).toBe(403);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await (await http.get("/manager/users/new")).text())?.[1] ?? "";
  const form = { csrf, name, login_code_how: "none", password_how: "none" };
  for (const origin of ["https://evil.example", "null"]) {
    expect((await http.post("/manager/users/new", { form, headers: { origin } })).status(), origin).toBe(403);
  }
  const site = { "sec-fetch-site": "cross-site" };
  expect((await http.post("/manager/users/new", { form, headers: site })).status()).toBe(403);
  expect(await (await http.get("/manager/users")).text()).not.toContain(name);
});

test("names and phones that look like HTML stay text", async ({ manager: page, office }) => {
  const found = offences(page);
  const html = '<img src=x onerror="document.title=1">';
  await office.user({ name: "Eve", full_name: html, extension: "401", login_code: "48159" });
  const phone = new Phone(office.product, "401", "48159", { agent: html, from: "127.0.0.4" });
  await page.goto(office.url("/status/phones"));
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  expect(await phone.register()).toBe(200);
  await expect(page.getByText(html)).toBeVisible();
  await page.goto(office.url("/manager/users?q=401"));
  await expect(page.getByText(html)).toBeVisible();
  await page.goto(office.url("/manager/audit?who=401"));
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  await expect(page).not.toHaveTitle("1");
  expect(await page.locator("img").count()).toBe(0);
  expect(found).toEqual([]);
  await phone.register(0);
  phone.close();
});

test("a session that is ended elsewhere is over at once", async ({ manager: page, office, browser }) => {
  const other = await Visitor.of(office.product);
  await other.signIn(ADMINISTRATOR, PASSWORD);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const theirs = await context.newPage();
  await other.lend(theirs);
  await theirs.goto(office.url("/status"));
  await expect(theirs.getByText("Live", { exact: true })).toBeVisible();

  await page.goto(office.url("/status/sessions"));
  await expect(page.getByText("This session")).toBeVisible();
  const rows = page.getByRole("row").filter({ has: page.getByRole("button") });
  for (let left = await rows.count(); left > 0; left--) {
    await rows.first().getByRole("button").click();
    await expect(page.getByRole("status").filter({ hasText: "The session is ended" })).toBeVisible();
  }
  await theirs.goto(office.url("/manager/users"));
  await expect(theirs.getByText("Your session has ended")).toBeVisible();
  await context.close();
});
