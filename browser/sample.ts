// An office on an ordinary day: eight users, phones that are registered, one that is locked out.
import { Office, PARTNER, Visitor } from "./office";
import { Phone } from "./phone";

const USERS = [
  ["Ann", "Ann Smith", "201", "48159"],
  ["Ben", "Ben Okafor", "202", "72064"],
  ["Clara", "Clara Lindqvist", "203", "91537"],
  ["Dmitri", "Dmitri Volkov", "204", "38206"],
  ["Elif", "Elif Yıldız", "205", "60481"],
  ["Farid", "Farid Rahmani", "206", "15973"],
  ["Grace", "Grace Oluwaseun Bartholomew-Featherstonehaugh", "207", "84270"],
  ["Hana", "Hana Kobayashi", "", ""],
] as const;

const PHONES = [
  ["201", "48159", "Yealink SIP-T46U 108.86.0.75", "127.0.0.11"],
  ["202", "72064", "PolyEdge-Edge_E350-UA/8.1.1.0", "127.0.0.12"],
  ["203", "91537", "snomD785/10.1.175.16", "127.0.0.13"],
] as const;

/** How many phones one extension has at most, unless the settings say otherwise. */
const BINDINGS_MAX = 10;

/** One phone too many at an extension: the first is pushed out. Two of the others stay. */
async function crowd(office: Office, number: string, secret: string): Promise<void> {
  const agent = (i: number) => (i === 0 ? "Cisco-CP8841/12.5.1" : "Linphone-Desktop/5.2.4");
  const phones = Array.from({ length: BINDINGS_MAX + 1 }, (_, i) => new Phone(office.product, number, secret, { agent: agent(i), from: `127.0.0.${30 + i}` }));
  for (const phone of phones) await phone.register(3600);
  for (const phone of phones.slice(3)) await phone.register(0);
  for (const phone of phones) phone.close();
}

/** Fills an office and gives the path of the first user's page. */
export async function fill(office: Office): Promise<string> {
  const paths: string[] = [];
  for (const [name, full_name, extension, login_code] of USERS) {
    paths.push(await office.user({ name, full_name, extension, login_code: login_code || undefined }));
  }
  await crowd(office, "206", "15973");
  for (const [number, secret, agent, from] of PHONES) {
    const phone = new Phone(office.product, number, secret, { agent, from });
    const status = await phone.register(3600);
    phone.close();
    if (status !== 200) throw new Error(`${number} was refused: ${status}`);
  }
  const stranger = new Phone(office.product, "204", "11111", { agent: "Grandstream GXP2170 1.0.11.64", from: "127.0.0.14" });
  for (let i = 0; i < 5; i++) await stranger.register();
  stranger.close();
  const guess = await Visitor.of(office.product);
  await guess.signIn(PARTNER, "not the right one");
  const [first] = paths;
  if (!first) throw new Error("the sample has no users");
  return first;
}
