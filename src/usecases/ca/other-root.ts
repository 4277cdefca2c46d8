// Certificates of a private CA that are served under a root that is none of its own: another CA of that name signed them, and this one was put in its place since.
import { readCertificate } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { caWord } from "../../domain/private-ca.ts";
import { generationOf } from "../../domain/generation.ts";
import type { ShownCa } from "../../issuers/private-cas.ts";
import type { PublicSlot } from "../../store/store.ts";
import { verifiesAll } from "../bundle-roots.ts";
import { readableState, unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { type OfCa, certificatesOf } from "./of-ca.ts";
import { renewNow } from "./relying.ts";

export interface ServedOfCa extends OfCa {
  readonly slots: readonly PublicSlot[];
}

/** Undefined: a file of it is missing, or no certificate any more, which is its own trouble (`live-damaged`). */
const readableSlots = async ({ store }: World, name: string, number: number) => {
  const slots = await unlessFailure(async () => {
    const found = Object.values(await store.readCertificates(name, number));
    for (const { leaf, chain } of found) for (const one of [leaf, ...chain]) readCertificate(one);
    return found;
  });
  return slots instanceof Failure ? undefined : slots;
};

/** What is served now of the certificates that a CA of this name signed; what cannot be read is left out. */
export const servedOf = async (world: World, ca: string): Promise<readonly ServedOfCa[]> => {
  const found: ServedOfCa[] = [];
  for (const one of await certificatesOf(world, ca)) {
    const number = world.store.liveNumber(one.name);
    const state = number === undefined ? undefined : readableState(world, one.name);
    const live = state && generationOf(state, number);
    if (number === undefined || live?.issuer !== "private-ca" || live.authority !== ca) continue;
    const slots = await readableSlots(world, one.name, number);
    if (slots && slots.length > 0) found.push({ ...one, slots });
  }
  return found;
};

/** Those that no root of the CA vouches for, ended ones included. `roots`: PEM of those that have not ended. */
export const strangersOf = (
  { root, older }: ShownCa,
  roots: readonly string[],
  served: readonly ServedOfCa[],
): readonly ServedOfCa[] => {
  const own = new Set([root, ...older].map(({ sha256 }) => sha256));
  const isOwn = (slot: PublicSlot): boolean => {
    // Its chain ends with a root: to look at that alone is quick.
    const top = slot.chain.at(-1);
    return (top !== undefined && own.has(readCertificate(top).sha256)) || roots.some((one) => verifiesAll(one, [slot]));
  };
  return served.filter(({ slots }) => !slots.every(isOwn));
};

/** `severity`: right after the CA was put there, it is a person's next step; later, nobody has seen to it. */
export const otherRootFindings = async (
  world: World,
  ca: ShownCa,
  severity: "fault" | "warning" = "fault",
): Promise<readonly Finding[]> => {
  const roots = await (await world.privateCas()).roots(ca.name, world.now());
  const strange = strangersOf(ca, roots, await servedOf(world, ca.name));
  if (strange.length === 0) return [];
  const names = strange.map(({ name }) => name);
  const who = `${names.slice(0, 5).join(", ")}${names.length > 5 ? `, ... (${names.length} certificates)` : ""} ${names.length > 1 ? "are" : "is"}`;
  return [
    {
      check: "ca-other-root",
      severity,
      message: `${who} served under a root that is none of the private CA "${ca.name}": who has imported ${ca.root.title} refuses that, and who has imported the other refuses what is issued next`,
      hint: `serve under ${ca.root.title}: ${renewNow(strange)}; then hand its files to whoever has the other root: mailcert bundle; if another CA is the right one, put that back: mailcert ca restore FILE --replace (see mailcert ca show${caWord(ca.name)})`,
      reference: "docs/private-ca.md",
    },
  ];
};
