// Several organisations on one system: made by whoever runs it, and as each of them sees it.
import { expectAccessibleEverywhere } from "../accessibility";
import { Office, expect, test } from "../office";

/** Browsers know that every name below `localhost` is this machine. */
const HOST = "second.localhost";
const PASSWORD = "eight ants went by a river";

test("a second organisation is made, and its administrator sees that one alone", async ({ page, browser, product }) => {
  test.setTimeout(240_000);
  const office = await Office.of(product);
  await office.user({ name: "anna", extension: "201", login_code: "730194" });
  await office.manager.lend(page);

  // Where there is one, nobody is asked which.
  await page.goto(office.url("/manager/users/new"));
  await expect(page.getByLabel("Domain")).toHaveCount(0);
  await page.goto(office.url("/manager/settings/domain"));
  await expect(page.getByRole("navigation", { name: "System" }).getByRole("link", { name: "Domains" })).toHaveCount(0);
  await page.getByRole("link", { name: "New domain" }).click();
  await expectAccessibleEverywhere(page);
  await page.getByLabel("Host names").fill("no_host");
  await page.getByRole("button", { name: "Create domain" }).click();
  await expect(page.getByText('"no_host" is no host name').first()).toBeVisible();
  await expectAccessibleEverywhere(page);
  await page.getByLabel("Host names").fill(HOST);
  await page.getByRole("button", { name: "Create domain" }).click();
  await expect(page.getByRole("heading", { name: HOST })).toBeVisible();
  await expectAccessibleEverywhere(page);

  // Its first administrator.
  await page.getByRole("link", { name: "New administrator" }).click();
  await expect(page.getByLabel("Domain")).toHaveValue(/^\d+$/);
  await page.getByLabel("Name", { exact: true }).fill("olga");
  await page.getByLabel("Installers").check();
  await page.getByLabel("Type one").check();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel(/^Password.*again$/).fill(PASSWORD);
  await page.getByLabel("Ask for a new one at the first sign-in").uncheck();
  await expectAccessibleEverywhere(page);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByText("olga is created")).toBeVisible();
  for (const path of ["/manager/settings/domains", "/manager/settings/administrators", "/manager/users", "/manager/extensions"]) {
    await page.goto(office.url(path));
    await expectAccessibleEverywhere(page);
  }

  // At its own host name, with the same extension number.
  const theirs = await browser.newContext({ ignoreHTTPSErrors: true });
  const desk = await theirs.newPage();
  const url = (path: string) => office.url(path).replace(/\/\/[^:/]+/, `//${HOST}`);
  await desk.goto(url("/manager/login"));
  await desk.getByLabel("Name").fill("olga");
  await desk.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await desk.getByRole("button", { name: "Login" }).click();
  await expect(desk.getByText(HOST).filter({ visible: true }).first()).toBeVisible();
  await expectAccessibleEverywhere(desk);
  for (const place of ["Status", "Audit", "Doctor", "System"]) {
    await expect(desk.getByRole("navigation").getByRole("link", { name: place, exact: true })).toHaveCount(0);
  }
  await desk.goto(url("/manager/users"));
  await expect(desk.getByText("anna")).toHaveCount(0);
  await desk.getByRole("link", { name: "New user" }).first().click();
  await expect(desk.getByLabel("Domain")).toHaveCount(0);
  await desk.getByLabel("Name", { exact: true }).fill("bea");
  await desk.getByLabel("Extension").fill("201");
  await desk.getByRole("button", { name: "Create user" }).click();
  await expect(desk.getByText("bea is created").or(desk.getByText("Shown this once."))).toBeVisible();
  await expect((await desk.goto(url("/manager/settings/security")))?.status()).toBe(403);
  await expectAccessibleEverywhere(desk);
  await theirs.close();

  // Whoever runs the system sees both, and one alone where that is chosen.
  await page.goto(office.url("/manager/users"));
  await expect(page.getByRole("rowheader")).toHaveText(["anna", `bea${HOST}`]);
  await page.getByLabel("Domain").selectOption({ label: HOST });
  await expect(page.getByRole("rowheader")).toHaveText([`bea${HOST}`]);
  await expect(page).toHaveURL(/\?domain=\d+$/);
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page.getByRole("rowheader")).toHaveCount(2);
});
