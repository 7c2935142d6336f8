// The tour of the README, as a person walks it: from a new system to a phone that registers.
import { expectAccessible } from "../accessibility";
import { ADMINISTRATOR, PARTNER_PASSWORD, PASSWORD, expect, test } from "../office";
import { Phone } from "../phone";

test("a new system is set up, a user is made, and the phone appears by itself", async ({ page, product }) => {
  await page.goto(`http://${product.address("http")}/`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("A new phone system");
  await page.getByRole("link", { name: "Set up this system" }).click();

  await test.step("ignition names all that is wrong", async () => {
    await expect(page).toHaveURL(product.url("/ignition"));
    await page.getByLabel("One-time code").fill("WRON-G000-0000-0000-0000-0000");
    await page.getByLabel("Password of Administrator", { exact: true }).fill("short");
    await page.getByLabel("Password of Administrator, again").fill("short");
    await page.getByLabel("Password of BusinessPartner", { exact: true }).fill("brief");
    await page.getByLabel("Password of BusinessPartner, again").fill("other");
    await page.getByLabel("Name of the system").fill("Office");
    await page.getByRole("button", { name: "Set up the system" }).click();
    const summary = page.getByRole("alert");
    await expect(summary).toContainText("4 things need to be put right");
    await expect(summary).toBeFocused();
    await expect(summary).toContainText("not the code that the console shows");
    await expect(summary.getByRole("link")).toHaveCount(4);
    await expect(page.getByLabel("Name of the system")).toHaveValue("Office");
    await expectAccessible(page);
    await summary.getByRole("link").first().click();
    await expect(page.getByLabel("One-time code")).toBeFocused();
  });

  await test.step("ignition with the code of the console opens the system", async () => {
    await page.getByLabel("One-time code").fill(product.ignitionCode().toLowerCase());
    for (const [account, password] of [[ADMINISTRATOR, PASSWORD], ["BusinessPartner", PARTNER_PASSWORD]]) {
      await page.getByLabel(`Password of ${account}`, { exact: true }).fill(password);
      await page.getByLabel(`Password of ${account}, again`).fill(password);
    }
    await page.getByRole("button", { name: "Set up the system" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Office is ready");
    await page.getByRole("link", { name: "Sign in as Administrator" }).click();
  });

  await test.step("the first sign-in is said to be the first", async () => {
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Login" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
    await expect(page.getByText("This is your first sign-in. No failed attempts since.")).toBeVisible();
  });

  await test.step("a code that everybody tries first is refused, with the rule", async () => {
    await page.getByRole("link", { name: "Users" }).first().click();
    await page.getByRole("link", { name: "Create a user" }).or(page.getByRole("link", { name: "New user" })).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Ann");
    await page.getByLabel("Full name").fill("Ann Smith");
    await page.getByLabel("Extension").fill("201");
    await page.getByRole("group", { name: "How to set the login code" }).getByLabel("Type one").check();
    await page.getByRole("group", { name: "How to set the password" }).getByLabel("None for now").check();
    await page.getByLabel("Login code", { exact: true }).fill("1234");
    await page.getByLabel("Login code, again").fill("1234");
    const rule = page.getByRole("listitem").filter({ hasText: "No digits in a row" });
    await expect(rule).toContainText("(not met)");
    await page.getByRole("button", { name: "Create user" }).click();
    await expect(page.getByRole("alert")).toContainText("One thing needs to be put right");
    await expect(page.getByRole("alert")).toBeFocused();
    await expect(page.getByLabel("Full name")).toHaveValue("Ann Smith");
    await expect(page.getByLabel("Login code", { exact: true })).toHaveValue("");
  });

  await test.step("a good code makes the user", async () => {
    await page.getByLabel("Login code", { exact: true }).fill("48159");
    await page.getByLabel("Login code, again").fill("48159");
    await expect(page.getByRole("listitem").filter({ hasText: "Both fields are the same" })).toContainText("(met)");
    await page.getByRole("button", { name: "Create user" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ann");
    await expect(page.getByRole("status").filter({ hasText: "Ann is created" })).toBeVisible();
    const connect = page.getByRole("region", { name: "Connect a phone" });
    await expect(connect).toContainText(`${product.address("sip-udp").split(":")[1]} (UDP)`);
    await expect(connect).toContainText("201");
    await expect(connect).toContainText("The user's login code");
    await expect(connect.getByText("Realm, where the phone asks for one")).toBeVisible();
  });

  const phone = new Phone(product, "201", "48159");
  await test.step("the phone appears on the status page without a reload, and disappears", async () => {
    await page.getByRole("link", { name: "Status" }).first().click();
    await page.getByRole("link", { name: /^Registered phones/ }).click();
    await expect(page.getByRole("heading", { name: "No phone is registered" })).toBeVisible();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await page.evaluate(() => document.body.setAttribute("data-not-loaded-again", ""));
    expect(await phone.register()).toBe(200);
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "201" }) });
    await expect(row).toContainText("Ann");
    await expect(row).toContainText("test");
    await expect(row).toContainText("MD5");
    await expectAccessible(page);
    expect(await phone.register(0)).toBe(200);
    await expect(page.getByRole("heading", { name: "No phone is registered" })).toBeVisible();
    await expect(page.locator("body")).toHaveAttribute("data-not-loaded-again", "");
    phone.close();
  });

  await test.step("the audit shows it, and signing out ends it", async () => {
    await page.getByRole("link", { name: "Audit" }).first().click();
    await expect(page.getByRole("row").filter({ hasText: "201" }).first()).toBeVisible();
    await page.getByRole("rowheader").filter({ hasText: "201" }).first().getByRole("link").click();
    await expect(page.getByRole("heading", { name: "What was recorded" })).toBeVisible();
    await page.getByRole("button", { name: "Logout" }).click();
    await expect(page.getByText("You are signed out")).toBeVisible();
    await page.goto(product.url("/manager/users"));
    await expect(page.getByRole("button", { name: "Login" })).toBeVisible();
  });
});
