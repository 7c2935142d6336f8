// The manager's part of the tour with a keyboard alone.
import { Locator, Page } from "@playwright/test";
import { ADMINISTRATOR, PASSWORD, expect, test } from "../office";

const TABS_MAX = 80;

/** Presses Tab until something has the focus, and looks whether one can see where that is. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((node) => node === document.activeElement)) {
      const seen = await target.evaluate((node) => {
        // A link over a whole card draws its outline on the card.
        const styles = [getComputedStyle(node), getComputedStyle(node, "::after")];
        return styles.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && outlineWidth !== "0px");
      });
      expect(seen, "the focus is visible").toBe(true);
      return;
    }
  }
  throw new Error(`Tab does not lead to ${target}`);
}

test("an administrator needs no mouse", async ({ page, office }) => {
  await page.goto(office.url("/manager/login"));

  await test.step("sign in", async () => {
    await tabTo(page, page.getByLabel("Name"));
    await page.keyboard.type(ADMINISTRATOR);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });

  await test.step("the skip link leads past the menu", async () => {
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
  });

  await test.step("create a user", async () => {
    await page.goto(office.url("/manager"));
    await tabTo(page, page.getByRole("complementary").or(page.getByRole("banner")).getByRole("link", { name: "Users" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Users");
    await tabTo(page, page.getByRole("link", { name: "New user" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("Name", { exact: true }));
    await page.keyboard.type("Kay");
    await tabTo(page, page.getByLabel("Extension"));
    await page.keyboard.type("501");
    const code = page.getByRole("group", { name: "How to set the login code" });
    await tabTo(page, code.getByLabel("Generate 8 digits"));
    await page.keyboard.press("ArrowDown");
    await expect(code.getByLabel("Type one")).toBeChecked();
    await tabTo(page, page.getByLabel("Login code", { exact: true }));
    await page.keyboard.type("48159");
    await tabTo(page, page.getByRole("button", { name: "Show Login code" }));
    await page.keyboard.press("Space");
    await expect(page.getByLabel("Login code", { exact: true })).toHaveAttribute("type", "text");
    await tabTo(page, page.getByLabel("Login code, again"));
    await page.keyboard.type("48159");
    const password = page.getByRole("group", { name: "How to set the password" });
    await tabTo(page, password.getByLabel("Generate a password"));
    await page.keyboard.press("ArrowUp");
    await expect(password.getByLabel("None for now")).toBeChecked();
    await tabTo(page, page.getByRole("button", { name: "Create user" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "Kay is created" })).toBeVisible();
  });

  await test.step("type a new login code, then delete the user", async () => {
    const card = page.getByRole("region", { name: "Login code" });
    await tabTo(page, card.locator("summary"));
    await page.keyboard.press("Space");
    await tabTo(page, card.getByLabel("Login code", { exact: true }));
    await page.keyboard.type("60427");
    await tabTo(page, card.getByLabel("Login code, again"));
    await page.keyboard.type("60427");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "saved" })).toBeVisible();
    await tabTo(page, page.getByRole("link", { name: "Delete…" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: "Delete Kay?" })).toBeVisible();
    await tabTo(page, page.getByRole("button", { name: "Delete Kay" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "Kay is deleted" })).toBeVisible();
  });

  await test.step("sign out", async () => {
    await tabTo(page, page.getByRole("button", { name: "Sign out" }));
    await page.keyboard.press("Enter");
    await expect(page.getByText("You are signed out")).toBeVisible();
  });
});
