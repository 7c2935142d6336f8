// Setting, generating and removing secrets; one's own password; edits and deletions.
import { ADMINISTRATOR, Office, PASSWORD, expect, test } from "../office";
import { Phone } from "../phone";

test("secrets are set, generated and removed on the page of a user's passwords, and shown once at most", async ({ manager: page, office }) => {
  const path = await office.user({ name: "Bea", full_name: "Bea Brook", extension: "301" });
  await page.goto(office.url(path));
  await page.getByRole("navigation", { name: "About this user" }).getByRole("link", { name: "Passwords" }).click();
  const code = page.getByRole("region", { name: "Login code" });
  await expect(code).toContainText("Not set");

  await code.getByText("Type a new one").click();
  await code.getByLabel("Login code", { exact: true }).fill("48159");
  await code.getByLabel("Login code, again").fill("48158");
  await code.getByRole("button", { name: "Save" }).click();
  await expect(code.getByText("The two fields are not the same.")).toBeVisible();
  await expect(code.getByLabel("Login code", { exact: true })).toHaveValue("");
  await code.getByLabel("Login code", { exact: true }).fill("48159");
  await code.getByLabel("Login code, again").fill("48159");
  await code.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status").filter({ hasText: "saved" })).toBeVisible();
  await expect(code.getByText("Set", { exact: true }).first()).toBeVisible();
  expect(await page.content()).not.toContain("48159");

  const password = page.getByRole("region", { name: "Phone password" });
  await password.getByRole("button", { name: "Generate" }).click();
  await expect(page.getByText("Shown this once.")).toBeVisible();
  const secret = await page.getByRole("status", { name: /^Phone password of/ }).innerText();
  expect(secret.length).toBeGreaterThanOrEqual(12);
  const phone = new Phone(office.product, "301", secret, { from: "127.0.0.3" });
  expect(await phone.register()).toBe(200);
  expect(await phone.register(0)).toBe(200);
  phone.close();
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Bea");
  expect(await page.content()).not.toContain(secret);

  await page.goto(office.url(`${path}/passwords`));
  await password.getByRole("button", { name: "Remove" }).click();
  await expect(password).toContainText("Not set");
});

test("one's own password is changed in the preferences, and the old one opens nothing more", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.manager.lend(page);
  const fresh = "a staple for a battery";
  await page.goto(office.url("/manager/preferences"));
  const present = page.getByLabel("Present password");
  await expect(present).toBeHidden();
  const change = async (current: string) => {
    await page.getByRole("group", { name: "Enable Change Password" }).getByLabel("Yes").check();
    await present.fill(current);
    await page.getByLabel("Password", { exact: true }).fill(fresh);
    await page.getByLabel("Password, again").fill(fresh);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "OK" }).click();
  };
  await change("not the present one");
  await expect(page.getByRole("alert")).toContainText("This is not your present password.");
  await expect(page.getByRole("alert")).toBeFocused();
  await change(PASSWORD);
  await expect(page.getByRole("status").filter({ hasText: "Saved successfully" })).toBeVisible();

  await page.getByRole("button", { name: "Logout" }).click();
  const signIn = async (password: string) => {
    await page.getByLabel("Name").fill(ADMINISTRATOR);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Login" }).click();
  };
  await signIn(PASSWORD);
  await expect(page.getByRole("alert")).toContainText("do not go together");
  await signIn(fresh);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await expect(page.getByRole("paragraph").filter({ hasText: "Your last sign-in:" })).toContainText("2 failed attempts since.");
});

test("a user is deleted after a question that can be answered with no", async ({ manager: page, office }) => {
  const path = await office.user({ name: "Cid", extension: "302" });
  await page.goto(office.url(path));
  await page.getByRole("link", { name: "Delete…" }).click();
  const question = page.getByRole("dialog", { name: "Delete Cid?" });
  await expect(question).toContainText("302");
  await question.getByRole("link", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  await expect(page.getByRole("link", { name: "Delete…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(question).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await page.getByRole("link", { name: "Delete…" }).click();
  await question.getByRole("button", { name: "Delete Cid" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Cid is deleted" })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "Cid" })).toHaveCount(0);
  expect((await page.goto(office.url(path)))?.status()).toBe(404);
});

test("of two who edit the same user the slower one is told, and loses nothing", async ({ manager: page, office }) => {
  const path = await office.user({ name: "Dan", full_name: "Dan Dale", extension: "303" });
  await page.goto(office.url(path));
  const other = await page.context().newPage();
  await other.goto(office.url(path));
  await other.getByLabel("Full name").fill("Daniel Dale");
  await other.getByRole("form", { name: "User" }).getByRole("button", { name: "Save" }).click();
  await expect(other.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
  await other.close();

  const form = page.getByRole("form", { name: "User" });
  await page.getByLabel("Full name").fill("Danny Dale");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Somebody else changed this user after you had opened it.");
  await expect(page.getByLabel("Full name")).toHaveValue("Danny Dale");
  await expect(form.getByText("In force now: “Daniel Dale”.")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
  await expect(page.getByLabel("Full name")).toHaveValue("Danny Dale");
});
