// Every page in every state: wide and narrow, light and dark.
import { Page } from "@playwright/test";
import { expectAccessibleEverywhere } from "../accessibility";
import { Office, expect, test } from "../office";
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

test("every page of a busy office has no barriers", async ({ page, product }) => {
  const office = await Office.of(product);
  const user = await fill(office);
  await office.manager.lend(page);
  for (const path of [...PAGES, user, `${user}/passwords`, `${user}/delete`]) {
    await look(page, office.url(path));
  }
});
