// "(Optional) If you want or need to edit the configuration offline, select the Offline Mode checkbox."
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Page } from "@playwright/test";
import { expectAccessible } from "../accessibility";
import { ADMINISTRATOR, Office, PASSWORD, expect, test } from "../office";

const PASSPHRASE = "four rather odd words";
const NARROW = { width: 380, height: 800 };

async function signIn(page: Page, office: Office): Promise<void> {
  await page.goto(office.url("/manager/login"));
  await page.getByLabel("Name").fill(ADMINISTRATOR);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Offline Mode").check();
  await page.getByRole("button", { name: "Login" }).click();
}

/** Looks at the page as it is in all schemes and narrow. */
async function look(page: Page): Promise<void> {
  const size = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize(NARROW);
  await expectAccessible(page);
  const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(isWider, "nothing reaches over the edge").toBe(false);
  if (size) await page.setViewportSize(size);
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("edit the configuration offline, decide a conflict, apply it", async ({ page, product }) => {
      const office = await Office.of(product);
      const path = await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
      await test.step("select the Offline Mode checkbox", async () => {
        await signIn(page, office);
        await expect(page.getByText("Offline mode: nothing is changed yet")).toBeVisible();
      });

      await test.step("what is saved waits", async () => {
        await page.goto(office.url(path));
        await page.getByLabel("Full name").fill("Ann Jones");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await expect(page.getByText("It waits in your draft until you apply it.")).toBeVisible();
        await expect(page.getByText("Offline mode: 1 change not yet applied")).toBeVisible();
        const live = await (await office.manager.http.get(path)).text();
        expect(live).toContain("Ann Smith");
        expect(live).not.toContain("Ann Jones");
      });

      await test.step("somebody else changes the same meanwhile", async () => {
        const form = await (await office.manager.http.get(path)).text();
        const version = /name="version" value="(\d+)"/.exec(form)?.[1] ?? "";
        const fields = { name: "Ann", full_name: "Ann Miller", extension: "201", version, shown: "enabled", status: "enabled" };
        await office.manager.send(path, path, fields);
      });

      await test.step("the conflict is shown with all three values", async () => {
        await page.getByRole("link", { name: "Review" }).click();
        const row = page.getByRole("row", { name: /Full name/ });
        for (const value of ["Ann Smith", "Ann Miller", "Ann Jones", "Conflict"]) await expect(row).toContainText(value);
        if (javaScriptEnabled) await look(page);
        await page.getByRole("button", { name: "Apply all" }).click();
        await expect(page.getByText("Choose for each of the 1 conflicts").first()).toBeVisible();
      });

      await test.step("mine is chosen, and in force", async () => {
        await page.getByLabel("Mine").check();
        await page.getByRole("button", { name: "Apply all" }).click();
        await expect(page.getByText("1 change is in force")).toBeVisible();
        expect(await (await office.manager.http.get(path)).text()).toContain("Ann Jones");
      });
    });
  });
}

test("with the keyboard alone", async ({ page, product }) => {
  const office = await Office.of(product);
  const path = await office.user({ name: "Kim", extension: "202" });
  await page.goto(office.url("/manager/login"));
  await page.getByLabel("Name").focus();
  await page.keyboard.type(ADMINISTRATOR);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  const offline = page.getByLabel("Offline Mode");
  while (!(await offline.evaluate((box) => box === document.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect(offline).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Offline mode: nothing is changed yet")).toBeVisible();
  await page.goto(office.url(path));
  await page.getByLabel("Full name").focus();
  await page.keyboard.type("Kim Lee");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Offline mode: 1 change not yet applied")).toBeVisible();
  await page.getByRole("link", { name: "Review" }).focus();
  await page.keyboard.press("Enter");
  const apply = page.getByRole("button", { name: "Apply all" });
  await expect(apply).toBeVisible();
  for (let i = 0; i < 80 && !(await apply.evaluate((button) => button === document.activeElement)); i++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 change is in force")).toBeVisible();
});

test("take the draft along, edit it on a machine without the system, send it back", async ({ page, product, browser }) => {
  const office = await Office.of(product);
  const path = await office.user({ name: "Lea", extension: "203", login_code: "48159" });
  await signIn(page, office);
  await page.goto(office.url("/manager/draft"));
  await look(page);
  await page.getByLabel("Passphrase for the file", { exact: true }).fill(PASSPHRASE);
  await page.getByLabel("Passphrase for the file, again").fill(PASSPHRASE);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const file = join(product.folder, "office.draft");
  await (await download).saveAs(file);
  expect(readFileSync(file, "utf8")).not.toContain("48159");

  const editor = spawn(process.env.HOOKSWITCH_BINARY ?? "", ["offline", file, "--stdin"]);
  let said = "";
  editor.stdout.on("data", (text: Buffer) => (said += text.toString()));
  editor.stdin.end(`${PASSPHRASE}\n`);
  await expect.poll(() => said, { timeout: 20_000 }).toContain("End with Ctrl-C");
  const elsewhere = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await elsewhere.goto(/https:\S+/.exec(said)?.[0] ?? "");
  const origin = new URL(elsewhere.url()).origin;
  await expect(elsewhere.getByRole("heading", { level: 1 })).toHaveText("Draft");
  await elsewhere.goto(`${origin}${path}`);
  await elsewhere.getByLabel("Full name").fill("Lea Marsh");
  await elsewhere.getByRole("button", { name: "Save", exact: true }).click();
  await expect(elsewhere.getByText("Offline mode: 1 change not yet applied")).toBeVisible();
  await elsewhere.goto(`${origin}/manager/users/new`);
  await elsewhere.getByLabel("Name", { exact: true }).fill("Mia");
  await elsewhere.getByLabel("Extension").fill("204");
  await elsewhere.getByRole("group", { name: "How to set the login code" }).getByLabel("Type one").check();
  await elsewhere.getByLabel("Login code", { exact: true }).fill("90583");
  await elsewhere.getByLabel("Login code, again").fill("90583");
  await elsewhere.getByRole("group", { name: "How to set the password" }).getByLabel("None for now").check();
  await elsewhere.getByRole("button", { name: "Create user" }).click();
  await expect(elsewhere.getByRole("heading", { level: 1 })).toHaveText("Mia");
  await elsewhere.goto(`${origin}/manager/draft`);
  await look(elsewhere);
  await elsewhere.context().close();
  editor.kill("SIGTERM");
  await new Promise((resolve) => editor.once("exit", resolve));
  expect(readFileSync(file, "utf8")).not.toContain("90583");
  expect(statSync(file).mode & 0o777).toBe(0o600);

  await page.goto(office.url("/manager/draft"));
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await page.getByLabel("Passphrase of the file", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByText("3 changes are imported")).toBeVisible();
  await page.getByRole("button", { name: "Apply all" }).click();
  await expect(page.getByText("3 changes are in force")).toBeVisible();
  await page.getByRole("link", { name: "Users" }).first().click();
  await expect(page.getByRole("row", { name: /Mia/ })).toContainText("204");
  await expect(page.getByRole("row", { name: /Lea/ })).toContainText("Lea Marsh");
});
