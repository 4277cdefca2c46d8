// A rotation that is only half done: certificates that are still served under the root before the present one, and the one command that ends it.
import type { Finding } from "../../domain/finding.ts";
import { permits } from "../../domain/name-constraints.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { ShownCa } from "../../issuers/private-cas.ts";
import { verifiesAll } from "../bundle-roots.ts";
import { unlessFailure } from "../unless-failure.ts";
import { Failure } from "../../domain/failure.ts";
import type { World } from "../world.ts";
import { type OfCa, certificatesOf } from "./of-ca.ts";

/** Those of the CA that a client with the present root alone would refuse now. */
const behind = async (world: World, ca: ShownCa): Promise<readonly OfCa[]> => {
  const [present] = await (await world.privateCas()).roots(ca.name, world.now());
  if (present === undefined) return [];
  const found: OfCa[] = [];
  for (const one of await certificatesOf(world, ca.name)) {
    const number = world.store.liveNumber(one.name);
    const state = number === undefined ? undefined : world.store.read(one.name);
    const generation = state?.generations.find((each) => each.number === number);
    if (number === undefined || generation?.issuer !== "private-ca" || generation.authority !== ca.name) continue;
    const slots = Object.values(await world.store.readCertificates(one.name, number));
    if (slots.length > 0 && !verifiesAll(present, slots)) found.push(one);
  }
  return found;
};

/** Names of certificates for a command line; a shell's limit is far off. */
export const renewNow = (served: readonly Pick<OfCa, "name">[]): string =>
  `mailcert renew --force ${served.map(({ name }) => shellWord(name)).join(" ")}`;

/** Names that an older root may not certify: their clients need the new root before it is served. */
export const beyondOld = ({ older: [before] }: ShownCa, { names }: Pick<OfCa, "names">): boolean =>
  before !== undefined && names.some((name) => !permits(before.limits, name));

/** Where there is an earlier root that counts; costs nothing elsewhere. */
export const halfRotated = async (world: World, ca: ShownCa): Promise<readonly Finding[]> => {
  if (!ca.older.some(({ notAfter }) => Date.parse(notAfter) > world.now().getTime())) return [];
  const left = await unlessFailure(() => behind(world, ca));
  if (left instanceof Failure || left.length === 0) return [];
  const names = left.map(({ name }) => name);
  const first = left.some((one) => beyondOld(ca, one))
    ? "hand the new root out first, for some names are served under it alone (mailcert bundle); then: "
    : "";
  return [
    {
      check: "ca-half-rotated",
      severity: "warning",
      message: `the private CA "${ca.name}" has a new root (${ca.root.title}), and ${names.slice(0, 5).join(", ")}${names.length > 5 ? `, ... (${names.length} certificates)` : ""} ${names.length > 1 ? "are" : "is"} still served under the one before: who imports only the new one refuses that until the next renewal`,
      hint: `${first}${renewNow(left)}`,
      reference: "docs/private-ca.md",
    },
  ];
};
