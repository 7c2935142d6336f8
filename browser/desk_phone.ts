// Telephones that nobody here wrote, as the interoperability tests drive them (`interop/phones/`).
import { ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Interface, createInterface } from "node:readline";
import { Product } from "./product";

const INTEROP = join(import.meta.dirname, "../interop");

export interface DeskPhoneOptions {
  phone: "baresip" | "callingbaresip" | "linphonec" | "pjsua";
  transport: "udp" | "tcp" | "tls";
  number: string;
  secret: string;
  /** The SIP domain that its user would type in. */
  domain: string;
}

export interface Answered {
  status: number;
  algorithm: string;
  /** Whether the phone has left. */
  left: boolean;
}

export class DeskPhone {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;
  private complaints = "";

  constructor(product: Product, { phone, transport, number, secret, domain }: DeskPhoneOptions) {
    const python = process.env.HOOKSWITCH_PYTHON;
    if (!python) throw new Error("HOOKSWITCH_PYTHON names the Python of the phones; `cargo xtask browser` sets it");
    const folder = join(product.folder, `${phone}-${transport}`);
    mkdirSync(folder);
    this.process = spawn(python, ["-B", "-m", "phones", phone, folder], { cwd: INTEROP });
    this.process.stderr.on("data", (said) => (this.complaints += said));
    this.reader = createInterface(this.process.stdout);
    this.lines = this.reader[Symbol.asyncIterator]();
    const [host, port] = product.address(`sip-${transport}`).split(":");
    const ca_file = transport === "tls" ? product.certificate() : null;
    this.say(JSON.stringify({ extension: number, password: secret, domain, registrar: [host, Number(port)], transport, ca_file }));
  }

  register(): Promise<Answered> {
    return this.ask("register");
  }

  /** Waits until it has registered again by itself. */
  refreshed(): Promise<Answered> {
    return this.ask("refreshed");
  }

  unregister(): Promise<Answered> {
    return this.ask("unregister");
  }

  /** Calls a number where nobody answers, and leaves a message of some seconds. Only `callingbaresip` does. */
  leaveMessage(number: string): Promise<Answered> {
    return this.ask(`leave ${number}`);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.stdin.end();
    await ended;
    this.reader.close();
  }

  private async ask(verb: string): Promise<Answered> {
    this.say(verb);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the phone has ended:\n${this.complaints}`);
    return JSON.parse(value) as Answered;
  }

  private say(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }
}
