// Pictures of the pages, of a sample office, for `docs/screenshots/`: wide and light, wide and dark, narrow.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Page } from "@playwright/test";
import { DeskPhone } from "./desk_phone";
import { MailServer, linkOf } from "./mail_server";
import { Office, SIP_DOMAIN, Visitor, test } from "./office";
import { Phone } from "./phone";
import { fill } from "./sample";
import { Talker } from "./talker";

const FOLDER = join(import.meta.dirname, "../docs/screenshots");

/** The largest height of a picture, in pixels: long pages are cut. */
const HEIGHT_MAX = 1100;

const LOOKS = [
  { name: "light", width: 1280, height: 800, colorScheme: "light" },
  { name: "dark", width: 1280, height: 800, colorScheme: "dark" },
  { name: "narrow", width: 380, height: 800, colorScheme: "light" },
] as const;

async function take(page: Page, what: string): Promise<void> {
  for (const { name, width, height, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const all = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(Math.max(all, height), HEIGHT_MAX) });
    await page.screenshot({ path: join(FOLDER, `${what}-${name}.png`), animations: "disabled" });
  }
}

test("pictures of every page", async ({ page, product }) => {
  test.setTimeout(240_000);
  mkdirSync(FOLDER, { recursive: true });
  await page.goto(product.url("/"));
  await take(page, "links-new");
  await page.goto(product.url("/ignition"));
  await take(page, "ignition");
  const office = await Office.of(product);
  await page.goto(office.url("/"));
  await take(page, "links");
  await page.goto(office.url("/manager/login"));
  await take(page, "login");
  const user = await fill(office);
  await office.manager.lend(page);
  const pages = {
    overview: "/manager",
    users: "/manager/users",
    "user-new": "/manager/users/new",
    user,
    "user-delete": `${user}/delete`,
    extensions: "/manager/extensions",
    "extension-new": "/manager/extensions/new",
    extension: "/manager/extensions/1",
    status: "/status",
    "status-phones": "/status/phones",
    "status-alarms": "/status/alarms",
    "status-blacklists": "/status/blacklists",
    "status-quarantine": "/status/quarantine",
    "status-sessions": "/status/sessions",
    passwords: "/manager/passwords",
    doctor: "/manager/doctor?q=204",
    audit: "/manager/audit",
    "audit-event": "/manager/audit/2",
    "settings-security": "/manager/settings/security",
    "settings-security-users": "/manager/settings/security/users",
    "settings-switch": "/manager/settings/switch",
    "settings-mail": "/manager/settings/mail",
    "settings-notifications": "/manager/settings/notifications",
    "settings-phones": "/manager/settings/domain",
    "settings-system": "/manager/settings/system",
    administrators: "/manager/settings/administrators",
    administrator: "/manager/administrators/1",
    "administrator-new": "/manager/administrators/new",
    groups: "/manager/settings/groups",
    "group-new": "/manager/groups/new",
    preferences: "/manager/preferences",
    "not-found": "/no-such-page",
  };
  for (const [what, path] of Object.entries(pages)) {
    await page.goto(office.url(path));
    await take(page, what);
  }
  await page.goto(office.url("/manager/domains/new"));
  await take(page, "domain-new");
  await page.getByLabel("Host names").fill("pbx.second.example");
  await page.getByRole("button", { name: "Create domain" }).click();
  await page.getByText("The domain is created").waitFor();
  await take(page, "domain");
  const domain = page.url().split("/").at(-1) ?? "";
  await office.manager.send("/manager/users/new", "/manager/users/new", { domain, name: "bea", extension: "201" });
  for (const [what, path] of Object.entries({ domains: "/manager/settings/domains", "users-of-domains": "/manager/users" })) {
    await page.goto(office.url(path));
    await take(page, what);
  }
  await page.goto(office.url(`${user}/passwords`));
  await take(page, "user-passwords");
  await page.getByRole("region", { name: "Login code" }).getByRole("button", { name: "Generate" }).click();
  await page.getByText("Shown this once.").waitFor();
  await take(page, "secret-once");
});

test("pictures of calls", async ({ page, product }) => {
  test.setTimeout(120_000);
  const office = await Office.of(product);
  const ann = await office.user({ name: "Ann", full_name: "Ann Smith", extension: "201", login_code: "48159" });
  await office.user({ name: "Ben", full_name: "Ben Jones", extension: "202", login_code: "72064" });
  const [caller, called] = [new Talker(product, "201", "48159"), new Talker(product, "202", "72064")];
  for (const talker of [caller, called]) {
    await talker.register();
    talker.listen();
  }
  await caller.call("202");
  called.answer(await called.heard("INVITE"), "200 OK", true);
  await caller.heard("200");
  await office.manager.lend(page);
  const pages = {
    "status-calls": "/status/calls",
    "user-calls": `${ann}/calls`,
    "settings-short-codes": "/manager/settings/short-codes",
  };
  for (const [what, path] of Object.entries(pages)) {
    await page.goto(office.url(path));
    await take(page, what);
  }
  for (const talker of [caller, called]) talker.close();
});

test("pictures of the user portal and the ways back in", async ({ page, product }) => {
  test.setTimeout(180_000);
  const office = await Office.of(product);
  await fill(office);
  await office.nameLan1("127.0.0.0/8");
  const password = "eight ants went by a river";
  await office.user({ name: "Ida", full_name: "Ida Holm", extension: "210", login_code: "48159", password });
  const phone = new Phone(product, "210", "48159", { agent: "Yealink SIP-T46U 108.86.0.75", from: "127.0.0.11" });
  await phone.register(3600);
  phone.close();
  const caller = new DeskPhone(product, { phone: "callingbaresip", transport: "udp", number: "202", secret: "72064", domain: SIP_DOMAIN });
  await caller.register();
  await caller.leaveMessage("210");
  await caller.close();
  const mail = await MailServer.start();
  const server = "/manager/settings/mail";
  await office.manager.send(server, server, { version: "0", sender: "pbx@example.com", server: "127.0.0.1", port: mail.port, security: "none", user: "", roots: "", web_address: "" });
  await page.goto(office.url("/portal/login"));
  await take(page, "portal-login");
  await page.goto(office.url("/recover?to=portal"));
  await take(page, "recover");
  const ida = await Visitor.of(product);
  await ida.enterPortal("210", password);
  await ida.enterPortal("210", password);
  await ida.lend(page);
  for (const what of ["calls", "messages", "directory", "phones", "secrets", "address", "preferences"]) {
    await page.goto(office.url(`/portal/${what}`));
    if (what === "secrets") await page.getByText("Change", { exact: true }).first().click();
    await take(page, `portal-${what}`);
  }
  await page.goto(office.url("/portal"));
  await take(page, "portal");
  await ida.send("/portal/address", "/portal/address", { current: password, address: "ida@example.com" });
  await page.goto(office.url(linkOf(await mail.mail())));
  await take(page, "recover-address");
  await page.getByRole("button", { name: "Confirm" }).click();
  const stranger = await Visitor.of(product);
  await stranger.send("/recover?to=portal", "/recover", { to: "portal", name: "210", address: "ida@example.com" });
  const letter = await mail.mail();
  // What one page forbids holds for whatever is put in its place.
  await page.goto("about:blank");
  await page.setContent(letter.html);
  await take(page, "mail-find-password");
  await page.goto(office.url(linkOf(letter)));
  await take(page, "recover-new");
  await mail.close();
});
