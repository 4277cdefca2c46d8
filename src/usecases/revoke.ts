// Revoke: what is live is replaced first, then revoked at its CA; a compromised key is never certified again.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { generationOf, targetOf } from "../domain/generation.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import {
  type PendingRevocation,
  type RevocationReason,
  doomedBy,
  doomedGenerations,
  goOnCommand,
  pendingOf,
  withPending,
  withRetiredKeys,
} from "../domain/revocation.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { refuseDamaged } from "./account-show.ts";
import type { DeployOptions } from "./deployment.ts";
import { keyRecords } from "./key-records.ts";
import { recordChange } from "./record-change.ts";
import { readyKeys, sharing } from "./given-up-keys.ts";
import { slotsOf } from "./served-certificate.ts";
import { type RenewedCertificate, renew } from "./renew.ts";
import { besides, underWay } from "./revocations-under-way.ts";
import { type RevokedLeaf, atCa, revokeAll } from "./revoke-generations.ts";
import { refuseIrrevocable, refuseUnrecorded } from "./revoke-refusal.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface RevokeOptions extends DeployOptions {
  /** undefined: that of a revocation which is under way, or `unspecified`. */
  readonly reason?: RevocationReason;
  readonly dryRun: boolean;
  /** Throws where nobody says yes. Nothing is changed before it was called. */
  readonly confirm: (question: string) => Promise<void>;
}

export interface RevokeResult {
  readonly certificate: string;
  readonly reason: RevocationReason;
  /** `not-replaced`: the new one is not proven everywhere, so that nothing was revoked yet. `unfinished`: something of it is valid still; later runs go on. */
  readonly outcome: "planned" | "revoked" | "unfinished" | "not-replaced";
  /** The generation that is meant; others that have its compromised key go with it. */
  readonly generation: GenerationRecord;
  readonly newKey: boolean;
  /** A new generation takes its place first. */
  readonly replaces: boolean;
  readonly replacement?: RenewedCertificate;
  readonly revoked: readonly RevokedLeaf[];
  /** TLSA records for the new keys (RFC 7671 §5.1), as lines of a zone. */
  readonly tlsa: readonly string[];
  /** Other certificates with a key that is given up: the next renewal replaces them, and revokes what they had. */
  readonly sharing: readonly string[];
  /** Of a dry run: what the replacement would meet. */
  readonly findings?: readonly PreflightFinding[];
}

interface Plan {
  readonly state: CertificateState;
  readonly pending: PendingRevocation;
  readonly generation: GenerationRecord;
  readonly doomed: readonly GenerationRecord[];
  /** Other certificates with a key that is given up, as they are to be written. */
  readonly others: readonly CertificateState[];
  /** Something doomed is served, or would be. */
  readonly replaces: boolean;
}

/** What servers have, or would have. */
const servedNumber = (world: World, state: CertificateState): number | undefined =>
  state.parked ? state.target : world.store.liveNumber(state.name);

/** The account that it was issued to is ours and can still ask. */
const hasAccount = async (world: World, { issuer, account, authority }: GenerationRecord): Promise<boolean> => {
  // A CA of this host's own is asked by nobody else.
  if (issuer === "private-ca") return true;
  const all = await (await world.accounts()).list();
  const has = all.some(
    ({ registered, inUse }) =>
      registered !== undefined &&
      registered.deactivatedAt === undefined &&
      (account === undefined ? inUse && registered.directory === authority : registered.url === account),
  );
  // One that cannot be read may be it.
  if (!has) refuseDamaged(all, authority);
  return has;
};

const planned = async (
  world: World,
  name: string,
  configured: boolean,
  { reason: given }: RevokeOptions,
): Promise<Plan> => {
  const before = world.store.read(name);
  const under = before && underWay(world, before, given);
  const generation =
    before && (generationOf(before, under?.generation ?? world.store.liveNumber(name)) ?? targetOf(before));
  if (!before || !generation) throw new Failure("data", `nothing was issued for ${name}: there is nothing to revoke`);
  refuseIrrevocable(name, generation);
  await refuseUnrecorded(world, name, generation);
  if (under?.reason === "keyCompromise" && given !== undefined && given !== "keyCompromise")
    throw new Failure(
      "usage",
      `generation ${under.generation} of ${name} is being revoked for keyCompromise: its key was given up, and the CA is told so`,
      { hints: [`go on with that: mailcert revoke ${name}`] },
    );
  const reason = given ?? under?.reason ?? "unspecified";
  // Without the account only the key can ask; a CA takes that for a compromise, and bars the key.
  const byKey = reason === "keyCompromise" || under?.byKey === true || !(await hasAccount(world, generation));
  const pending = { generation: generation.number, reason, since: under?.since ?? world.now().toISOString(), byKey };
  // Who read the one key has read those that lie ready beside it; but what an earlier run has made since is what DNS waits for.
  const known = under?.byKey === true && (given !== "keyCompromise" || under.reason === given);
  const ready = byKey && !known ? await readyKeys(world, before) : [];
  const retired = byKey ? withRetiredKeys(before, generation, ready) : before;
  const state = withPending(retired, [pending, ...besides(retired, pending, under)]);
  const doomed = doomedGenerations(state, world.now());
  const number = servedNumber(world, state);
  const served = doomed.some((one) => one.number === number);
  const servers = Object.keys(state.deployments);
  if (served && !configured && !state.parked && servers.length > 0)
    throw new Failure(
      "config",
      `${servers.join(", ")} serves ${name}, which is not in the configuration: nothing can take its place`,
      {
        hints: [
          `put it back: mailcert setup ${generation.names[0] ?? name}, then revoke`,
          `or take it out of the servers first: mailcert deploy --remove ${name}`,
        ],
      },
    );
  const others = byKey ? await sharing(world, state, pending) : [];
  return { state, pending, generation, doomed, others, replaces: served && configured };
};

const question = ({ state, generation, doomed, others, replaces, pending }: Plan, name: string): string => {
  const [, ...earlier] = pendingOf(state);
  const which = doomed
    .flatMap(({ number }) => (earlier.some((one) => one.generation === number) ? [] : [number]))
    .join(", ");
  const first = replaces ? `; a new one${pending.byKey ? " with a new key" : ""} is issued and deployed first` : "";
  const along =
    others.length === 0
      ? ""
      : ` The same key has ${others.map((one) => one.name).join(", ")}: the next renewal replaces and revokes that, too.`;
  return `Revoke generation ${which} of ${name} ${atCa(generation)} (${pending.reason})? No CA takes that back${first}.${along}${tooText(earlier)}`;
};

const tooText = (earlier: readonly PendingRevocation[]): string =>
  earlier.length === 0
    ? ""
    : ` What is under way is finished along: ${earlier.map(({ generation, reason }) => `generation ${generation} (${reason})`).join(", ")}.`;

const isProven = ({ failure, deployed }: RenewedCertificate): boolean =>
  failure === undefined && (deployed === undefined || ["verified", "in-place", "no-server"].includes(deployed.outcome));

/** The way to go on with the same, as a command. */
const again = (name: string, { reason }: PendingRevocation): string => `mailcert revoke ${name} --reason ${reason}`;

const replaceFirst = async (
  world: World,
  certificate: CertificateConfig,
  { pending, state, doomed }: Plan,
  options: RevokeOptions,
): Promise<RenewedCertificate> => {
  const { name } = certificate;
  const result = await renew(world, [certificate], {
    replace: options.replace,
    accept: options.accept,
    // What an earlier run has issued is only deployed and proven.
    force: doomed.some(({ number }) => number === state.target),
    // A request that was made elsewhere brings its own.
    newKey: pending.byKey && certificate.csr === undefined,
    named: true,
    dryRun: false,
    leaveRevocation: true,
    toReplace: `${again(name, pending)} --replace`,
  });
  const [one] = result.certificates;
  if (!one) throw new Failure("data", `${name} was not renewed`);
  if (one.failure) {
    if (isServed(world, name, pending)) await forget(world, name, pending);
    const { kind, message, hints, facts } = one.failure;
    throw new Failure(kind, `nothing was revoked, for ${name} could not be replaced: ${message}`, {
      hints: [...hints, `then: ${goOnCommand(name, pending)}`],
      ...(facts ? { facts } : {}),
      cause: one.failure,
    });
  }
  return one;
};

/** How many keys this state gives up that what is written does not. */
const newlyRetired = (world: World, { name, retired = [] }: CertificateState): number => {
  const before = readableState(world, name)?.retired ?? [];
  return retired.filter((key) => !before.includes(key)).length;
};

/** Something that is to be revoked; `pending`: by that one. */
const isServed = (world: World, name: string, pending?: PendingRevocation): boolean => {
  const state = world.store.read(name);
  if (!state) return false;
  const number = servedNumber(world, state);
  const doomed = pending ? doomedBy(state, pending, world.now()) : doomedGenerations(state, world.now());
  return doomed.some((one) => one.number === number);
};

/** What is served is what was: nothing has happened that would have to be gone on with. A compromised key stays one. */
const forget = async (world: World, name: string, { byKey, generation }: PendingRevocation): Promise<void> => {
  const state = byKey ? undefined : world.store.read(name);
  if (!state || generationOf(state, generation)?.revoking) return;
  await world.store.write(
    withPending(
      state,
      pendingOf(state).filter((one) => one.generation !== generation),
    ),
  );
};

const plannedLeaves = ({ doomed }: Plan): readonly RevokedLeaf[] =>
  doomed.flatMap((one) =>
    slotsOf(one).map((slot) => ({
      generation: one.number,
      slot,
      sha256: one.leaves[slot]?.sha256 ?? "",
      outcome: "planned" as const,
    })),
  );

/** `certificate` undefined: the configuration does not have it any more. The caller holds the lock, unless it is a dry run. */
export const revoke = async (
  world: World,
  name: string,
  certificate: CertificateConfig | undefined,
  options: RevokeOptions,
): Promise<RevokeResult> => {
  const plan = await planned(world, name, certificate !== undefined, options);
  const { state, pending, generation, replaces, others } = plan;
  const names = others.map((one) => one.name);
  const base = {
    certificate: name,
    reason: pending.reason,
    generation,
    newKey: pending.byKey,
    replaces,
    sharing: names,
  };
  if (options.dryRun) {
    // Loaded only here: pre-flight asks the CA.
    const findings =
      certificate && replaces ? await (await import("./foresee.ts")).foresee(world, certificate, plan, options) : [];
    return {
      ...base,
      outcome: "planned",
      revoked: plannedLeaves(plan),
      tlsa: [],
      ...(findings.length > 0 ? { findings } : {}),
    };
  }
  await options.confirm(question(plan, name));
  // Before anything else: whatever ends this run, a compromised key is not certified again, and the next run goes on from here.
  for (const one of [...others, state]) {
    const given = newlyRetired(world, one);
    await world.store.write(one);
    if (given > 0)
      await recordChange(world, {
        certificate: one.name,
        what: `gave up ${given === 1 ? "a private key" : `${given} private keys`} of ${one.name} (${pending.reason}): never certified again`,
      });
  }
  const unproven = !state.parked && state.stage !== "verified";
  const replacement =
    certificate && (replaces || (unproven && world.store.liveNumber(name) !== undefined))
      ? await replaceFirst(world, certificate, plan, options)
      : undefined;
  const after = world.store.read(name) ?? state;
  const still = isServed(world, name);
  const tlsa = replacement && pending.byKey ? keyRecords(generationOf(after, servedNumber(world, after))) : [];
  const shown = { ...base, ...(replacement ? { replacement } : {}), tlsa };
  if ((replaces && still) || (replacement && !isProven(replacement))) {
    if (isServed(world, name, pending)) await forget(world, name, pending);
    return { ...shown, outcome: "not-replaced", revoked: [] };
  }
  return { ...shown, ...(await revokeAll(world, name, certificate)) };
};
