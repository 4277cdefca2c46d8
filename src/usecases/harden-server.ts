// TLS policy of one server: apply, its own test, reload, and a proof that every entry point still takes a client; back to what stood before where one does not.
import { describeChange, describeMade } from "../domain/describe-change.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { PolicyPlan } from "../servers/policy.ts";
import { type Deployable, hintOf } from "./entries.ts";
import { finishRemovals } from "./finish-removals.ts";
import type { PlannedPolicy } from "./harden.ts";
import {
  type PolicyAim,
  begun,
  changesOf,
  changesSinceBegun,
  policyInForce,
  settled,
  undoPolicy,
} from "./harden-events.ts";
import { type PolicyOwner, type Works, entriesThatWork, firstBroken } from "./harden-look.ts";
import { revertPolicy, settleReverted } from "./harden-revert.ts";
import { checkFinding, configFinding } from "./install-settings.ts";
import { orFailure } from "./one-failure.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

export interface HardenedServer extends Pick<PolicyPlan, "library" | "settings" | "stricter" | "notCovered"> {
  readonly id: string;
  readonly server: string;
  readonly version: string;
  /**
   * `as-it-should-be`: nothing was to be done. `planned`: a dry run. `not-proven`: it does not run; it takes its settings when it starts. `untouched`: its own
   * test failed before. `taken-back`: it did harm. `taken-out`: a person asked for it.
   */
  readonly outcome: "as-it-should-be" | "planned" | "set" | "not-proven" | "taken-back" | "taken-out" | "untouched";
  readonly changes: readonly string[];
  /** Entry points that took a client before and after. */
  readonly proven: number;
  readonly findings: readonly Finding[];
}

/** Nothing is done yet. */
export const plannedServer = (
  { deployable: { installation }, plan }: PlannedPolicy,
  outcome: "planned" | "as-it-should-be",
): HardenedServer => ({
  id: installation.id,
  server: installation.server,
  version: installation.version,
  ...(plan.library ? { library: plan.library } : {}),
  outcome,
  settings: plan.settings,
  stricter: plan.stricter,
  notCovered: plan.notCovered,
  changes: outcome === "planned" ? plan.changes.map(describeChange) : [],
  proven: 0,
  findings: [...plan.notes, ...unmet(installation.id, plan)],
});

/** What something else wins at, which is not ours to change. */
const unmet = (id: string, { changes, settings }: PolicyPlan): readonly Finding[] =>
  changes.length > 0 ? [] : settings.map((one) => overrideFinding(id, one));

export const hardenServer = async (
  world: World,
  planned: PlannedPolicy,
  profile: PolicyName,
): Promise<HardenedServer> => {
  const { deployable, owner, plan, undone } = planned;
  const { installation, server } = deployable;
  const { id, running } = installation;
  const base = plannedServer(planned, "as-it-should-be");
  if (plan.changes.length === 0 && !undone) return base;
  const works = await entriesThatWork(world, deployable, owner, undone);
  const back = async (why: string, hint: string, deaf?: Failure): Promise<HardenedServer> => ({
    ...base,
    outcome: "taken-back",
    findings: await takeBack(world, deployable, owner, works, { why, hint, ...(deaf ? { deaf } : {}) }),
  });
  const brokenBefore = await checkFinding(deployable, "got no TLS policy");
  // What a run that was cut short has set may be the reason.
  if (brokenBefore) {
    return undone
      ? back(brokenBefore.message, brokenBefore.hint ?? "its own test says more")
      : { ...base, outcome: "untouched", findings: [brokenBefore] };
  }
  const failed = await orFailure(world, () => apply(world, planned, profile));
  if (failed instanceof Failure) {
    // The next run goes on from here.
    if (world.signal.aborted) throw failed;
    return back(`it could not be set: ${failed.message}`, hintOf(failed).hint ?? again(profile));
  }
  const changes = plan.changes.map(describeChange);
  const refused = await checkFinding(deployable, "refuses its TLS policy");
  if (refused) return back(refused.message, refused.hint ?? "its own test says more");
  const ours = changesOf(policyInForce(await world.store.events(), id));
  const left = await orFailure(world, async () => (await server.harden?.(installation, profile, ours)) ?? plan);
  if (left instanceof Failure)
    return back(`its settings cannot be read back: ${left.message}`, hintOf(left).hint ?? again(profile));
  const findings = [...left.notes, ...unmet(id, left)];
  const inEffect = { certificate: owner.name, what: settled(id, "in effect") };
  if (!running) {
    await recordChange(world, inEffect);
    return { ...base, outcome: "not-proven", changes, findings };
  }
  world.step(`${id}: reload`);
  const deaf = await orFailure(world, () => server.reload(installation));
  if (deaf instanceof Failure) return back(configFinding(id, deaf).message, `mend it, then: ${again(profile)}`, deaf);
  findings.push(...(await finishRemovals(world, [id])));
  const broken = await firstBroken(world, works);
  if (broken) {
    const where = `${entryUrl(broken.entry)} at ${broken.entry.address} gave no TLS handshake: ${broken.message ?? "unknown"}`;
    return back(where, `${id}'s log says why; nothing else was changed`);
  }
  await recordChange(world, inEffect);
  return { ...base, outcome: "set", changes, proven: works.targets.length, findings };
};

const again = (profile: PolicyName): string =>
  `mailcert deploy --harden${profile === "intermediate" ? "" : `=${profile}`}`;

const overrideFinding = (
  id: string,
  { scope, setting, now, wanted, place }: PolicyPlan["settings"][number],
): Finding => ({
  check: "harden-override",
  severity: "warning",
  message: `${id}: for ${scope}, ${setting} is still ${now === "" ? "not set" : now}${place === undefined ? "" : ` (${place})`}: the profile asks for ${wanted}`,
  hint: "something that mailcert does not change wins there; take it out, then: mailcert deploy --harden",
});

/** From here on a run that is cut short is followed by one that looks at this server. */
export const begin = async (world: World, id: string, certificate: string, aim: PolicyAim): Promise<void> => {
  await world.store.markPolicy(true);
  await recordChange(world, { certificate, what: begun(id, aim) });
};

const apply = async (world: World, planned: PlannedPolicy, profile: PolicyName): Promise<void> => {
  const { deployable, owner, plan } = planned;
  const { installation, server } = deployable;
  if (plan.changes.length > 0) await begin(world, installation.id, owner.name, profile);
  for (const change of plan.changes) {
    await recordChange(world, {
      certificate: owner.name,
      what: `${installation.id}: ${describeMade(change)}`,
      undo: undoPolicy,
      change: { server: installation.server, installation: installation.id, change },
      policy: true,
    });
    await server.apply(installation, change);
    world.step(`${installation.id}: ${describeChange(change)}`);
  }
};

/** What was set since it was begun goes. What cannot be taken back, or is not read by the server yet, is the next run's. */
export const takeBack = async (
  world: World,
  deployable: Pick<Deployable, "server" | "installation">,
  owner: PolicyOwner,
  works: Works,
  { why, hint, deaf }: { readonly why: string; readonly hint: string; readonly deaf?: Failure },
): Promise<readonly Finding[]> => {
  const { id } = deployable.installation;
  const { kept, findings } = await revertPolicy(world, deployable, changesSinceBegun(await world.store.events(), id));
  const { ok, words, open } = await settleReverted(world, deployable, works);
  if (ok && findings.length === 0)
    await recordChange(world, { certificate: owner.name, what: settled(id, "taken back") });
  const but = [
    ...(kept.length > 0 ? [`but for what somebody changed meanwhile (${kept.join("; ")})`] : []),
    ...(findings.length > 0 ? [`but for ${findings.length} of its changes`] : []),
  ];
  const outcome =
    deaf && words.endsWith(`(${deaf.message})`)
      ? `: it could not be reloaded, neither with it nor without it: ${deaf.message}`
      : `, ${words}: ${why}`;
  const message = `${id}: the TLS policy was taken back${but.length > 0 ? ` ${but.join(" and ")}` : ""}${outcome}`;
  return [{ check: "harden-taken-back", severity: "fault", message, hint }, ...findings, ...open];
};
