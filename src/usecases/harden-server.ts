// TLS policy of one server: apply, its own test, reload, and a proof that every entry point still takes a client; back to what stood before where one does not.
import { describeChange, describeRevert } from "../domain/describe-change.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { slotOf } from "../domain/keys.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { Change } from "../servers/server.ts";
import type { PolicyPlan } from "../servers/policy.ts";
import type { PlannedPolicy } from "./harden.ts";
import { begun, changesSinceBegun, settled } from "./harden-events.ts";
import { checkFinding, configFinding } from "./install-settings.ts";
import { patienceMs } from "./prove-jobs.ts";
import { type ProofTarget, type ProvedEntry, entryKey, observeBaseline, proofTargets, prove } from "./prove.ts";
import { recordChange } from "./record-change.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface HardenedServer extends Pick<PolicyPlan, "library" | "settings" | "stricter"> {
  readonly id: string;
  readonly server: string;
  readonly version: string;
  /** `as-it-should-be`: nothing was to be done. `planned`: a dry run. `not-proven`: it does not run; it takes its settings when it starts. `untouched`: its own test failed before. */
  readonly outcome: "as-it-should-be" | "planned" | "set" | "not-proven" | "taken-back" | "untouched";
  readonly changes: readonly string[];
  /** Entry points that took a client before and after. */
  readonly proven: number;
  readonly findings: readonly Finding[];
}

/** Postfix's processes of before the reload may answer for two seconds more. */
const settleMs = 2_500;

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
  const { deployable, plan, undone } = planned;
  const { installation, server } = deployable;
  const { id, running } = installation;
  const base = plannedServer(planned, "as-it-should-be");
  if (plan.changes.length === 0 && !undone) return base;
  const brokenBefore = await checkFinding(deployable, "got no TLS policy");
  if (brokenBefore) return { ...base, outcome: "untouched", findings: [brokenBefore] };

  const before = await entriesThatWork(world, planned);
  await apply(world, planned, profile);
  const changes = plan.changes.map(describeChange);
  const back = async (why: string, hint: string): Promise<HardenedServer> => {
    const outcome = await takeBack(world, planned, before);
    const message = `${id}: the TLS policy was taken back, ${outcome}: ${why}`;
    const finding: Finding = { check: "harden-taken-back", severity: "fault", message, hint };
    return { ...base, outcome: "taken-back", findings: [finding] };
  };
  const refused = await checkFinding(deployable, "refuses its TLS policy");
  if (refused) return back(refused.message, refused.hint ?? "its own test says more");
  const left = (await server.harden?.(installation, profile)) ?? plan;
  const findings = [...left.notes, ...unmet(id, left)];
  if (!running) {
    await recordChange(world, { ...of(planned), what: settled(id, "in effect") });
    return { ...base, outcome: "not-proven", changes, findings };
  }
  world.step(`${id}: reload`);
  const failed = await unlessFailure(() => server.reload(installation));
  if (failed instanceof Failure)
    return back(configFinding(id, failed).message, "mend it, then: mailcert deploy --harden");
  const broken = await firstBroken(world, before);
  if (broken) {
    const where = `${entryUrl(broken.entry)} at ${broken.entry.address} gave no TLS handshake: ${broken.message ?? "unknown"}`;
    return back(where, `${id}'s log says why; nothing else was changed`);
  }
  await recordChange(world, { ...of(planned), what: settled(id, "in effect") });
  return { ...base, outcome: "set", changes, proven: before.targets.length, findings };
};

const of = ({ certificate }: PlannedPolicy) => ({ certificate: certificate.name });

const overrideFinding = (
  id: string,
  { scope, setting, now, wanted, place }: PolicyPlan["settings"][number],
): Finding => ({
  check: "harden-override",
  severity: "warning",
  message: `${id}: for ${scope}, ${setting} is still ${now === "" ? "not set" : now}${place === undefined ? "" : ` (${place})`}: the profile asks for ${wanted}`,
  hint: "something that mailcert does not change wins there; take it out, then: mailcert deploy --harden",
});

const apply = async (world: World, planned: PlannedPolicy, profile: PolicyName): Promise<void> => {
  const { deployable, plan } = planned;
  const { installation, server } = deployable;
  if (plan.changes.length > 0) await recordChange(world, { ...of(planned), what: begun(installation.id, profile) });
  for (const change of plan.changes) {
    await recordChange(world, {
      ...of(planned),
      what: `${installation.id}: ${describeChange(change)}`,
      undo: `mailcert deploy --remove ${planned.certificate.name}`,
      change: { server: installation.server, installation: installation.id, change },
    });
    await server.apply(installation, change);
    world.step(`${installation.id}: ${describeChange(change)}`);
  }
};

interface Before {
  readonly targets: readonly ProofTarget[];
  readonly leaves: ReadonlyMap<string, { readonly leaf: string }>;
  readonly ehlo: string;
}

const keyOf = ({ entry, slot }: ProofTarget): string => `${entryKey(entry)} ${slot}`;

/** Those where a client of today gets a handshake now. One name is enough: policy is the same for all. */
const entriesThatWork = async (world: World, { deployable, certificate }: PlannedPolicy): Promise<Before> => {
  const [ehlo = "localhost"] = certificate.names;
  const slots = [...new Set(certificate.keys.map(slotOf))];
  const targets = proofTargets([deployable], [ehlo], slots, world.localAddresses());
  const seen = await observeBaseline(world, targets, ehlo);
  const works = seen.flatMap(({ target, baseline }) =>
    baseline.leaf === undefined ? [] : [{ target, leaf: baseline.leaf }],
  );
  return {
    targets: works.map(({ target }) => target),
    leaves: new Map(works.map(({ target, leaf }) => [keyOf(target), { leaf }])),
    ehlo,
  };
};

/** Looked at once those of before the reload have ended. */
const firstBroken = async (world: World, before: Before): Promise<ProvedEntry | undefined> => {
  await world.sleep(settleMs, world.signal);
  const entries = await prove(world, {
    targets: before.targets,
    expected: (target) => before.leaves.get(keyOf(target))?.leaf,
    before: (target) => before.leaves.get(keyOf(target)),
    ehlo: before.ehlo,
    patienceMs: () => patienceMs,
  });
  return entries.find(({ verdict }) => verdict === "broken" || verdict === "failing");
};

/** In words what became of the entry points. */
const takeBack = async (world: World, planned: PlannedPolicy, before: Before): Promise<string> => {
  const { installation, server } = planned.deployable;
  const { id } = installation;
  const mine = changesSinceBegun(await world.store.events(), id);
  const changes = mine.flatMap(({ change }): readonly Change[] => (change ? [change.change] : []));
  for (const change of changes.toReversed()) {
    await server.revert(installation, change);
    await recordChange(world, {
      ...of(planned),
      what: `${id}: ${describeRevert(change, true)}`,
      change: { server: installation.server, installation: id, change },
      reverts: true,
    });
  }
  await recordChange(world, { ...of(planned), what: settled(id, "taken back") });
  if (!installation.running) return "it was not running";
  const reloaded = await unlessFailure(() => server.reload(installation));
  if (reloaded instanceof Failure) return `but it could not be reloaded (${reloaded.message})`;
  const broken = await firstBroken(world, before);
  return broken
    ? `but ${entryUrl(broken.entry)} at ${broken.entry.address} is not as it was before`
    : "and every entry point is as it was before";
};
