// A page with a telephone in it, made of a library that nobody here wrote, and served by somebody else than Hookswitch: a
// page of its own origin, as those of softphones are.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Server, createServer } from "node:http";
import { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { Page } from "@playwright/test";
import { Product } from "./product";

const PAGE = join(import.meta.dirname, "web_phone.html");
const LIBRARY = join(import.meta.dirname, "node_modules/sip.js/lib");

export class WebPhoneSite {
  private constructor(private readonly server: Server) {}

  static async open(): Promise<WebPhoneSite> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
      const file = pathname.startsWith("/sip.js/") ? join(LIBRARY, normalize(pathname.slice("/sip.js".length))) : PAGE;
      const type = file === PAGE ? "text/html" : "text/javascript";
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(readFileSync(file));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WebPhoneSite(server);
  }

  /** Opens the phone of a number in a page. */
  async visit(page: Page, product: Product, domain: string, number: string, code: string): Promise<void> {
    const { port } = this.server.address() as AddressInfo;
    const told = new URLSearchParams({ server: `wss://${product.address("https")}/sip`, domain, number, code });
    await page.goto(`http://127.0.0.1:${port}/?${told}`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
