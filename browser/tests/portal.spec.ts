// The pages of people who have a phone: in both languages, wide and narrow, light and dark, by mouse, by keys, without scripts.
import { Page } from "@playwright/test";
import { expectAccessible, expectAccessibleEverywhere } from "../accessibility";
import { DeskPhone } from "../desk_phone";
import { Hand, hands } from "../keyboard";
import { Office, SIP_DOMAIN, Visitor, expect, test } from "../office";
import { Phone } from "../phone";

const PASSWORD = "eight ants went by a river";
const PAGES = ["/portal", "/portal/calls", "/portal/messages", "/portal/directory", "/portal/phones", "/portal/secrets", "/portal/address", "/portal/preferences"];

async function office(product: Parameters<typeof Office.of>[0]): Promise<Office> {
  const office = await Office.of(product);
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159", password: PASSWORD });
  await office.user({ name: "Ben", full_name: "Ben Okafor", extension: "202", login_code: "72064" });
  return office;
}

async function ann(office: Office, page: Page): Promise<void> {
  const ann = await Visitor.of(office.product);
  await ann.enterPortal("201", PASSWORD);
  await ann.lend(page);
}

for (const locale of ["en-GB", "de-DE"] as const) {
  test.describe(`in ${locale}`, () => {
    test.use({ locale });

    test("no page of the portal has barriers", async ({ page, product }) => {
      test.setTimeout(240_000);
      const here = await office(product);
      const phone = new Phone(product, "201", "48159", { agent: "Yealink SIP-T46U 108.86.0.75" });
      await phone.register(3600);
      phone.close();
      for (const path of ["/", "/portal/login", "/portal/login?why=out", "/portal/login?why=idle", "/recover?to=portal"]) {
        await page.goto(here.url(path));
        await expectAccessibleEverywhere(page);
      }
      expect(await page.locator("html").getAttribute("lang")).toBe(locale.slice(0, 2));
      await ann(here, page);
      for (const path of PAGES) {
        await page.goto(here.url(path));
        for (const more of await page.locator("details.more > summary").all()) await more.click();
        await expectAccessibleEverywhere(page);
      }
      await page.goto(here.url("/portal/nowhere"));
      await expectAccessible(page);
    });
  });
}

/** Changes the voicemail code, wrongly at first. */
async function changeCode(page: Page, hand: Hand, opens: boolean): Promise<void> {
  const card = page.getByRole("region", { name: "Voicemail code" });
  if (opens) await hand.press(card.getByText("Choose one"));
  await hand.type(card.getByLabel("Your present portal password"), PASSWORD);
  await hand.type(card.getByLabel("New one", { exact: true }), "1234");
  await hand.type(card.getByLabel("New one, again"), "1234");
  await hand.press(card.getByRole("button", { name: "Save Voicemail code" }));
  await expect(page.getByRole("alert")).toContainText("Do not use digits in a row");
  await hand.type(card.getByLabel("Your present portal password"), PASSWORD);
  await hand.type(card.getByLabel("New one", { exact: true }), "739154");
  await hand.type(card.getByLabel("New one, again"), "739154");
  await hand.press(card.getByRole("button", { name: "Save Voicemail code" }));
  await expect(page.getByRole("status").filter({ hasText: "Saved: Voicemail code" })).toBeVisible();
  expect(await page.content()).not.toContain("739154");
}

for (const way of ["mouse", "keyboard"] as const) {
  test(`a code is changed, with the ${way}`, async ({ page, product }) => {
    test.slow();
    const here = await office(product);
    await ann(here, page);
    await page.goto(here.url("/portal/secrets"));
    await changeCode(page, hands(page)[way], true);
    await expectAccessible(page);
  });
}

test("rules and strength are told while a secret is typed", async ({ page, product }) => {
  const here = await office(product);
  await ann(here, page);
  await page.goto(here.url("/portal/secrets"));
  const card = page.getByRole("region", { name: "Portal password" });
  await card.getByText("Change", { exact: true }).click();
  const field = card.getByLabel("New one", { exact: true });
  await field.fill("short");
  await expect(card.getByText("At least 8 characters (not met)")).toBeVisible();
  await expect(card.getByText("Easy to guess")).toBeVisible();
  await field.fill("nine bees went by a lake");
  await expect(card.getByText("At least 8 characters (met)")).toBeVisible();
  await expect(card.getByText("Hard to guess")).toBeVisible();
  await expectAccessible(page);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the portal does all that it does", async ({ page, product }) => {
    test.slow();
    const here = await office(product);
    await page.goto(product.url("/"));
    await page.getByRole("link", { name: "User portal" }).click();
    await page.getByLabel("Name or extension").fill("ann");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByText("This is your first sign-in.")).toBeVisible();
    await page.goto(here.url("/portal/secrets"));
    await page.getByRole("region", { name: "Voicemail code" }).getByText("Choose one").click();
    await changeCode(page, hands(page).mouse, false);
    await page.getByRole("link", { name: "Directory" }).first().click();
    await page.getByLabel("Name or number").fill("okafor");
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByRole("row", { name: /Ben Okafor/ })).toContainText("202");
    await expect(page.getByRole("row", { name: /Ann Smith/ })).toHaveCount(0);
    await page.getByRole("link", { name: "Preferences" }).first().click();
    await page.getByLabel("Deutsch").check();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Gespeichert")).toBeVisible();
    await page.getByRole("button", { name: "Abmelden" }).first().click();
    await expect(page.getByText("Sie sind abgemeldet")).toBeVisible();
  });
});

test("a message that a phone left is heard in the browser", async ({ page, product }) => {
  test.slow();
  const here = await office(product);
  const phone = new DeskPhone(product, { phone: "callingbaresip", transport: "udp", number: "202", secret: "72064", domain: SIP_DOMAIN });
  await phone.register();
  await phone.leaveMessage("201");
  await phone.close();
  await ann(here, page);
  await page.goto(here.url("/portal"));
  await expect(page.getByText("One message in all")).toBeVisible();
  await page.goto(here.url("/portal/messages"));
  await expect(page.getByText("New", { exact: true })).toBeVisible();
  await expectAccessibleEverywhere(page);
  const player = page.locator("audio");
  const length = await player.evaluate(async (node: HTMLAudioElement) => {
    node.muted = true;
    node.playbackRate = 16;
    await node.play();
    return node.duration;
  });
  expect(length).toBeGreaterThan(2);
  await expect(page.getByText("New", { exact: true })).toHaveCount(0);
  await page.getByRole("link", { name: /Delete the message of/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("The message is deleted")).toBeVisible();
  await expect(page.getByText("No messages")).toBeVisible();
});
