// A Hookswitch that is set up, and an administrator's way into it without a browser.
import { APIRequestContext, APIResponse, Page, request } from "@playwright/test";
import { Product, test as withProduct } from "./product";

export const ADMINISTRATOR = "Administrator";
export const PASSWORD = "correct horse battery";
export const PARTNER = "BusinessPartner";
export const PARTNER_PASSWORD = "another horse entirely";
export const SYSTEM = "Harbour Office";
export const SIP_DOMAIN = "office.test";

export interface NewUser {
  name: string;
  full_name?: string;
  extension?: string;
  login_code?: string;
  password?: string;
}

/** Somebody's browser without a window: cookies and forms, no page. */
export class Visitor {
  private constructor(
    readonly product: Product,
    readonly http: APIRequestContext,
  ) {}

  static async of(product: Product): Promise<Visitor> {
    return new Visitor(product, await request.newContext({ baseURL: product.url("/"), ignoreHTTPSErrors: true }));
  }

  /** Sends the form of a page, with the token that the page holds. */
  async send(form: string, to: string, fields: Record<string, string>): Promise<APIResponse> {
    const page = await (await this.http.get(form)).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1];
    if (!csrf) throw new Error(`no form on ${form}:\n${page}`);
    return this.http.post(to, { form: { csrf, ...fields } });
  }

  async signIn(name: string, password: string): Promise<APIResponse> {
    return this.send("/manager/login", "/manager/login", { name, password });
  }

  /** Signs in to the user portal. */
  async enterPortal(name: string, password: string): Promise<APIResponse> {
    return this.send("/portal/login", "/portal/login", { name, password });
  }

  /** Lets a page be signed in as this visitor. */
  async lend(page: Page): Promise<void> {
    const { cookies } = await this.http.storageState();
    const url = this.product.url("/");
    await page.context().addCookies(
      cookies.map(({ name, value }) => ({ name, value, url, secure: true, httpOnly: true, sameSite: "Strict" as const })),
    );
  }
}

export class Office {
  private constructor(
    readonly product: Product,
    /** The Administrator, signed in. */
    readonly manager: Visitor,
  ) {}

  /** Signs in to a product that is set up. */
  static async returning(product: Product): Promise<Office> {
    const manager = await Visitor.of(product);
    await manager.signIn(ADMINISTRATOR, PASSWORD);
    return new Office(product, manager);
  }

  /** Sets a new product up, and signs in. */
  static async of(product: Product): Promise<Office> {
    const manager = await Visitor.of(product);
    const ready = await manager.send("/ignition", "/ignition", {
      code: product.ignitionCode(),
      administrator: PASSWORD,
      administrator_again: PASSWORD,
      partner: PARTNER_PASSWORD,
      partner_again: PARTNER_PASSWORD,
      system: SYSTEM,
      lan1: "192.168.0.0/16",
      lan2: "",
      sip_domain: SIP_DOMAIN,
      realm: SIP_DOMAIN,
    });
    if (!ready.ok()) throw new Error(`ignition: ${ready.status()}\n${await ready.text()}`);
    return Office.returning(product);
  }

  url(path: string): string {
    return this.product.url(path);
  }

  /** Names the network from which links to a new password work. */
  async nameLan1(network: string): Promise<void> {
    const form = "/manager/settings/system";
    const page = await (await this.manager.http.get(form)).text();
    const version = /name="version" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const saved = await this.manager.send(form, form, { version, system: SYSTEM, lan1: network, lan2: "" });
    if (!saved.ok()) throw new Error(`LAN1: ${saved.status()}`);
  }

  /** Makes a user and gives the path of the page. */
  async user({ name, full_name = "", extension = "", login_code, password }: NewUser): Promise<string> {
    const code: Record<string, string> = login_code
      ? { login_code_how: "type", login_code, login_code_again: login_code }
      : { login_code_how: "none" };
    const secret: Record<string, string> = password
      ? { password_how: "type", password, password_again: password }
      : { password_how: "none" };
    const form = { name, full_name, extension, ...secret, ...code };
    const made = await this.manager.send("/manager/users/new", "/manager/users/new", form);
    if (!/\/manager\/users\/\d+$/.test(made.url())) throw new Error(`${name} was not made:\n${await made.text()}`);
    return new URL(made.url()).pathname;
  }
}

interface Fixtures {
  /** A page that is signed in to the shared office as Administrator. */
  manager: Page;
}

/** `test` with an office that all tests share: each makes users of its own in it, and locks nobody else out. */
export const test = withProduct.extend<Fixtures, { office: Office }>({
  office: [
    async ({}, use) => {
      const product = new Product();
      try {
        await product.start();
        await use(await Office.of(product));
      } finally {
        await product.stop();
      }
    },
    { scope: "worker" },
  ],
  manager: async ({ page, office }, use) => {
    await office.manager.lend(page);
    await use(page);
  },
});

export { expect } from "@playwright/test";
