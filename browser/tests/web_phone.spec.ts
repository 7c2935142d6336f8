// A phone in a browser: SIP over WebSocket (RFC 7118), by a library that nobody here wrote.
import { Office, SIP_DOMAIN, expect, test as withOffice } from "../office";
import { Talker } from "../talker";
import { WebPhoneSite } from "../web_phone";

const test = withOffice.extend<{ site: WebPhoneSite }>({
  site: async ({}, use) => {
    const site = await WebPhoneSite.open();
    await use(site);
    site.close();
  },
});

// A microphone that nobody has to allow, and that hears a tone.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
});

test("a phone in a browser registers, calls and is called", async ({ page, product, site }) => {
  const office = await Office.of(product);
  await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  await office.user({ name: "Ben", full_name: "Ben Jones", extension: "202", login_code: "72064" });
  const ann = new Talker(product, "201", "48159");
  expect(await ann.register()).toBe(200);
  ann.listen();
  const shown = (name: string) => page.getByRole("status", { name, exact: true });
  const button = (name: string) => page.getByRole("button", { name, exact: true });

  await site.visit(page, product, SIP_DOMAIN, "202", "72064");
  await expect(shown("Registration")).toHaveText("Registered");
  const phones = await page.context().newPage();
  await office.manager.lend(phones);
  await phones.goto(office.url("/status/phones"));
  const row = phones.getByRole("row").filter({ has: phones.getByRole("rowheader", { name: "202" }) });
  for (const words of ["Ben", "Registered", "WSS", "SIP.js/", "MD5"]) await expect(row).toContainText(words);

  // It calls, and is answered; who hangs up is heard.
  await page.getByLabel("Number").fill("201");
  await button("Dial").click();
  const invite = await ann.heard("INVITE");
  expect(invite.value("P-Asserted-Identity")).toContain('"Ben Jones" <sip:202@');
  expect(invite.text).toContain("a=fingerprint:sha-256 ");
  ann.answer(invite, "180 Ringing");
  // 100 only where the other phone takes its time.
  await expect(shown("Heard")).toHaveText(/^(100 )?180 $/);
  ann.answer(invite, "200 OK", true);
  await ann.heard("ACK");
  await expect(shown("Call")).toHaveText("Established");
  await expect(shown("Heard")).toHaveText(/ 200 $/);
  await button("Hang up").click();
  ann.answer(await ann.heard("BYE"), "200 OK");
  await expect(shown("Call")).toHaveText("Terminated");

  // It calls somebody who is busy, and somebody who is not there.
  await button("Dial").click();
  ann.answer(await ann.heard("INVITE"), "486 Busy Here");
  await ann.heard("ACK");
  await expect(shown("Heard")).toHaveText(/486 $/);
  await page.getByLabel("Number").fill("299");
  await button("Dial").click();
  await expect(shown("Heard")).toHaveText(/404 $/);

  // It is called, rings, and declines.
  await ann.call("202");
  await expect(shown("Call")).toHaveText("201 rings");
  await ann.heard("180");
  await button("Decline").click();
  await ann.heard("486");

  // Closed, it is not there any more: the mailbox answers in its place, and has no sound for a browser.
  await page.close();
  await expect(async () => {
    await ann.call("202");
    expect((await ann.heard("100", "488")).what).toBe("488");
  }).toPass();
  ann.close();
});

test("a phone in a browser with a wrong code is told no", async ({ page, product, site }) => {
  const office = await Office.of(product);
  await office.user({ name: "Ben", extension: "202", login_code: "72064" });
  await site.visit(page, product, SIP_DOMAIN, "202", "11111");
  await expect(page.getByRole("status", { name: "Registration", exact: true })).toHaveText("refused 403");
});
