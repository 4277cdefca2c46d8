// A change of TLS policy that was cut short, by the next run: finished where only reload and proof are missing, else taken back; a person is told either way.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { Deployable } from "./entries.ts";
import {
  type UnfinishedPolicy,
  changesOf,
  clearMark,
  policyInForce,
  settled,
  undoPolicy,
  unfinishedPolicies,
  wasTakenBack,
} from "./harden-events.ts";
import { deployableById, ownerByName } from "./harden-find.ts";
import { entriesThatWork } from "./harden-look.ts";
import { takeOutAgain } from "./harden-none.ts";
import { settleReverted } from "./harden-revert.ts";
import { hardenServer, takeBack } from "./harden-server.ts";
import { failureOf, orFailure } from "./one-failure.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** The caller holds the lock, and is about to set a policy anew (`setsAnew`) or not. What cannot be done is a finding, and is tried again by the next run. */
export const finishPolicy = async (world: World, setsAnew = false): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const one of unfinishedPolicies(await world.store.events())) {
    try {
      findings.push(...(await finishOne(world, one, setsAnew)));
    } catch (error) {
      findings.push(failedFinding(one, failureOf(error, world)));
    }
  }
  await clearMark(world);
  return findings;
};

const finishOne = async (world: World, one: UnfinishedPolicy, setsAnew: boolean): Promise<readonly Finding[]> => {
  const { id, aim, certificate } = one;
  const deployable = await deployableById(world, id);
  if (!deployable) {
    await recordChange(world, { certificate, what: settled(id, "taken back") });
    return [goneFinding(one)];
  }
  if (aim === "none") {
    const { outcome, findings } = await takeOutAgain(world, deployable, one);
    return [...(outcome === "taken-out" ? [finishedFinding(one, "was taken out")] : []), ...findings];
  }
  const hint = setsAnew ? "this run goes on to set it" : `to set it after all: mailcert deploy --harden=${aim}`;
  return wasTakenBack(await world.store.events(), id)
    ? readTakenBack(world, deployable, one, hint)
    : setOrBack(world, deployable, one, { aim, hint });
};

/** An earlier run put back what stood there, and could not have the server read it. */
const readTakenBack = async (
  world: World,
  deployable: Deployable,
  { id, aim, certificate }: UnfinishedPolicy,
  hint: string,
): Promise<readonly Finding[]> => {
  const works = await entriesThatWork(world, deployable, await ownerByName(world, certificate), true);
  const { ok, words, open } = await settleReverted(world, deployable, works);
  if (ok) await recordChange(world, { certificate, what: settled(id, "taken back") });
  const retry = "mend what it says; each run of mailcert renew tries again";
  const message = `${id}: the TLS policy ${aim} stands there no more, since an earlier run took it back; ${ok ? "it is in effect nowhere now" : "it may still be in effect"}, ${words}`;
  return [
    { check: "harden-taken-back", severity: ok ? "warning" : "fault", message, hint: ok ? hint : retry },
    ...open,
  ];
};

/** What was agreed to is not known any more where changes are missing: nobody is there to be asked. */
const setOrBack = async (
  world: World,
  deployable: Deployable,
  one: UnfinishedPolicy,
  { aim, hint }: { readonly aim: PolicyName; readonly hint: string },
): Promise<readonly Finding[]> => {
  const { server, installation, trouble } = deployable;
  const owner = await ownerByName(world, one.certificate);
  const ours = changesOf(policyInForce(await world.store.events(), one.id));
  const plan = trouble ?? (await orFailure(world, async () => server.harden?.(installation, aim, ours)));
  if (plan && !(plan instanceof Failure) && plan.changes.length === 0) {
    const { outcome, findings } = await hardenServer(world, { deployable, owner, plan, undone: true }, aim);
    const done = { set: "is in effect, and proven", "not-proven": "is in place, and takes effect when it starts" };
    return outcome === "set" || outcome === "not-proven"
      ? [finishedFinding(one, done[outcome]), ...findings]
      : findings;
  }
  if (world.signal.aborted && plan instanceof Failure) throw plan;
  const works = await entriesThatWork(world, deployable, owner, true);
  const why = plan instanceof Failure ? plan.message : "a run that was cut short had set a part of it";
  return takeBack(world, deployable, owner, works, { why, hint });
};

const finishedFinding = ({ id, aim }: UnfinishedPolicy, what: string): Finding => ({
  check: "harden-finished",
  severity: "warning",
  message: `${id}: the TLS policy ${aim === "none" ? "" : `${aim} `}that a run which was cut short was about ${what}`,
  hint: aim === "none" ? "mailcert log lists what was changed" : `to take it out: ${undoPolicy}`,
});

const goneFinding = ({ id }: UnfinishedPolicy): Finding => ({
  check: "harden-kept",
  severity: "warning",
  message: `${id} is not installed any more: the TLS policy that a run which was cut short was about was left as it is`,
  hint: "mailcert log lists what was changed",
});

const failedFinding = ({ id }: UnfinishedPolicy, { message, hints }: Failure): Finding => ({
  check: "harden-kept",
  severity: "fault",
  message: `${id}: a run that was cut short was changing its TLS policy, and this could not be mended: ${message}`,
  hint: hints[0] ?? "the next run of mailcert renew tries again",
});
