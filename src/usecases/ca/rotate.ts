// ca rotate: a new root in the place of the present one, which vouches for it; then who has to import it, and by when.
import { Failure } from "../../domain/failure.ts";
import { type NameConstraints, permits } from "../../domain/name-constraints.ts";
import { type ImportStep, caWord, importSteps } from "../../domain/private-ca.ts";
import type { RotateRequest, ShownCa } from "../../issuers/private-cas.ts";
import { refreshBundle } from "../after-setup.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { unpublished } from "./crl.ts";
import { type OfCa, certificatesOf } from "./of-ca.ts";
import { theCa } from "./show.ts";

export type RotateWish = Omit<RotateRequest, "now">;

export interface RotateResult {
  readonly name: string;
  readonly outcome: "planned" | "rotated";
  /** Of the new root; absent: it may certify any name. */
  readonly limits?: NameConstraints;
  /** As it is now. */
  readonly ca: ShownCa;
  readonly plan: readonly ImportStep[];
  readonly notes: readonly string[];
}

const listed = (limits: NameConstraints | undefined): readonly string[] =>
  limits === undefined ? ["*"] : [...limits.domains, ...limits.addresses];

/** An entry that says what the old root was limited to would be refused. */
const configNotes = (served: readonly OfCa[], limits: NameConstraints | undefined): readonly string[] => {
  const wanted = listed(limits).toSorted().join();
  const stale = served.filter(({ config }) => {
    const stated = config?.issuer.kind === "private-ca" ? config.issuer.caDomains : undefined;
    return stated !== undefined && stated.length > 0 && [...stated].toSorted().join() !== wanted;
  });
  return stale.length === 0
    ? []
    : [
        `change ca_domains in the configuration to [${listed(limits)
          .map((one) => JSON.stringify(one))
          .join(
            ", ",
          )}] for ${stale.map(({ name }) => name).join(", ")}, or remove it: their next renewal is refused otherwise`,
      ];
};

/** @throws Failure `config` where the new root could not certify what the CA certifies now. */
const refuseLeftOut = (served: readonly OfCa[], limits: NameConstraints | undefined): void => {
  const out = served.flatMap(({ names }) => names.filter((name) => !permits(limits, name)));
  if (out.length === 0) return;
  const names = [...new Set(out)];
  throw new Failure(
    "config",
    `with these limits the new root could not certify ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", ..." : ""}, which this CA certifies now: nothing was changed`,
    { hints: ["add their domains to --ca-domains", "or take these names out of the configuration first"] },
  );
};

/** What a rotation would come to, refusals included; nothing is changed. */
export const planRotation = async (world: World, wish: RotateWish): Promise<RotateResult> => {
  const cas = await world.privateCas();
  const ca = await theCa(world, wish.name);
  const { limits } = await cas.planRotate({ ...wish, now: world.now() });
  const served = await certificatesOf(world, wish.name);
  refuseLeftOut(served, limits);
  return {
    name: wish.name,
    outcome: "planned",
    ...(limits === undefined ? {} : { limits }),
    ca,
    plan: importSteps({ ...ca, older: [ca.root, ...ca.older] }, served),
    notes: configNotes(served, limits),
  };
};

/** What names, or holds, the list of the key that signed until now. */
const listNotes = (name: string, { published }: ShownCa, served: readonly OfCa[]): readonly string[] => [
  ...served.flatMap(({ name: entry, config }) =>
    config?.issuer.kind === "private-ca" && config.issuer.crlUrl !== undefined
      ? [
          `ca_crl_url of ${entry} (${config.issuer.crlUrl}) leads to the list of the key before: publish the new key's list elsewhere, and write that URL there before the next renewal`,
        ]
      : [],
  ),
  ...published
    .filter((path) => !path.endsWith(".pem"))
    .map(
      (path) =>
        `${path} stays the list of the key before; one of the new key: mailcert ca crl${caWord(name)} --out FILE`,
    ),
];

/** A root's key that was open is still whoever reads it: the one before is trusted until its end. */
const openKeyNotes = ({ older: [before] }: ShownCa, offline: string | undefined): readonly string[] =>
  offline === undefined || before?.key !== "here"
    ? []
    : [
        `the key of the root before (${before.title}) stays here, open: ${before.file.replace(/\.pem$/, "-key.pem")}; it lists what it has signed and is revoked, and whoever reads it can certify names until ${before.notAfter.slice(0, 10)}`,
      ];

const bundleNotes = async (world: World, served: readonly OfCa[]): Promise<readonly string[]> => {
  const notes: string[] = [];
  for (const { config, name } of served) {
    if (config?.bundle === undefined) continue;
    const made = await unlessFailure(() => refreshBundle(world, config, false));
    if (made instanceof Failure)
      notes.push(`the files for clients of ${name} in ${config.bundle} are still the old ones: ${made.message}`);
    else notes.push(...(made?.findings ?? []).map(({ message }) => message));
  }
  return notes;
};

/** The caller holds the lock. */
export const rotateCa = async (world: World, wish: RotateWish): Promise<RotateResult> => {
  const planned = await planRotation(world, wish);
  const { name, offline } = wish;
  const cas = await world.privateCas();
  await recordChange(world, {
    what: `gave the private CA "${name}" a new root, signed by the one before (${planned.ca.root.title})`,
    undo: `mailcert ca restore FILE --replace, from a backup that was made before`,
  });
  const failed = await cas.rotate({ ...wish, now: world.now() });
  const untold = await tellServers(world, name);
  const ca = await theCa(world, name);
  const served = await certificatesOf(world, name);
  const { limits, spkiSha256 } = ca.root;
  const [before] = ca.older;
  const until = before?.notAfter.slice(0, 10) ?? "";
  return {
    name,
    outcome: "rotated",
    ...(limits === undefined ? {} : { limits }),
    ca,
    plan: importSteps(ca, served),
    notes: [
      ...configNotes(served, limits),
      ...(await bundleNotes(world, served)),
      ...untold.map(({ message }) => message),
      ...failed.map((failure) => `${unpublished(failure).message}; the next run tries again`),
      "certificates go on as they are; each gets one by the new root at its next renewal, or now: mailcert renew --force",
      `where TLSA records name the old root (2 1 1), publish the new one beside it before ${until}: \`2 1 1 ${spkiSha256}\``,
      ...(offline === undefined
        ? []
        : [
            `the new root's key is in ${offline} and nowhere else: carry that folder away, in two copies, and delete it here`,
          ]),
      ...openKeyNotes(ca, offline),
      ...listNotes(name, ca, served),
      `back it up again: mailcert ca backup${caWord(name)} --out FILE`,
    ],
  };
};
