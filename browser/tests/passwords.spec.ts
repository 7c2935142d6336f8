// Which credential opens what, and whose are weak, missing or never used.
import { expectAccessible } from "../accessibility";
import { Office, expect, test } from "../office";
import { Phone } from "../phone";

test("the map says what opens what, and the list whose credentials need a look", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  await office.user({ name: "Bob", full_name: "Bob Jones", extension: "202", login_code: "7302" });
  await office.user({ name: "Carl", full_name: "Carl Berg", extension: "203" });
  const phone = new Phone(product, "201", "48159", { from: "127.0.0.5" });
  expect(await phone.register()).toBe(200);
  phone.close();
  await office.manager.lend(page);
  await page.goto(office.url("/manager"));
  await page.getByRole("link", { name: "Passwords" }).first().click();
  const map = page.getByRole("region", { name: "What opens what" });
  const code = map.getByRole("row").filter({ has: page.getByRole("rowheader", { name: /^Login code/ }) });
  await expect(code).toContainText("Opens without a phone password");
  await expect(code).toContainText("5 failures in 10 minutes lock the extension for 10 minutes");
  await expect(map).toContainText(/No credential opens: .*Console/);
  const people = page.getByRole("region", { name: "Whose" });
  const row = (name: string) => people.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}`) }) });
  await expect(row("Ann")).toContainText("In use now at 127.0.0.5");
  await expect(row("Bob")).toContainText("Never used");
  await expectAccessible(page);

  expect(await page.content()).not.toContain("48159");
  await people.getByRole("link", { name: "Weak" }).click();
  await expect(people.getByRole("heading", { name: "Nobody" })).toBeVisible();
  await page.getByRole("region", { name: "Whose" }).getByRole("link", { name: "Not set" }).click();
  await expect(row("Carl")).toBeVisible();
  await expect(row("Bob")).toHaveCount(0);
  await page.getByRole("region", { name: "Whose" }).getByRole("link", { name: "Expired" }).click();
  await expect(people.getByRole("heading", { name: "Nobody" })).toBeVisible();
  await expectAccessible(page);
});

test("the status shows at a glance who was let in and who was not, and ends a session", async ({ page, product }) => {
  const office = await Office.of(product);
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  const other = await Office.returning(product);
  expect((await other.manager.http.get("/manager")).ok()).toBe(true);
  await office.manager.lend(page);
  await page.goto(office.url("/status"));
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const phones = page.getByRole("region", { name: "SIP registration" });
  await expect(page.getByText(/Nobody signed in, or tried to, at: .*SIP registration/)).toBeVisible();

  const good = new Phone(product, "201", "48159", { from: "127.0.0.5", agent: "Yealink SIP-T46U" });
  const wrong = new Phone(product, "201", "00000", { from: "127.0.0.6" });
  expect(await good.register()).toBe(200);
  for (let i = 0; i < 2; i++) expect(await wrong.register()).not.toBe(200);
  await expect(phones.getByRole("img", { name: /SIP registration, 2 refused in the last 24 hours/ })).toBeVisible();
  await expect(phones.getByRole("img", { name: /SIP registration, 1 accepted/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "Phones by make" })).toContainText("Yealink");
  await expect(page.getByRole("region", { name: "Phones by digest" })).toContainText("MD5");
  await phones.getByText("The figures").click();
  await expect(phones.getByRole("row", { name: /Together/ })).toContainText("2");
  await expectAccessible(page);
  await page.getByRole("link", { name: "1 hour" }).click();
  await expect(page.getByRole("heading", { name: "Sign-ins in the last hour" })).toBeVisible();

  const sessions = page.getByRole("region", { name: "Sessions" });
  await sessions.getByRole("button", { name: /^End/ }).first().click();
  await expect(page.getByRole("status").filter({ hasText: "The session is ended" })).toBeVisible();
  expect((await other.manager.http.get("/manager")).url()).toContain("/manager/login");
  await page.goto(office.url("/status/phones?q=md5"));
  await expect(page.getByRole("row").filter({ hasText: "Yealink" })).toContainText("127.0.0.5");
  good.close();
  wrong.close();
});
