// A telephone that calls and is called: the one at the other end of what a test looks at. It says what it is told to.
import { Socket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { Phone } from "./phone";

const HEARD_MS_MAX = 10_000;

/** What a browser takes for an answer: a line that is described and never connected. */
const SOUND = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 0",
  "c=IN IP4 0.0.0.0",
  "a=rtpmap:0 PCMU/8000",
  "a=rtcp-mux",
  "a=ice-ufrag:talk",
  "a=ice-pwd:nobody-will-ever-answer-here",
  `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`,
  "a=setup:active",
  "a=mid:0",
  "a=sendrecv",
  "",
].join("\r\n");

export class Heard {
  /** The method of a request, the status of an answer. */
  readonly what: string;
  private readonly lines: string[];

  constructor(readonly text: string) {
    this.lines = text.split("\r\n");
    const [first = "", second = ""] = (this.lines[0] ?? "").split(" ");
    this.what = first === "SIP/2.0" ? second : first;
  }

  /** The header lines with this name, as they came. */
  rows(name: string): string[] {
    return this.lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  }

  value(name: string): string {
    return (this.rows(name)[0] ?? "").slice(name.length + 1).trim();
  }
}

export class Talker extends Phone {
  private readonly waiting: Heard[] = [];
  private calls = 0;

  /** Listens for calls from now on; after it has registered. */
  listen(): void {
    this.line().on("message", (bytes) => this.waiting.push(new Heard(bytes.toString("utf8"))));
  }

  /** Waits for a method or a status, or the first of several; whatever comes before it is passed over. */
  async heard(...whats: string[]): Promise<Heard> {
    const until = Date.now() + HEARD_MS_MAX;
    const passed: string[] = [];
    while (Date.now() < until) {
      const next = this.waiting.shift();
      if (next && whats.includes(next.what)) return next;
      if (next) passed.push(next.text);
      else await sleep(20);
    }
    throw new Error(`${this.number} did not hear ${whats.join(" or ")}, but:\n${passed.join("\n")}`);
  }

  /** Answers a request, with a description of its sound where it says so. */
  answer(request: Heard, status: string, withSound = false): void {
    const body = withSound ? SOUND : "";
    const to = request.value("To");
    const tag = to.includes(";tag=") ? "" : `;tag=${this.id}`;
    const copied = ["Via", "Record-Route", "From", "Call-ID", "CSeq"].flatMap((name) => request.rows(name));
    this.say([`SIP/2.0 ${status}`, ...copied, `To: ${to}${tag}`, this.contact(), ...described(body)], body);
  }

  /** Calls a number, with a proof. */
  async call(number: string): Promise<void> {
    const id = `${this.id}-${(this.calls += 1)}`;
    const uri = `sip:${number}@${this.product.address("sip-udp")}`;
    const [from, to] = [`From: <sip:${this.number}@127.0.0.1>;tag=${id}`, `To: <${uri}>`];
    const head = (method: string, sequence: number) => [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.here()};branch=z9hG4bK${id}-${sequence};rport`,
      "Max-Forwards: 70",
      from,
      `Call-ID: ${id}`,
      `CSeq: ${sequence} ${method}`,
    ];
    this.say([...head("INVITE", 1), to, this.contact(), ...described(SOUND)], SOUND);
    const refused = await this.heard("407");
    this.say([...head("ACK", 1), `To: ${refused.value("To")}`, "Content-Length: 0"]);
    const challenge = refused.rows("Proxy-Authenticate").find((row) => /algorithm="?MD5\b/i.test(row));
    if (!challenge) throw new Error(`no MD5 challenge:\n${refused.text}`);
    const proof = this.proof(challenge, "Proxy-Authorization", "INVITE", uri).trimEnd();
    this.say([...head("INVITE", 2), proof, to, this.contact(), ...described(SOUND)], SOUND);
  }

  private say(lines: string[], body = ""): void {
    const [host, port] = this.product.address("sip-udp").split(":");
    this.line().send(`${lines.join("\r\n")}\r\n\r\n${body}`, Number(port), host);
  }

  private contact(): string {
    return `Contact: <sip:${this.number}@${this.here()}>`;
  }

  private here(): string {
    const { address, port } = this.line().address();
    return `${address}:${port}`;
  }

  private line(): Socket {
    if (!this.socket) throw new Error(`${this.number} has not registered`);
    return this.socket;
  }
}

function described(body: string): string[] {
  return [...(body ? ["Content-Type: application/sdp"] : []), `Content-Length: ${body.length}`];
}
