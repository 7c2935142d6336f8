// Hookswitch itself for a test that asks for it: its own process, data folder and ports.
import { ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test as base } from "@playwright/test";

const READY_MS_MAX = 20_000;

const CONFIGURATION = `
data_folder = "DATA"
[http]
listen = ["127.0.0.1:0"]
[https]
listen = ["127.0.0.1:0"]
[sip]
udp = ["127.0.0.1:0"]
tcp = ["127.0.0.1:0"]
tls = ["127.0.0.1:0"]
[metrics]
listen = ["127.0.0.1:0"]
`;

export class Product {
  readonly folder = mkdtempSync(join(tmpdir(), "hookswitch-browser-"));
  private readonly data = join(this.folder, "data");
  private readonly logFile = join(this.folder, "hookswitch.log");
  private process: ChildProcess | undefined;
  /** `http`, `https`, `sip-udp` … as the product published them: lists of host and port. */
  private addresses: Record<string, string[]> = {};

  async start(): Promise<void> {
    const binary = process.env.HOOKSWITCH_BINARY;
    if (!binary) throw new Error("HOOKSWITCH_BINARY names the program to test; `cargo xtask browser` sets it");
    const configuration = join(this.folder, "hookswitch.toml");
    writeFileSync(configuration, CONFIGURATION.replace("DATA", this.data));
    const log = openSync(this.logFile, "a");
    this.process = spawn(binary, ["serve", "--config", configuration], { stdio: ["ignore", log, log] });
    const published = join(this.data, "addresses.json");
    // The addresses come first, and then the words for whoever started it.
    const isReady = () => existsSync(published) && this.log().includes(" is running.");
    for (const began = Date.now(); !isReady(); await sleep(20)) {
      if (this.process.exitCode !== null || Date.now() - began > READY_MS_MAX) {
        throw new Error(`Hookswitch does not start:\n${this.log()}`);
      }
    }
    this.addresses = JSON.parse(readFileSync(published, "utf8"));
  }

  /** Host and port of a listener. */
  address(listener: "http" | "https" | "sip-udp" | "sip-tcp" | "sip-tls"): string {
    const first = this.addresses[listener]?.[0];
    if (!first) throw new Error(`Hookswitch did not publish ${listener}: ${JSON.stringify(this.addresses)}`);
    return first;
  }

  /** The address of a page, over HTTPS. */
  url(path: string): string {
    return `https://${this.address("https")}${path}`;
  }

  /** The file of the certificate that it made for itself. */
  certificate(): string {
    return join(this.data, "certificate.pem");
  }

  /** The one-time code of a system that has no passwords yet, as it stands on the console. */
  ignitionCode(): string {
    const code = /^ +([0-9A-Z]{4}(?:-[0-9A-Z]{4}){5})$/m.exec(this.log())?.[1];
    if (!code) throw new Error(`no one-time code on the console:\n${this.log()}`);
    return code;
  }

  /** All that it has logged. */
  log(): string {
    return readFileSync(this.logFile, "utf8");
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await Promise.race([ended, sleep(5_000).then(() => child.kill("SIGKILL"))]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `test` with a running product; it starts only for tests that name `product`. */
export const test = base.extend<{ product: Product }>({
  product: async ({}, use) => {
    const product = new Product();
    try {
      await product.start();
      await use(product);
    } finally {
      await product.stop();
    }
  },
});

export { expect } from "@playwright/test";
