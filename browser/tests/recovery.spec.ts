// How to reset a web login password, as the manual of an older system tells it step by step and in its words, with a server for mail
// that nobody here wrote. The erasing of the device, which was that system's last resort, is not among the steps here.
import { Page } from "@playwright/test";
import { expectAccessible, expectAccessibleEverywhere } from "../accessibility";
import { MailServer, linkOf } from "../mail_server";
import { ADMINISTRATOR, Office, PASSWORD, expect, test as withOffice } from "../office";

const NEW = "thirty violet umbrellas";
const BOSS = "boss@example.com";

const test = withOffice.extend<{ mail: MailServer }>({
  mail: async ({}, use) => {
    const server = await MailServer.start();
    await use(server);
    await server.close();
  },
});

async function setUpEmail(page: Page, office: Office, mail: MailServer): Promise<void> {
  await test.step("1. Configure the email settings", async () => {
    await page.goto(office.url("/manager"));
    await expect(page.getByText("Recovery by mail is not set up")).toBeVisible();
    await page.getByRole("link", { name: "Set up email" }).click();
    await page.locator("#f-sender").fill("pbx@example.com");
    await page.locator("#f-server").fill("127.0.0.1");
    await page.locator("#f-port").fill(mail.port);
    await page.locator("#f-security").selectOption("none");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("In force from now on.")).toBeVisible();
  });
  await test.step("Also make sure the email test successful", async () => {
    await page.locator("#f-to").fill(BOSS);
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect(page.getByText("The test was taken")).toBeVisible();
    expect((await mail.mail()).subject).toBe("A test from Hookswitch");
  });
}

async function bindEmail(page: Page, office: Office, mail: MailServer): Promise<void> {
  await test.step("2. Bind the email for admin user. Click the person icon", async () => {
    await page.getByRole("link", { name: "User Preferences" }).first().click();
    await expect(page.getByText("No address is bound to your account")).toBeVisible();
  });
  await test.step("Fill the email address you need for password recovery mail", async () => {
    await page.locator("#f-address").fill(BOSS);
    const form = page.getByRole("form", { name: "Email address" });
    await form.getByLabel("Your password").fill(PASSWORD);
    await form.getByRole("button", { name: "Save the address" }).click();
    await expect(page.getByText(`${BOSS} is not confirmed yet`)).toBeVisible();
    await page.goto(office.url(linkOf(await mail.mail())));
    await expect(page.getByText(`mail has arrived at ${BOSS}.`)).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Confirm" }).click();
    await expect(page.getByText("Your address is confirmed")).toBeVisible();
  });
}

test("resetting the web login password", async ({ page, product, mail }) => {
  test.slow();
  const office = await Office.of(product);
  await office.manager.lend(page);
  await setUpEmail(page, office, mail);
  await bindEmail(page, office, mail);
  await page.goto(office.url("/manager"));
  await page.getByRole("button", { name: "Logout" }).first().click();
  await test.step("3. When you forgot your password, click the Forget Password on the login web page", async () => {
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await expectAccessibleEverywhere(page);
  });
  await test.step("Fill the username and the email address you'd set in Step 2", async () => {
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Email address").fill(BOSS);
    await page.getByRole("button", { name: "Mail me the link" }).click();
  });
  await test.step("Wait for a few seconds, and check the mail box", async () => {
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Look at your mail");
    await expectAccessible(page);
  });
  const letter = await mail.mail();
  await test.step('You would receive a email with subject "Find Password"', async () => {
    expect(letter.subject).toBe("Find Password");
    expect(letter.to).toBe(BOSS);
    // As a reader of mail shows it, and as one does that shows text alone.
    await page.goto("about:blank");
    await page.setContent(letter.html);
    await expect(page.getByRole("link", { name: "Choose a new password" })).toHaveAttribute("href", new RegExp(`${linkOf(letter)}$`));
    await expectAccessible(page);
    expect(letter.text).toContain(linkOf(letter));
  });
  await test.step("Note: the link is only available for local network access", async () => {
    await page.goto(office.url(linkOf(letter)));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link leads nowhere");
    await expect(page.getByText("It also works from the local network of the phone system alone")).toBeVisible();
    await expectAccessibleEverywhere(page);
  });
  await test.step("Make sure you open the link by a local computer within the same segment network as the PBX", async () => {
    await (await Office.returning(product)).nameLan1("127.0.0.0/8");
    await page.goto(office.url(linkOf(letter)));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Choose a new password");
    await expectAccessibleEverywhere(page);
  });
  await test.step("4. Recover the password: just input the new password to finish the recovery", async () => {
    await page.getByLabel("New one", { exact: true }).fill(NEW);
    await page.getByLabel("New one, again").fill(NEW);
    await page.getByRole("button", { name: "Save the new password" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your new password is saved");
    await page.getByRole("link", { name: "To the login page" }).click();
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Password", { exact: true }).fill(NEW);
    await page.getByRole("button", { name: "Login" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  });
  await test.step("the owner is told, and nothing was erased", async () => {
    expect((await mail.mail()).subject).toBe("Your password was changed");
    await page.goto(office.url(linkOf(letter)));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link leads nowhere");
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("somebody with a phone gets back in with the extension number", async ({ page, product, mail }) => {
    test.slow();
    const office = await Office.of(product);
    await office.nameLan1("127.0.0.0/8");
    await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", password: "eight ants went by" });
    await office.manager.lend(page);
    await setUpEmail(page, office, mail);
    await page.goto(office.url("/portal/login"));
    await page.getByLabel("Name or extension").fill("201");
    await page.getByLabel("Password", { exact: true }).fill("eight ants went by");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("link", { name: "Email address" }).first().click();
    await page.getByRole("textbox", { name: "Address" }).fill("ann@example.com");
    await page.getByLabel("Your present portal password").fill("eight ants went by");
    await page.getByRole("button", { name: "Save" }).click();
    await page.goto(office.url(linkOf(await mail.mail())));
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.goto(office.url("/portal"));
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("Name or extension").fill("201");
    await page.getByLabel("Email address").fill("ann@example.com");
    await page.getByRole("button", { name: "Mail me the link" }).click();
    await page.goto(office.url(linkOf(await mail.mail())));
    await page.getByLabel("New one", { exact: true }).fill("nine bees went by a lake");
    await page.getByLabel("New one, again").fill("nine bees went by a lake");
    await page.getByRole("button", { name: "Save the new password" }).click();
    await page.getByRole("link", { name: "To the login page" }).click();
    await page.getByLabel("Name or extension").fill("201");
    await page.getByLabel("Password", { exact: true }).fill("nine bees went by a lake");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Ann Smith");
  });
});

// The two comments under that manual, which nobody answered: somebody clicked OK on a prompt, was logged out, and was told that name
// and password were wrong from then on.
test("a prompt that was clicked away, and a window that was closed, strand nobody", async ({ context, product }) => {
  test.slow();
  const office = await Office.of(product);
  const ann = await office.user({ name: "Ann", extension: "201" });
  const given = { do: "set", "user-password-secret": "given by the help desk", "user-password-secret_again": "given by the help desk", force_new: "yes" };
  expect((await office.manager.send(ann, `${ann}/secrets/user-password`, given)).ok()).toBe(true);
  const signIn = async (page: Page, password: string): Promise<void> => {
    await page.goto(office.url("/portal/login"));
    await page.getByLabel("Name or extension").fill("201");
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  for (let i = 0; i < 2; i++) {
    const page = await context.newPage();
    await signIn(page, "given by the help desk");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Choose a new password");
    await expectAccessibleEverywhere(page);
    if (i === 0) await page.getByRole("button", { name: "Sign out instead" }).click();
    await page.close();
    await context.clearCookies();
  }
  const page = await context.newPage();
  await signIn(page, "given by the help desk");
  await page.getByLabel("New one", { exact: true }).fill("nine bees went by a lake");
  await page.getByLabel("New one, again").fill("nine bees went by a lake");
  await page.getByRole("button", { name: "Save and go on" }).click();
  await expect(page.getByText("Your new password is saved")).toBeVisible();
  await context.clearCookies();
  await signIn(page, "not it");
  await expect(page.getByRole("alert")).toContainText("Whoever administers the phone system sees why");
});
