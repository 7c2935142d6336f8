// What the manuals of the older systems tell an administrator to do, step by step and in their words: each with a mouse, each
// with the keys alone, and once without scripts.
import { Page } from "@playwright/test";
import { expectAccessible } from "../accessibility";
import { Hand, hands } from "../keyboard";
import { ADMINISTRATOR, Office, PARTNER, PARTNER_PASSWORD, PASSWORD, Visitor, expect, test } from "../office";
import { Product } from "../product";

async function login(page: Page, hand: Hand, name: string, password: string): Promise<void> {
  await hand.type(page.getByLabel("Name"), name);
  await hand.type(page.getByLabel("Password", { exact: true }), password);
  // The next page has the same fields: what is typed before it is there is lost.
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await hand.press(page.getByRole("button", { name: "Login" }));
  await answer;
  await page.waitForLoadState();
}

const menu = (page: Page, name: string) => page.getByRole("banner").getByRole("link", { name, exact: true });

/** Logging in to the web manager. */
async function logIn(page: Page, product: Product, hand: Hand): Promise<void> {
  await test.step("1. In a web browser, enter the IP address of the system in the format http://<ip_address>", async () => {
    await page.goto(`http://${product.address("http")}/`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  });
  await test.step("2. Click on the required link for web manager", async () => {
    await hand.press(page.getByRole("link", { name: "Web manager" }));
    await expect(page).toHaveURL(/\/manager\/login/);
  });
  await test.step("3. On the login page, enter a user name and password", async () => {
    await hand.type(page.getByLabel("Name"), ADMINISTRATOR);
    await hand.type(page.getByLabel("Password", { exact: true }), PASSWORD);
  });
  await test.step("5. Click Login", async () => {
    await hand.press(page.getByRole("button", { name: "Login" }));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });
  await test.step("Details of the last login using the same service user account are displayed", async () => {
    await expect(page.getByText(/Your last sign-in: .* from .* by Web manager\./)).toBeVisible();
  });
}

/** Changing the password of one of the two default accounts. */
async function changePassword(page: Page, hand: Hand, name: string, present: string, fresh: string): Promise<void> {
  await login(page, hand, name, present);
  await test.step("1. Click System in the menu bar and select User Preferences", async () => {
    await hand.press(menu(page, "System"));
    await hand.press(page.getByRole("navigation", { name: "System" }).getByRole("link", { name: "User Preferences" }));
    await expect(page).toHaveURL(/\/manager\/preferences$/);
  });
  await test.step("2. Change the setting of Enable Change Password to Yes", async () => {
    await hand.choose(page.getByRole("group", { name: "Enable Change Password" }).getByLabel("Yes"));
  });
  await test.step("3. Enter the new password in the Password field", async () => {
    await hand.type(page.getByLabel("Present password"), present);
    await hand.type(page.getByLabel("Password", { exact: true }), fresh);
    await hand.type(page.getByLabel("Password, again"), fresh);
  });
  await test.step("4. Click Save", async () => hand.press(page.getByRole("button", { name: "Save", exact: true })));
  await test.step("5. You will be prompted to confirm the change, click OK", async () => {
    await hand.press(page.getByRole("button", { name: "OK" }));
  });
  await test.step("6. Once the change has been confirmed as being saved successfully, click Logout", async () => {
    await expect(page.getByText(/Saved successfully/)).toBeVisible();
    await hand.press(page.getByRole("button", { name: "Logout" }));
    await expect(page.getByText("You are signed out")).toBeVisible();
  });
}

/** Changing the system password. */
async function changeSystemPassword(page: Page, hand: Hand, digits: string): Promise<void> {
  await test.step("1. Click System in the menu bar and select Switch", async () => {
    await hand.press(menu(page, "System"));
    await hand.press(page.getByRole("navigation", { name: "System" }).getByRole("link", { name: "Switch", exact: true }));
    await expect(page).toHaveURL(/\/manager\/settings\/switch$/);
  });
  await test.step("2. In the Password field, enter a 4 digit password", async () => {
    await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
    await hand.type(page.getByLabel("Password", { exact: true }), digits);
  });
  await test.step("3. Click Save", async () => hand.press(page.getByRole("button", { name: "Save", exact: true })));
}

/** The whole of it: what is no password, one, another, and none any more. */
async function changeSystemPasswordTwice(page: Page, hand: Hand): Promise<void> {
  await changeSystemPassword(page, hand, "739");
  await expect(page.getByRole("alert")).toContainText("Use exactly 4 digits.");
  for (const digits of ["7391", "2864"]) {
    await changeSystemPassword(page, hand, digits);
    await expect(page.getByRole("status")).toContainText("The system password is in force from now on.");
    await expect(page.getByText(/^Set .* by Administrator\.$/)).toBeVisible();
    await expect(page.getByText("Asked of every phone")).toBeVisible();
    expect(await page.content()).not.toContain(digits);
  }
  await hand.press(page.getByRole("button", { name: "Remove the system password" }));
  await expect(page.getByText("Not set.")).toBeVisible();
}

for (const way of ["mouse", "keyboard"] as const) {
  test(`changing the system password, with the ${way}`, async ({ page, product }) => {
    test.slow();
    const office = await Office.of(product);
    await office.manager.lend(page);
    await page.goto(product.url("/manager"));
    await changeSystemPasswordTwice(page, hands(page)[way]);
    await expectAccessible(page);
  });

  test(`logging in to the web manager, with the ${way}`, async ({ page, product }) => {
    await Office.of(product);
    await logIn(page, product, hands(page)[way]);
  });

  test(`changing the password of both default accounts, with the ${way}`, async ({ page, product }) => {
    test.slow();
    await Office.of(product);
    const hand = hands(page)[way];
    await page.goto(product.url("/manager/login"));
    await changePassword(page, hand, ADMINISTRATOR, PASSWORD, "thirty violet umbrellas");
    await test.step("7. Login in again but this time using the other default account and repeat the process", async () => {
      await changePassword(page, hand, PARTNER, PARTNER_PASSWORD, "forty amber umbrellas");
    });
    await login(page, hand, ADMINISTRATOR, "thirty violet umbrellas");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("both manuals can be followed", async ({ page, product }) => {
    await Office.of(product);
    const hand = hands(page).mouse;
    await logIn(page, product, hand);
    await hand.press(page.getByRole("button", { name: "Logout" }));
    await changePassword(page, hand, ADMINISTRATOR, PASSWORD, "thirty violet umbrellas");
    await login(page, hand, ADMINISTRATOR, "thirty violet umbrellas");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });

  test("the system password can be changed", async ({ page, product }) => {
    const office = await Office.of(product);
    await office.manager.lend(page);
    await page.goto(product.url("/manager"));
    await changeSystemPasswordTwice(page, hands(page).mouse);
  });
});

test("three failed attempts within ten minutes block access for a minute", async ({ page, product }) => {
  await Office.of(product);
  await page.goto(product.url("/manager/login"));
  for (let i = 0; i < 3; i++) await login(page, hands(page).mouse, ADMINISTRATOR, `not the password ${i}`);
  await login(page, hands(page).mouse, ADMINISTRATOR, PASSWORD);
  await expect(page.getByRole("alert")).toContainText(/blocked for (one minute|[0-9]+ seconds)/);
});

test("a sixth concurrent session of one administrator account is refused", async ({ page, product }) => {
  await Office.of(product);
  for (let i = 0; i < 4; i++) await (await Visitor.of(product)).signIn(ADMINISTRATOR, PASSWORD);
  await page.goto(product.url("/manager/login"));
  await login(page, hands(page).mouse, ADMINISTRATOR, PASSWORD);
  await expect(page.getByRole("alert")).toContainText("Limit of concurrent sessions per user exceeded");
});

test("a security warning is displayed until both default accounts have their own password", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.manager.lend(page);
  await page.goto(product.url("/manager"));
  await expect(page.getByText("Security warning")).toHaveCount(0);
});

test("a warning is displayed while phone based administration is open as on the older systems", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.manager.lend(page);
  await page.goto(product.url("/manager/settings/switch"));
  await expect(page.getByText("Closed", { exact: true })).toBeVisible();
  await page.getByLabel("As on the older systems").check();
  await page.getByRole("button", { name: "Save phone based administration" }).click();
  await expect(page.getByText("Open", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.goto(product.url("/manager/users"));
  await expect(page.getByText("Less safe: phone based administration is as on the older systems")).toBeVisible();
  await page.getByRole("link", { name: "Switch", exact: true }).click();
  await page.getByLabel("As on the older systems").uncheck();
  await page.getByRole("button", { name: "Save phone based administration" }).click();
  await expect(page.getByText("Less safe")).toHaveCount(1);
});
