// Points one server at the live generation: plan, journal, apply, read back, check. Nothing is reloaded here.
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { describeChange } from "../domain/describe-change.ts";
import type { Finding } from "../domain/finding.ts";
import type { Change, Override, ServerPlan } from "../servers/server.ts";
import { prepareTrust } from "./client-trust.ts";
import { type Deployable, hintOf } from "./entries.ts";
import { type MadeChange, adoptChange, makeChange, unmakeChange } from "./make-change.ts";
import { type TakenBack, giveBack, leftAtServices, takeBack } from "./left-at-services.ts";
import { orFailure } from "./one-failure.ts";
import { overrideWords, questionOf } from "./override-words.ts";
import { type Serving, allOf, mainOf } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface InstallOptions {
  /** Asks whether a line of somebody else's file may be changed. */
  readonly accept: (question: string) => Promise<boolean>;
  /** Certificates that are being taken out: what they have at services is in good hands. */
  readonly going?: readonly string[];
}

export interface InstalledSettings {
  /** What was changed, one sentence each. */
  readonly changes: readonly string[];
  readonly findings: readonly Finding[];
  /** What is about one of several certificates, by its name. */
  readonly own?: ReadonlyMap<string, readonly Finding[]>;
  /** The server's own configuration test passed: it may be reloaded. */
  readonly usable: boolean;
  /** Settings that win over ours were left as they are: what they hold for stays stale, however long one waits. */
  readonly overridden?: boolean;
}

export const installSettings = async (
  world: World,
  deployable: Deployable,
  serving: Serving,
  options: InstallOptions,
): Promise<InstalledSettings> => {
  const { server, installation } = deployable;
  // A file that settings name has to be there before they are.
  const untold = await prepareTrust(world, installation.server);
  const main = mainOf(serving);
  const bySni = server.sni ? serving.bySni : undefined;
  const { placed } = serving;
  const certificate = allOf(serving)[0]?.name ?? "";
  const findings: Finding[] = [...untold];
  const own = new Map<string, Finding[]>();
  let overridden = false;
  const done: string[] = [];
  // A configuration that is broken already is somebody else's work in progress: leave it alone, and never reload it.
  const brokenBefore = await checkFinding(deployable);
  /** A file of ours that somebody took away while a line still names it, or wrote something into. */
  const isOfOurs = async (complaint: string): Promise<boolean> => {
    const plan = await unlessFailure(() => server.plan(installation, main, bySni, placed));
    const isNamed = (change: Change): boolean => change.kind === "file" && complaint.includes(change.path);
    return !(plan instanceof Failure) && plan.changes.some(isNamed);
  };
  // A complaint about our own files (a slot that went) is ours to mend: the settings below do.
  const lost = brokenBefore !== undefined && (await isOfOurs(brokenBefore.message));
  const ours =
    lost || (brokenBefore?.message.includes(join(world.store.dir, "certificates")) === true && !deployable.trouble);
  if (brokenBefore && !ours) return { changes: [], findings: [brokenBefore], usable: false };

  /** In the order in which it was done. */
  const steps: (MadeChange | TakenBack)[] = [];
  const apply = async (change: Change): Promise<void> => {
    const made = await makeChange(world, deployable, ownerOf(change) ?? certificate, change);
    done.push(made.what);
    steps.push(made);
  };
  const isMade = (change: Change): boolean =>
    steps.some((made) => "change" in made && JSON.stringify(made.change) === JSON.stringify(change));
  const settle = async (): Promise<ServerPlan> => {
    let plan = await server.plan(installation, main, bySni, placed);
    // A service that has another certificate now, or none of its own: first what stood there before.
    for (const event of await leftAtServices(world, installation, plan, options.going)) {
      const taken = await takeBack(world, deployable, event);
      done.push(taken.what);
      steps.push(taken);
    }
    if (done.length > 0) plan = await server.plan(installation, main, bySni, placed);
    for (const change of plan.adopted ?? [])
      await adoptChange(world, deployable, ownerOf(change) ?? certificate, change);
    for (const change of plan.changes) await apply(change);
    return plan;
  };

  /** What is half there is what the server's next start would read, and nobody has tested that. Gives what could not be taken back. */
  const undo = async (): Promise<readonly Finding[]> => {
    const left: Finding[] = [];
    for (const one of steps.toReversed()) {
      if ("done" in one && !one.done) continue;
      const failed = await orFailure(world, () =>
        "event" in one
          ? giveBack(world, deployable, one.event)
          : unmakeChange(world, deployable, ownerOf(one.change) ?? certificate, one),
      );
      if (failed instanceof Failure)
        left.push(configFinding(installation.id, failed, `could not be put back as it was (${one.what})`));
    }
    return left;
  };
  const install = async (): Promise<Finding | undefined> => {
    const { notes, off = [] } = await settle();
    findings.push(...notes);
    let edited = false;
    for (const one of off) {
      if (one.edit.length > 0 && (await options.accept(offQuestion(installation.id, one)))) {
        for (const change of one.edit) await apply(change);
      } else {
        // The proof says what is not served for it.
        if (!installation.running) findings.push(offFinding(installation.id, one));
        overridden = true;
      }
    }
    for (const override of await server.readBack(installation, main, bySni, placed)) {
      const words = overrideWords(deployable, override);
      // What an earlier answer has done holds for all that need it.
      const due = override.edit.filter((change) => !isMade(change));
      if (override.edit.length > 0 && (due.length === 0 || (await options.accept(questionOf(override, words))))) {
        for (const change of due) await apply(change);
        edited = true;
      } else {
        const finding = overrideFinding(override, words);
        const { certificate: whose } = override;
        if (whose === undefined || whose === main.name) findings.push(finding);
        else own.set(whose, [...(own.get(whose) ?? []), finding]);
        overridden ||= !override.bearable;
      }
    }
    // What stood in the way of a setting of ours is gone.
    if (edited && (bySni || placed)) await settle();
    // Where nothing was changed, it was asked already: Postfix's test takes a third of a second.
    if (done.length === 0) return brokenBefore;
    const { trouble: _before, ...now } = deployable;
    // What kept its listeners from being read was that file.
    return checkFinding(lost ? now : deployable);
  };

  const broken = await orFailure(world, install);
  if (broken === undefined) return { changes: done, findings, own, usable: true, overridden };
  const left = await undo();
  if (broken instanceof Failure && left.length === 0) throw broken;
  const why = broken instanceof Failure ? configFinding(installation.id, broken) : broken;
  return { changes: [], findings: [...findings, why, ...left], own, usable: false };
};

/** Whose line it is in the log of changes, where it is not the server's first one's. */
const ownerOf = (change: Change): string | undefined =>
  change.kind === "service-parameter" ? change.certificate : undefined;

const placeOf = ({ path, line }: Override): string => (line === undefined ? path : `line ${line} of ${path}`);

const offQuestion = (id: string, one: Override): string =>
  `${id}: TLS is switched off for ${one.scope}: ${placeOf(one)} says "${one.setting}". Switch it on?`;

/** Somebody decided to have no TLS there. */
export const offFinding = (id: string, one: Override): Finding => ({
  check: "tls-off",
  severity: "fault",
  message: `${id}: TLS is switched off for ${one.scope}: ${placeOf(one)} says "${one.setting}", and the certificate is not served`,
  hint: `where TLS is wanted: mailcert deploy --yes (${one.edit.map(describeChange).join("; ")}); where not, leave ${id} out with servers:`,
});

export const overrideFinding = (override: Override, message: string): Finding => ({
  check: "deploy-override",
  severity: override.bearable ? "warning" : "fault",
  message,
  hint:
    override.edit.length > 0
      ? `let mailcert change it: mailcert deploy --yes (${override.edit.map(describeChange).join("; ")})`
      : (override.mend ?? "take that setting out, then run: mailcert deploy"),
});

export const configFinding = (id: string, failure: Failure, what = "was not reloaded"): Finding => ({
  check: "deploy-config",
  severity: "fault",
  message: `${id} ${what}: ${failure.message}`,
  hint: hintOf(failure).hint ?? `mend ${id}'s configuration; the next run of mailcert renew goes on from here`,
});

export const checkFinding = async (
  { server, installation, trouble }: Deployable,
  what?: string,
): Promise<Finding | undefined> => {
  try {
    // The server's own test says best what is wrong with its configuration.
    await server.check(installation);
    return trouble && configFinding(installation.id, trouble, what);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    return configFinding(installation.id, failure, what);
  }
};
