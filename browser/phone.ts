// A telephone that can only register: SIP over UDP with digest, enough to see what the pages make of it.
import { createHash, randomBytes } from "node:crypto";
import { Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Product } from "./product";

const ANSWER_MS_MAX = 5_000;
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

export interface PhoneOptions {
  agent?: string;
  /** The loopback address that it calls from: failures are counted by address. */
  from?: string;
  /** Answers with MD5 also where it was offered nothing but another hash, as old phones do. */
  md5Anyway?: boolean;
}

export class Phone {
  protected readonly id = randomBytes(8).toString("hex");
  private sequence = 0;
  protected socket: Socket | undefined;

  constructor(
    protected readonly product: Product,
    protected readonly number: string,
    private secret: string,
    private readonly options: PhoneOptions = {},
  ) {}

  /** Registers for so many seconds, 0 to unregister, and says the final status. */
  async register(seconds = 300): Promise<number> {
    const challenged = await this.send(seconds);
    if (challenged.status !== 401) return challenged.status;
    const challenge = challenged.headers.filter(([name]) => name === "www-authenticate").map(([, value]) => value);
    const md5Challenge = challenge.find((value) => /algorithm="?MD5\b/i.test(value) || !/algorithm=/i.test(value));
    const [other] = challenge;
    if (!md5Challenge && this.options.md5Anyway && other) return (await this.send(seconds, this.proof(other))).status;
    if (!md5Challenge) throw new Error(`no MD5 challenge: ${challenge.join(" | ")}`);
    return (await this.send(seconds, this.proof(md5Challenge))).status;
  }

  /** The same phone after somebody typed another secret into it. */
  retype(secret: string): void {
    this.secret = secret;
  }

  close(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  protected proof(challenge: string, header = "Authorization", method = "REGISTER", uri = this.uri()): string {
    const said = (name: string) => new RegExp(`${name}="?([^",]*)`).exec(challenge)?.[1] ?? "";
    const [realm, nonce, opaque, cnonce] = [said("realm"), said("nonce"), said("opaque"), randomBytes(8).toString("hex")];
    const [a1, a2] = [md5(`${this.number}:${realm}:${this.secret}`), md5(`${method}:${uri}`)];
    const response = md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`);
    const tail = opaque ? `, opaque="${opaque}"` : "";
    return (
      `${header}: Digest username="${this.number}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${response}", algorithm=MD5, cnonce="${cnonce}", qop=auth, nc=00000001${tail}\r\n`
    );
  }

  private uri(): string {
    return `sip:${this.product.address("sip-udp")}`;
  }

  private async send(seconds: number, proof = ""): Promise<{ status: number; headers: [string, string][] }> {
    const socket = (this.socket ??= await this.open());
    const { address, port } = socket.address();
    const [host, to] = this.product.address("sip-udp").split(":");
    this.sequence += 1;
    const text =
      `REGISTER ${this.uri()} SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK${this.id}${this.sequence};rport\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:${this.number}@${host}>;tag=${this.id}\r\nTo: <sip:${this.number}@${host}>\r\n` +
      `Call-ID: ${this.id}\r\nCSeq: ${this.sequence} REGISTER\r\nContact: <sip:${this.number}@${address}:${port}>\r\n` +
      `Expires: ${seconds}\r\nUser-Agent: ${this.options.agent ?? "test"}\r\n${proof}Content-Length: 0\r\n\r\n`;
    const answered = once(socket, "message") as Promise<[Buffer]>;
    socket.send(text, Number(to), host);
    const answer = await Promise.race([answered, sleep(ANSWER_MS_MAX, undefined, { ref: false })]);
    if (!answer) throw new Error(`no answer to REGISTER of ${this.number}`);
    const [first, ...lines] = answer[0].toString("utf8").split("\r\n");
    const headers = lines.filter((line) => line.includes(":")).map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    });
    return { status: Number(first.split(" ")[1]), headers };
  }

  private async open(): Promise<Socket> {
    const socket = createSocket("udp4");
    socket.bind(0, this.options.from ?? "127.0.0.1");
    await once(socket, "listening");
    return socket;
  }
}
