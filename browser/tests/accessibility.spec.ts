// Every page in every state: wide and narrow, light and dark.
import { Page } from "@playwright/test";
import { expectAccessibleEverywhere } from "../accessibility";
import { ADMINISTRATOR, Office, PARTNER, PARTNER_PASSWORD, Visitor, expect, test } from "../office";
import { PAGES } from "../pages";
import { fill } from "../sample";

// Each of these looks at many pages.
test.describe.configure({ timeout: 600_000 });

async function look(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expectAccessibleEverywhere(page);
}

test("a system that is being set up has no barriers", async ({ page, product }) => {
  await look(page, product.url("/"));
  await look(page, product.url("/ignition"));
  for (const field of ["One-time code", "Name of the system", "LAN1, the trusted local networks"]) {
    await page.getByLabel(field).fill("wrong");
  }
  for (const account of ["Administrator", "BusinessPartner"]) {
    await page.getByLabel(`Password of ${account}`, { exact: true }).fill("short");
    await page.getByLabel(`Password of ${account}, again`).fill("shorter");
  }
  await page.getByRole("button", { name: "Set up the system" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expectAccessibleEverywhere(page);
});

test("an empty office has no barriers", async ({ page, product }) => {
  const office = await Office.of(product);
  for (const state of ["", "?why=out", "?why=idle", "?why=ended", "?why=stale"]) {
    await look(page, office.url(`/manager/login${state}`));
  }
  await office.manager.lend(page);
  for (const path of ["/manager", "/manager/users", "/manager/extensions", "/status", "/status/blacklists"]) {
    await look(page, office.url(path));
  }
});

test("a busy office has no barriers", async ({ page, product }) => {
  const office = await Office.of(product);
  const user = await fill(office);
  await office.manager.lend(page);
  for (const path of PAGES) await look(page, office.url(path));

  await test.step("a user, with what was wrong", async () => {
    await look(page, office.url(user));
    await page.getByLabel("Name", { exact: true }).fill("");
    await page.getByLabel("Name", { exact: true }).evaluate((field) => field.removeAttribute("required"));
    await page.getByRole("form", { name: "User" }).getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expectAccessibleEverywhere(page);
  });

  await test.step("a new user, with what was wrong", async () => {
    await page.goto(office.url("/manager/users/new"));
    await page.getByLabel("Name", { exact: true }).fill("Ann");
    await page.getByLabel("Extension").fill("12x");
    await page.getByRole("group", { name: "How to set the login code" }).getByLabel("Type one").check();
    await page.getByLabel("Login code", { exact: true }).fill("1111");
    await page.getByLabel("Login code, again").fill("1111");
    await page.getByRole("button", { name: "Create user" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expectAccessibleEverywhere(page);
  });

  await test.step("an extension, a secret shown once, a question", async () => {
    await page.goto(office.url("/manager/extensions"));
    await page.getByRole("rowheader", { name: "201" }).getByRole("link").click();
    await expectAccessibleEverywhere(page);
    await page.getByRole("button", { name: "Generate" }).click();
    await expect(page.getByText("Shown this once.")).toBeVisible();
    await expectAccessibleEverywhere(page);
    await look(page, office.url(`${user}/delete`));
    await page.goto(office.url(user));
    await page.getByRole("link", { name: "Delete…" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectAccessibleEverywhere(page);
  });

  await test.step("a page for others", async () => {
    const partner = await Visitor.of(product);
    await partner.signIn(PARTNER, PARTNER_PASSWORD);
    await page.context().clearCookies();
    await partner.lend(page);
    await look(page, office.url("/manager"));
  });

  await test.step("a sign-in that is refused", async () => {
    await page.context().clearCookies();
    await page.goto(office.url("/manager/login"));
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Password", { exact: true }).fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expectAccessibleEverywhere(page);
  });
});
