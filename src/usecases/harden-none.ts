// Takes TLS policy out of the servers again and leaves their certificates: what --harden set goes, what stood there before comes back.
import { describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { clean } from "../domain/text.ts";
import type { HostEvent } from "../store/store.ts";
import type { Deployable } from "./entries.ts";
import type { HardenResult } from "./harden.ts";
import { changesInForce, placeOfChange } from "./changes-in-force.ts";
import {
  type UnfinishedPolicy,
  changesOf,
  clearMark,
  policyInForce,
  settled,
  unfinishedPolicies,
} from "./harden-events.ts";
import { deployableById, ownerByName } from "./harden-find.ts";
import { entriesThatWork } from "./harden-look.ts";
import { revertPolicy, settleReverted } from "./harden-revert.ts";
import { type HardenedServer, begin } from "./harden-server.ts";
import { recordChange } from "./record-change.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Servers with a policy of ours, or where one was being taken out, and the certificate that it is written down under. */
const hardened = (events: readonly HostEvent[]): ReadonlyMap<string, string> => {
  const inForce = changesInForce(events).flatMap(({ policy, change, certificate = "" }) =>
    policy === true && change ? [[change.installation, certificate] as const] : [],
  );
  const goingOut = unfinishedPolicies(events).filter(({ aim }) => aim === "none");
  return new Map([...inForce, ...goingOut.map(({ id, certificate }) => [id, certificate] as const)]);
};

/**
 * Asks nobody, and needs no configuration: it is what a person wants at night whose old scanner cannot send any more. The caller holds the lock.
 * `names`: certificates; the servers that have them. None: all. @throws Failure `usage` for a name that this host does not know.
 */
export const removePolicy = async (
  world: World,
  names: readonly string[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<HardenResult> => {
  const known = world.store.list();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Failure("usage", `no certificate is named "${clean(unknown, 100)}" on this host`, {
      hints: [known.length === 0 ? "nothing was deployed here" : `it has: ${known.slice(0, 10).join(", ")}`],
    });
  }
  const events = await world.store.events();
  const servers: HardenedServer[] = [];
  const findings: Finding[] = [];
  for (const [id, certificate] of hardened(events)) {
    const has = (name: string): boolean =>
      name === certificate || readableState(world, name)?.deployments[id] !== undefined;
    if (names.length > 0 && !names.some(has)) continue;
    const deployable = await deployableById(world, id);
    if (deployable) servers.push(await takeOut(world, { deployable, certificate, events, dryRun }));
    else findings.push(goneFinding(id));
  }
  if (!dryRun && world.store.policyIsUnfinished()) await clearMark(world);
  return { profile: "none", servers, findings };
};

const goneFinding = (id: string): Finding => ({
  check: "harden-kept",
  severity: "warning",
  message: `${id} is not installed any more: what its TLS policy changed was left as it is`,
  hint: "mailcert log lists it",
});

/** The same after a run that was cut short. */
export const takeOutAgain = async (
  world: World,
  deployable: Deployable,
  { certificate }: Pick<UnfinishedPolicy, "certificate">,
): Promise<HardenedServer> =>
  takeOut(world, { deployable, certificate, events: await world.store.events(), dryRun: false });

interface TakingOut {
  readonly deployable: Deployable;
  readonly certificate: string;
  readonly events: readonly HostEvent[];
  readonly dryRun: boolean;
}

const takeOut = async (
  world: World,
  { deployable, certificate, events, dryRun }: TakingOut,
): Promise<HardenedServer> => {
  const { id, server, version, running } = deployable.installation;
  const open = policyInForce(events, id);
  const base = { id, server, version, settings: [], stricter: [], notCovered: [], proven: 0, findings: [] } as const;
  if (dryRun) {
    // The oldest change of a setting has what will stand there.
    const oldest = new Map<string, string>();
    for (const change of changesOf(open).toReversed()) {
      oldest.delete(placeOfChange(change));
      oldest.set(placeOfChange(change), describeRevert(change, false));
    }
    return { ...base, outcome: "planned", changes: [...oldest.values()] };
  }
  const works = await entriesThatWork(world, deployable, await ownerByName(world, certificate), true);
  await begin(world, id, certificate, "none");
  const { reverted, kept, findings } = await revertPolicy(world, deployable, open);
  const { ok, words, open: unread } = await settleReverted(world, deployable, works);
  if (ok && findings.length === 0) await recordChange(world, { certificate, what: settled(id, "taken out") });
  const asBefore = !words.startsWith("but");
  const trouble: Finding = {
    check: "harden-kept",
    severity: "fault",
    message: `${id}: its TLS policy was taken out, ${words}`,
    hint: `look at ${id}'s log; then run again: mailcert deploy --harden=none`,
  };
  return {
    ...base,
    outcome: "taken-out",
    changes: reverted.map((what) => what.slice(`${id}: `.length)),
    proven: running && asBefore ? works.targets.length : 0,
    findings: [...kept.map((what) => keptFinding(id, what)), ...findings, ...(asBefore ? [] : [trouble]), ...unread],
  };
};

const keptFinding = (id: string, what: string): Finding => ({
  check: "harden-kept",
  severity: "warning",
  message: `${id}: left alone: ${what}`,
  hint: "it is not what mailcert wrote any more: change it by hand if it is not meant",
});
