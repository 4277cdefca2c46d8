// A rotation that is only half done: certificates that are still served under the root before the present one, and the one command that ends it.
import type { Finding } from "../../domain/finding.ts";
import { permits } from "../../domain/name-constraints.ts";
import type { ShownCa } from "../../issuers/private-cas.ts";
import { verifiesAll } from "../bundle-roots.ts";
import { unlessFailure } from "../unless-failure.ts";
import { Failure } from "../../domain/failure.ts";
import type { World } from "../world.ts";
import type { OfCa } from "./of-ca.ts";
import { servedOf, strangersOf } from "./other-root.ts";
import { renewNow } from "./relying.ts";

/** Those of the CA that a client with the present root alone would refuse now. */
const behind = async (world: World, ca: ShownCa): Promise<readonly OfCa[]> => {
  const roots = await (await world.privateCas()).roots(ca.name, world.now());
  const [present] = roots;
  if (present === undefined) return [];
  const served = await servedOf(world, ca.name);
  const strange = strangersOf(ca, roots, served);
  return served.filter((one) => !strange.includes(one) && !verifiesAll(present, one.slots));
};

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
