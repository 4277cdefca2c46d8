// ca rotate: a new root in the place of the present one, which vouches for it; then who has to import it, and by when.
import { Failure } from "../../domain/failure.ts";
import { type NameConstraints, permits } from "../../domain/name-constraints.ts";
import { type ImportStep, caWord, importSteps, lastLed } from "../../domain/private-ca.ts";
import type { RotateRequest, ShownCa } from "../../issuers/private-cas.ts";
import { refreshBundle } from "../after-setup.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { unpublished } from "./crl.ts";
import { beyondOld, halfRotated } from "./half-rotated.ts";
import { type OfCa, certificatesOf } from "./of-ca.ts";
import { renewNow } from "./relying.ts";
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

/** What the command itself will ask for. */
const keyNotes = ({ name, root }: ShownCa, { rootKey, offline }: RotateWish): readonly string[] =>
  root.key === "away" && (rootKey === undefined || offline === undefined)
    ? [
        `the root's key is kept away: bring it back, and name an empty folder for the new one's: mailcert ca rotate${caWord(name)} --root-key ${shellWord(rootKey ?? "FILE")} --offline ${shellWord(offline ?? "DIR")}`,
      ]
    : [];

const usualDays = 397;

/** @throws Failure `usage` for a root that ends before a certificate of its own would. */
const refuseShort = (served: readonly OfCa[], days: number | undefined): void => {
  if (days === undefined) return;
  const leaf = Math.max(usualDays, ...served.map(({ config }) => config?.issuer.days ?? 0));
  if (days >= leaf) return;
  throw new Failure("usage", `a root of ${days} days would cut its certificates short, which live for ${leaf} days`, {
    hints: [
      "leave --days out for ten years: with ca rotate it is the root's lifetime, and with setup and issue that of a certificate",
    ],
  });
};

/** What a person is asked. Nothing takes a rotation back but a backup from before. */
export const rotateQuestion = async (world: World, { name, ca, plan }: RotateResult): Promise<string> => {
  const [half] = await halfRotated(world, ca);
  const who =
    plan.length === 0
      ? ""
      : `, which everybody has to import in time (clients of ${plan.length} ${plan.length === 1 ? "certificate" : "certificates"})`;
  return half === undefined
    ? `Give the private CA "${name}" a new root in the place of ${ca.root.title}${who}? Only a backup that was made before takes it back.`
    : `The present root of the private CA "${name}", ${ca.root.title}, is not yet what all is served under (${half.hint ?? ""}). Rotate again all the same?`;
};

/** What a rotation would come to, refusals included; nothing is changed. */
export const planRotation = async (world: World, wish: RotateWish): Promise<RotateResult> => {
  const cas = await world.privateCas();
  const ca = await theCa(world, wish.name);
  const { limits } = await cas.planRotate({ ...wish, now: world.now() });
  const served = await certificatesOf(world, wish.name);
  refuseLeftOut(served, limits);
  refuseShort(served, wish.days);
  return {
    name: wish.name,
    outcome: "planned",
    ...(limits === undefined ? {} : { limits }),
    ca,
    plan: importSteps({ ...ca, older: [ca.root, ...ca.older] }, served),
    notes: [...configNotes(served, limits), ...keyNotes(ca, wish)],
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

/** The one next command, and what holds until then. */
const nextNotes = (ca: ShownCa, served: readonly OfCa[]): readonly string[] => {
  const soon = served.filter((one) => !beyondOld(ca, one));
  const late = served.filter((one) => beyondOld(ca, one));
  const old = ca.older[0]?.title ?? "";
  return [
    ...(soon.length === 0
      ? []
      : [
          `next: ${renewNow(soon)} (or wait for the next renewal: until then they are served under ${old}, and the files for clients lead with that)`,
        ]),
    ...(late.length === 0
      ? []
      : [
          `once their clients have imported the new root, and no sooner: ${renewNow(late)} (the old root may not certify all of their names)`,
        ]),
  ];
};

/** The caller holds the lock. `agreed`: what a person agreed to replace: SHA-256 of the root. */
export const rotateCa = async (world: World, wish: RotateWish, agreed: string): Promise<RotateResult> => {
  const planned = await planRotation(world, wish);
  if (planned.ca.root.sha256 !== agreed)
    throw new Failure("try-later", `nothing was changed: another run has given "${wish.name}" a new root meanwhile`, {
      hints: [`see what there is now: mailcert ca show${caWord(wish.name)}`],
    });
  const { name, offline } = wish;
  const cas = await world.privateCas();
  const failed = await unlessFailure(() => cas.rotate({ ...wish, now: world.now() }));
  // What fails after the new root was decided is finished by the next run: the root is another all the same.
  const after = failed instanceof Failure ? await unlessFailure(() => cas.show(name, world.now())) : undefined;
  const isOther = after !== undefined && !(after instanceof Failure) && after.root.sha256 !== planned.ca.root.sha256;
  if (isOther || !(failed instanceof Failure))
    await recordChange(world, {
      what: `gave the private CA "${name}" a new root, signed by the one before (${planned.ca.root.title})`,
      undo: `mailcert ca restore FILE --replace, from a backup that was made before`,
    });
  if (failed instanceof Failure) throw failed;
  const untold = await tellServers(world, name);
  const ca = await theCa(world, name);
  const served = await certificatesOf(world, name);
  const { limits, spkiSha256 } = ca.root;
  const [before] = ca.older;
  const until = before === undefined ? "" : lastLed(before).slice(0, 10);
  return {
    name,
    outcome: "rotated",
    ...(limits === undefined ? {} : { limits }),
    ca,
    plan: importSteps(ca, served),
    notes: [
      ...nextNotes(ca, served),
      ...configNotes(served, limits),
      ...(await bundleNotes(world, served)),
      ...untold.map(({ message }) => message),
      ...failed.map((failure) => `${unpublished(failure).message}; the next run tries again`),
      `where TLSA records name the old root (2 1 1), publish the new one beside it before ${until}, from when on a renewal sends the old one no more: \`2 1 1 ${spkiSha256}\``,
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
