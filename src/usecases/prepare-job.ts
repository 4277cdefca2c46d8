// Before anything is switched: whether a certificate may be served, by whom, and what DNS and clients think of it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf, targetOf } from "../domain/generation.ts";
import { hasRetiredKey, whyRevoked } from "../domain/revocation.ts";
import { shellWord } from "../domain/shell-word.ts";
import { emptyState } from "../domain/state.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { candidateOfGeneration } from "./candidate.ts";
import type { Job } from "./deployment.ts";
import { type Guarded, type Promises, keepDnsPromises } from "./dns-promises.ts";
import type { Deployable } from "./entries.ts";
import { checkGeneration } from "./intact.ts";
import { withKeyGroup } from "./key-readers.ts";
import { placeOf, takeOver } from "./one-certificate.ts";
import { keepPinnedChain } from "./pinned-chain.ts";
import { revertSettings } from "./revert-settings.ts";
import { unreadOf } from "./unread.ts";
import { unseenFinding, unseenOf } from "./unseen.ts";
import type { World } from "./world.ts";

/** A certificate whose servers are known. */
export interface PreparedJob extends Job {
  readonly notes: readonly Finding[];
  /** About servers that are not named for it any more. */
  readonly left: readonly Finding[];
  /** The group that could read its keys until now. */
  readonly keyGroup: string | undefined;
}

/** The caller holds the lock. @throws Failure `data` when nothing was issued yet, or what was must not be served. */
export const prepareJob = async (
  world: World,
  certificate: CertificateConfig,
  batch: readonly CertificateConfig[],
): Promise<PreparedJob> => {
  const { parked, unread = [], ...known } = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const target = targetOf(known);
  if (!target) {
    throw new Failure("data", `nothing was issued for ${certificate.name} yet`, {
      hints: [`run: mailcert issue ${certificate.name}`],
    });
  }
  refuseCondemned(world, certificate.name, target);
  await checkGeneration(world, certificate.name, target);
  const place = await placeOf(world, certificate, batch);
  const { servers: found, notes } = place;
  await takeOver(world, certificate, found);
  // Those that are to have it again need not read that it was taken out.
  const owed = unread.filter((id) => !found.some(({ installation }) => installation.id === id));
  const { left, stays } = await takeFromOthers(world, certificate, known, found, owed);
  const unsettled = owed.filter((id) => unreadOf(world, [certificate.name]).has(id));
  const state = { ...withKeyGroup(known, place, stays), ...(unsettled.length > 0 ? { unread: unsettled } : {}) };
  const back = parked === true ? [backFinding(certificate.name)] : [];
  const all = [...back, ...notes];
  return { certificate, state, target, found, notes: all, left, keyGroup: known.keyGroup, rereads: "all" };
};

/** A plain `deploy` is about all of the configuration, and the taking out may be long ago. */
const backFinding = (name: string): Finding => ({
  check: "deploy-back",
  severity: "info",
  message: `${name} had been taken out of the servers (mailcert deploy --remove): this put it back`,
  hint: `where it is not to be served: mailcert deploy --remove ${shellWord(name)}, and name the others when you deploy; or servers: none in its entry`,
});

/** What is served stays until something takes its place: a key that was given up is not brought back. @throws Failure `data`. */
const refuseCondemned = (world: World, name: string, target: GenerationRecord): void => {
  const state = world.store.read(name) ?? emptyState(name);
  const served =
    world.store.liveNumber(name) === target.number &&
    Object.values(state.deployments).some(({ generation }) => generation === target.number);
  const retired =
    !served && hasRetiredKey(state, target) ? "has a private key that was given up as compromised" : undefined;
  const why = whyRevoked(target) ?? retired;
  if (why === undefined) return;
  const message = `generation ${target.number} of ${name} ${why}: it is not served again`;
  throw new Failure("data", message, { hints: [`make a new one: mailcert renew --force ${name}`] });
};

/** Servers that the configuration no longer names for this certificate get their own settings back. `owed`: those that have not read an earlier removal. */
const takeFromOthers = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  found: readonly Deployable[],
  owed: readonly string[],
): Promise<{ readonly left: readonly Finding[]; readonly stays: boolean }> => {
  const { name, deployments } = state;
  const missing = Object.keys(deployments).filter(
    (id) => !owed.includes(id) && !found.some(({ installation }) => installation.id === id),
  );
  if (missing.length + owed.length === 0) return { left: [], stays: false };
  const unseen = await unseenOf(world, certificate, state, missing);
  const gone = [...missing.filter((id) => !unseen.includes(id)), ...owed];
  const told = unseen.map((id) => unseenFinding(id, name));
  if (gone.length === 0) return { left: told, stays: true };
  // An entry of another name has the same places now: nobody is to be without its files meanwhile.
  const wanted = new Set((certificate.files ?? []).flatMap(({ paths }) => Object.values(paths)));
  const result = (await revertSettings(world, [name], { only: gone, wanted, owed: new Set(owed) })).get(name);
  const { reverted, kept, findings } = result ?? { reverted: [], kept: [], findings: [] };
  const some = reverted.slice(0, 5).join("; ");
  const more = reverted.length > 5 ? ` and ${reverted.length - 5} more (mailcert log ${name})` : "";
  const message = `${gone.join(", ")}: not named for ${name} any more: ${some === "" ? "there was no setting to take back" : some + more}`;
  const left: Finding[] = [
    { check: "deploy-left", severity: "info", message },
    ...kept.map((what) => ({ check: "deploy-left", severity: "warning" as const, message: `left alone: ${what}` })),
    ...findings,
    ...told,
  ];
  return { left, stays: kept.length + findings.length + unseen.length > 0 };
};

/** @throws Failure `config` where DNS tells others to refuse what would be switched to. What a killed run has switched already is finished. */
export const refuseUnpromised = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
): Promise<Promises> => {
  const { name } = certificate;
  const live = world.store.liveNumber(name);
  if (live === target.number && (state.baseline || found.length === 0)) return { state, findings: [] };
  const before = live === target.number ? undefined : generationOf(state, live);
  const guarded: Guarded = {
    state,
    candidate: await candidateOfGeneration(world, name, target),
    place: async () => ({ servers: found, auto: certificate.servers === "auto" }),
    ways: {
      resume: `run: mailcert deploy ${name}`,
      ...(before === undefined
        ? {}
        : hasRetiredKey(state, before)
          ? { given: true }
          : { keep: `mailcert renew --force ${name}` }),
      force: `mailcert deploy --replace ${name}`,
    },
  };
  const { state: after, findings } = await keepDnsPromises(world, guarded);
  return { state: await keepPinnedChain(world, { ...guarded, state: after }), findings };
};
