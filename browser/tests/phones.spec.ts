// Real phones, as an administrator sees them come, stay and go.
import { DeskPhone, DeskPhoneOptions } from "../desk_phone";
import { Office, SIP_DOMAIN, expect, test } from "../office";

const LINES: (Omit<DeskPhoneOptions, "domain"> & { name: string; agent: RegExp; algorithm: string })[] = [
  { name: "Ann", number: "201", secret: "48159", phone: "baresip", transport: "udp", agent: /baresip/i, algorithm: "MD5" },
  { name: "Ben", number: "202", secret: "72064", phone: "baresip", transport: "tcp", agent: /baresip/i, algorithm: "MD5" },
  { name: "Clara", number: "203", secret: "91537", phone: "linphonec", transport: "tls", agent: /linphone/i, algorithm: "SHA-256" },
  { name: "Dmitri", number: "204", secret: "38206", phone: "pjsua", transport: "udp", agent: /pjsip/i, algorithm: "SHA-256" },
];

test("baresip, linphonec and PJSIP appear by themselves, stay, and disappear", async ({ page, product }) => {
  test.setTimeout(180_000);
  const office = await Office.of(product);
  for (const { name, number, secret } of LINES) await office.user({ name, extension: number, login_code: secret });
  await office.manager.lend(page);
  await page.goto(office.url("/status/phones"));
  await expect(page.getByRole("heading", { name: "No phone is registered" })).toBeVisible();
  await page.evaluate(() => document.body.setAttribute("data-not-loaded-again", ""));

  const phones = LINES.map((line) => new DeskPhone(product, { ...line, domain: SIP_DOMAIN }));
  const row = (number: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: number }) });
  try {
    for (const [i, { name, number, transport, agent, algorithm }] of LINES.entries()) {
      expect(await phones[i]?.register()).toMatchObject({ status: 200, algorithm });
      for (const words of [name, "Registered", transport.toUpperCase(), agent, algorithm]) {
        await expect(row(number)).toContainText(words);
      }
    }
    await expect(page.getByRole("row").filter({ hasText: "Registered" })).toHaveCount(LINES.length);

    // Each asks again by itself within its minute, and is the same phone to the page.
    for (const answer of await Promise.all(phones.map((phone) => phone.refreshed()))) expect(answer.status).toBe(200);
    await expect(page.getByRole("row").filter({ hasText: "Registered" })).toHaveCount(LINES.length);

    for (const [i, { number }] of LINES.entries()) {
      expect(await phones[i]?.unregister()).toMatchObject({ status: 200, left: true });
      await expect(row(number)).toHaveCount(0);
    }
    await expect(page.getByRole("heading", { name: "No phone is registered" })).toBeVisible();
    await expect(page.locator("body")).toHaveAttribute("data-not-loaded-again", "");
  } finally {
    await Promise.all(phones.map((phone) => phone.close()));
  }
});
