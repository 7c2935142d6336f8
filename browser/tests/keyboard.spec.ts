// The manager's part of the tour with a keyboard alone.
import { tabTo } from "../keyboard";
import { ADMINISTRATOR, Office, PARTNER_PASSWORD, PASSWORD, expect, test } from "../office";
import { Phone } from "../phone";

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
    await tabTo(page, code.getByLabel("Generate one"));
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
    const about = page.getByRole("navigation", { name: "About this user" });
    await tabTo(page, about.getByRole("link", { name: "Passwords" }));
    await page.keyboard.press("Enter");
    const card = page.getByRole("region", { name: "Login code" });
    await tabTo(page, card.locator("summary"));
    await page.keyboard.press("Space");
    await tabTo(page, card.getByLabel("Login code", { exact: true }));
    await page.keyboard.type("60427");
    await tabTo(page, card.getByLabel("Login code, again"));
    await page.keyboard.type("60427");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "saved" })).toBeVisible();
    await tabTo(page, about.getByRole("link", { name: "User", exact: true }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("link", { name: "Delete…" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: "Delete Kay?" })).toBeVisible();
    await tabTo(page, page.getByRole("button", { name: "Delete Kay" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "Kay is deleted" })).toBeVisible();
  });

  await test.step("sign out", async () => {
    await tabTo(page, page.getByRole("button", { name: "Logout" }));
    await page.keyboard.press("Enter");
    await expect(page.getByText("You are signed out")).toBeVisible();
  });
});

test("a new system is set up, a lock is reset and the audit is searched without a mouse", async ({ page, product }) => {
  test.setTimeout(120_000);
  const menu = (name: string) => page.getByRole("complementary").or(page.getByRole("banner")).getByRole("link", { name });

  await test.step("ignition", async () => {
    await page.goto(`http://${product.address("http")}/`);
    await tabTo(page, page.getByRole("link", { name: "Set up this system" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("One-time code"));
    await page.keyboard.type(product.ignitionCode());
    for (const [account, password] of [[ADMINISTRATOR, PASSWORD], ["BusinessPartner", PARTNER_PASSWORD]] as const) {
      await tabTo(page, page.getByLabel(`Password of ${account}`, { exact: true }));
      await page.keyboard.type(password);
      await tabTo(page, page.getByLabel(`Password of ${account}, again`));
      await page.keyboard.type(password);
    }
    await tabTo(page, page.getByLabel("Name of the system"));
    await page.keyboard.type("Office");
    await tabTo(page, page.getByRole("button", { name: "Set up the system" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("link", { name: "Sign in as Administrator" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("Name"));
    await page.keyboard.type(ADMINISTRATOR);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });

  await test.step("a blacklisted extension is reset", async () => {
    const office = await Office.returning(product);
    await office.user({ name: "Ann", extension: "201", login_code: "48159" });
    const phone = new Phone(product, "201", "00000", { from: "127.0.0.2" });
    for (let i = 0; i < 5; i++) await phone.register();
    phone.close();
    await tabTo(page, menu("Status"));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: /^Blacklists/ }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("checkbox", { name: "Select 201" }));
    await page.keyboard.press("Space");
    await tabTo(page, page.getByRole("button", { name: "Reset selected" }));
    await page.keyboard.press("Enter");
    await expect(page.getByText("1 lock is reset")).toBeVisible();
  });

  await test.step("the audit is searched and a row is opened", async () => {
    await tabTo(page, menu("Audit"));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("Name or address"));
    await page.keyboard.type("201");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/who=201/);
    await tabTo(page, page.getByRole("rowheader").filter({ hasText: "201" }).first().getByRole("link"));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "What was recorded" })).toBeVisible();
  });
});
