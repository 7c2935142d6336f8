// A server for mail that nobody here wrote, as the interoperability tests have it (`interop/peers/mail.py`).
import { ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const INTEROP = join(import.meta.dirname, "../interop");

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

export class MailServer {
  private constructor(
    private readonly process: ChildProcessWithoutNullStreams,
    private readonly lines: AsyncIterator<string>,
    readonly port: string,
  ) {}

  static async start(): Promise<MailServer> {
    const python = process.env.HOOKSWITCH_PYTHON;
    if (!python) throw new Error("HOOKSWITCH_PYTHON names the Python of the phones; `cargo xtask browser` sets it");
    const child = spawn(python, ["-B", "-m", "peers.mail"], { cwd: INTEROP });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new MailServer(child, lines, String(value));
  }

  /** The next mail, when it comes. */
  async mail(): Promise<Mail> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error("the server has ended");
    return JSON.parse(value) as Mail;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.stdin.end();
    this.process.kill();
    await ended;
  }
}

/** Where the link of a mail leads, without the host. */
export function linkOf(mail: Mail): string {
  const link = /https:\/\/[^\s"]+?(\/recover\/[\w-]+)/.exec(mail.text)?.[1];
  if (!link) throw new Error(`no link in:\n${mail.text}`);
  return link;
}
