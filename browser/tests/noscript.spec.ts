// Every page works without scripts.
import { readFileSync } from "node:fs";
import { ADMINISTRATOR, PARTNER_PASSWORD, PASSWORD, expect, test } from "../office";
import { Phone } from "../phone";

test.use({ javaScriptEnabled: false });

test("without scripts a system is set up and run", async ({ page, product }) => {
  await test.step("ignition", async () => {
    await page.goto(product.url("/"));
    await page.getByRole("link", { name: "Set up this system" }).click();
    await page.getByLabel("One-time code").fill(product.ignitionCode());
    for (const [account, password] of [[ADMINISTRATOR, PASSWORD], ["BusinessPartner", PARTNER_PASSWORD]]) {
      await page.getByLabel(`Password of ${account}`, { exact: true }).fill(password);
      await page.getByLabel(`Password of ${account}, again`).fill(password);
    }
    await page.getByLabel("Name of the system").fill("Office");
    await page.getByRole("button", { name: "Set up the system" }).click();
    await page.getByRole("link", { name: "Sign in as Administrator" }).click();
  });

  await test.step("sign in", async () => {
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Login" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });

  await test.step("create a user", async () => {
    await page.getByRole("link", { name: "Users" }).first().click();
    await page.getByRole("link", { name: "New user" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ann");
    await page.getByLabel("Extension").fill("201");
    await page.getByRole("group", { name: "How to set the login code" }).getByLabel("Type one").check();
    await page.getByRole("group", { name: "How to set the password" }).getByLabel("None for now").check();
    await page.getByLabel("Login code", { exact: true }).fill("48159");
    await page.getByLabel("Login code, again").fill("48159");
    await page.getByRole("button", { name: "Create user" }).click();
    await expect(page.getByText("Ann is created")).toBeVisible();
  });

  await test.step("reset a lock", async () => {
    const phone = new Phone(product, "201", "00000", { from: "127.0.0.2" });
    for (let i = 0; i < 5; i++) expect(await phone.register()).not.toBe(200);
    await page.goto(product.url("/status/blacklists"));
    await page.getByRole("checkbox", { name: "Select 201" }).check();
    await page.getByRole("button", { name: "Reset selected" }).click();
    await expect(page.getByText("1 lock is reset")).toBeVisible();
    phone.retype("48159");
    expect(await phone.register()).toBe(200);
    phone.close();
    await page.getByRole("link", { name: /^Registered phones/ }).click();
    await expect(page.getByRole("rowheader", { name: "201" })).toBeVisible();
  });

  await test.step("search the audit and take it along", async () => {
    await page.getByRole("link", { name: "Audit" }).first().click();
    await page.getByLabel("Name or address").fill("201");
    await page.getByLabel("Outcome").selectOption("Refused");
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByRole("cell", { name: "Refused" }).first()).toBeVisible();
    await expect(page.getByRole("cell", { name: "Accepted" })).toHaveCount(0);
    for (const [link, start] of [["CSV", "number,at,action"], ["JSON Lines", "{"]]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link }).click()]);
      const text = readFileSync(await download.path(), "utf8");
      expect(text.startsWith(start)).toBe(true);
      expect(text).toContain("201");
    }
  });

  await test.step("delete the user on a page of its own", async () => {
    await page.getByRole("link", { name: "Users" }).first().click();
    await page.getByRole("rowheader", { name: "Ann" }).getByRole("link").click();
    await page.getByRole("link", { name: "Delete…" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Delete Ann?");
    await page.getByRole("button", { name: "Delete Ann" }).click();
    await expect(page.getByText("Ann is deleted")).toBeVisible();
  });

  await test.step("sign out", async () => {
    await page.getByRole("button", { name: "Logout" }).click();
    await expect(page.getByText("You are signed out")).toBeVisible();
  });
});
