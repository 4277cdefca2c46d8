// Hooks around a deployment: run, remembered until they are done, and run again by the next run where they failed or were killed.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf } from "../domain/generation.ts";
import { type Hook, type HookEvent, type Hooks, hasHooks, hooksOf } from "../domain/hook.ts";
import { type HookFacts, hookDocument } from "../domain/hook-document.ts";
import { emptyState } from "../domain/state.ts";
import { isOfStopped } from "../domain/stopped-server.ts";
import { withoutKeys } from "../domain/text.ts";
import type { CertificateState, GenerationRecord, HookServer, OwedHook } from "../store/store.ts";
import type { DeployEnd, DeployResult } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import { recordChange } from "./record-change.ts";
import { slotsOf } from "./served-certificate.ts";
import { stopped } from "./one-failure.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

type Told = NonNullable<OwedHook["told"]>;

/** More would be a report, which `mailcert renew --json` is. */
const mostFindings = 50;

const owedOf = (state: CertificateState): NonNullable<CertificateState["hooks"]> => state.hooks ?? {};

const withOwed = (
  { hooks: _before, ...state }: CertificateState,
  owed: NonNullable<CertificateState["hooks"]>,
): CertificateState => (Object.keys(owed).length === 0 ? state : { ...state, hooks: owed });

const stateOf = (world: World, name: string): CertificateState => world.store.read(name) ?? emptyState(name);

const without = (
  owed: NonNullable<CertificateState["hooks"]>,
  ...events: readonly HookEvent[]
): NonNullable<CertificateState["hooks"]> =>
  Object.fromEntries(Object.entries(owed).filter(([event]) => !events.includes(event as HookEvent)));

/** Writes down what is owed, and nothing where that stands there already. */
const remember = async (world: World, name: string, owed: NonNullable<CertificateState["hooks"]>): Promise<void> => {
  const state = stateOf(world, name);
  if (JSON.stringify(owedOf(state)) !== JSON.stringify(owed)) await world.store.write(withOwed(state, owed));
};

const factsOf = async (
  world: World,
  certificate: CertificateConfig,
  event: HookEvent,
  generation: GenerationRecord | undefined,
): Promise<Omit<HookFacts, "attempt" | "servers">> => {
  const live = world.store.liveNumber(certificate.name);
  return {
    event,
    certificate: certificate.name,
    names: generation?.names ?? certificate.names,
    ...(generation === undefined ? {} : { generation: generation.number, notAfter: generation.notAfter }),
    ...(live === undefined || live === generation?.number ? {} : { previous: live }),
    paths: generation === undefined ? {} : world.store.livePaths(certificate.name, slotsOf(generation)),
    host: (await world.hooks()).hostName,
    run: world.run,
    at: world.now().toISOString(),
  };
};

const counted = (attempt: number): string => (attempt > 1 ? ` (attempt ${attempt})` : "");

/** The first, and one a day of those of hourly runs: one that fails for weeks must not fill the log of changes. */
const isLogged = (attempt: number): boolean => attempt === 1 || attempt % 24 === 0;

/** Begun and written down as begun; what is done is not owed any more. Returns why it failed. */
const perform = async (
  world: World,
  certificate: CertificateConfig,
  hook: Hook,
  event: HookEvent,
  owed: OwedHook,
  servers: readonly HookServer[],
): Promise<Failure | undefined> => {
  const { name } = certificate;
  if (world.signal.aborted) return stopped();
  const attempt = owed.attempts + 1;
  const { message: _message, ...begun } = { ...owed, attempts: attempt };
  const state = stateOf(world, name);
  await remember(world, name, { ...owedOf(state), [event]: begun });
  const facts = await factsOf(world, certificate, event, generationOf(state, owed.generation));
  const document = hookDocument({ ...facts, servers, ...(owed.told ? { told: owed.told } : {}), attempt });
  const [program = ""] = hook.run;
  world.step(`${name}: ${event}: ${program}`);
  const { run } = await world.hooks();
  const failure = await unlessFailure(() => run(hook, `${JSON.stringify(document)}\n`, world.signal));
  const after = owedOf(stateOf(world, name));
  if (!(failure instanceof Failure)) {
    await recordChange(world, { certificate: name, what: `${event}: ran ${program}${counted(attempt)}` });
    await remember(world, name, without(after, event));
    return undefined;
  }
  // Stopped along with this run: that is nothing that the hook did.
  const message = failure.kind === "try-later" ? {} : { message: failure.message };
  await remember(world, name, { ...after, [event]: { ...begun, ...message } });
  const what = `${event}: FAILED: ${failure.message}${counted(attempt)}`;
  // A log that cannot be written must not hide what it would say.
  if (message.message !== undefined && isLogged(attempt))
    await unlessFailure(() => recordChange(world, { certificate: name, what }));
  return failure;
};

const failedFinding = (name: string, event: HookEvent, { message, hints }: Failure): Finding => ({
  check: "hook-failed",
  severity: "fault",
  message: `${name}: ${event}: ${message}`,
  hint: [...hints, "once that is mended, the next run runs this hook again, and nothing else"].join("; "),
});

const performed = async (...args: Parameters<typeof perform>): Promise<readonly Finding[]> => {
  const [, { name }, , event] = args;
  const failure = await perform(...args);
  if (failure?.kind === "try-later") throw failure;
  return failure ? [failedFinding(name, event, failure)] : [];
};

/** One that is owed already keeps its count. */
const owing = (known: OwedHook | undefined, world: World, generation: number | undefined): OwedHook =>
  known !== undefined && known.generation === generation
    ? known
    : { since: world.now().toISOString(), attempts: 0, ...(generation === undefined ? {} : { generation }) };

/**
 * Before `live` moves. What comes after it is written down first, so that it is not forgotten.
 * Returns the state to go on with. @throws Failure where the hook says no: the switch does not take place.
 */
export const beforeSwitch = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Pick<Deployable, "installation">[],
): Promise<CertificateState> => {
  const { name } = certificate;
  const servers = found.map(({ installation: { id, server, running } }) => ({ id, server, running, reloaded: false }));
  // It has been switched to: settings are put back, or a killed run is gone on with, and what is owed stands there.
  if (world.store.liveNumber(name) === target.number) return state;
  const { before_deploy: before, after_deploy: after } = hooksOf(certificate);
  if (before) {
    const owed = owing(state.hooks?.before_deploy, world, target.number);
    const failure = await perform(world, certificate, before, "before_deploy", owed, servers);
    if (failure?.kind === "try-later") throw failure;
    if (failure)
      throw new Failure(failure.kind, `before_deploy: ${failure.message}; what is live stays`, {
        hints: [...failure.hints, `once it is mended, the next run tries again; at once: mailcert deploy ${name}`],
        facts: { ...failure.facts, check: "hook-failed" },
        cause: failure,
      });
  }
  const left = owedOf(stateOf(world, name));
  const owed = after ? { ...left, after_deploy: owing(left.after_deploy, world, target.number) } : left;
  await remember(world, name, owed);
  return withOwed(state, owed);
};

/** A CA quotes what it found, a program what it read: whatever it is, no key is told further. */
const toldOf = ({ outcome, servers, findings }: Pick<DeployResult, "outcome" | "servers" | "findings">): Told => ({
  outcome,
  servers: servers.map(({ id, server, running, reloaded }) => ({ id, server, running, reloaded })),
  findings: findings.slice(0, mostFindings).map(({ message, hint, ...rest }) => ({
    ...rest,
    message: withoutKeys(message),
    ...(hint === undefined ? {} : { hint: withoutKeys(hint) }),
  })),
});

/** A deployment that ended well is followed by `after_deploy`, once for each switch; another one by `on_failure`. */
const afterDeployment = async (
  world: World,
  certificate: CertificateConfig,
  hooks: Hooks,
  result: DeployResult,
): Promise<DeployResult> => {
  const { name } = certificate;
  const told = toldOf(result);
  const owed = owedOf(stateOf(world, name));
  if (result.findings.some((finding) => finding.severity === "fault" && !isOfStopped(finding))) {
    // Taken back: what it would have followed has not come to be.
    if (result.outcome === "rolled-back") await remember(world, name, without(owed, "before_deploy", "after_deploy"));
    const findings = await failed(world, certificate, hooks, told, result.generation.number);
    return { ...result, findings: [...result.findings, ...findings] };
  }
  const { after_deploy: after } = owed;
  await remember(
    world,
    name,
    without(owed, "before_deploy", "on_failure", ...(hooks.after_deploy ? [] : (["after_deploy"] as const))),
  );
  if (!after || !hooks.after_deploy) return result;
  const now = { ...after, generation: result.generation.number, told };
  const findings = await performed(world, certificate, hooks.after_deploy, "after_deploy", now, told.servers);
  return { ...result, findings: [...result.findings, ...findings] };
};

const failed = async (
  world: World,
  certificate: CertificateConfig,
  { on_failure: hook }: Hooks,
  told: Told,
  generation: number | undefined,
): Promise<readonly Finding[]> => {
  if (!hook) return [];
  const now = { ...owing(undefined, world, generation), told };
  return performed(world, certificate, hook, "on_failure", now, told.servers);
};

/** What could not be issued, or not be deployed. Nothing follows on what merely waits. */
const afterFailure = async (
  world: World,
  certificate: CertificateConfig,
  { kind, message, hints }: Failure,
  outcome: "not-issued" | "not-deployed",
): Promise<readonly Finding[]> => {
  if (kind === "try-later" || world.signal.aborted) return [];
  const error = { kind, message: withoutKeys(message), hints: hints.map(withoutKeys) };
  const told = { outcome, servers: [], findings: [], error };
  return failed(world, certificate, hooksOf(certificate), told, world.store.liveNumber(certificate.name));
};

/** That it could not be issued is told whatever becomes of the hook that follows it. */
export const afterFailedIssue = async (
  world: World,
  certificate: CertificateConfig,
  failure: Failure,
): Promise<readonly Finding[]> => {
  const findings = await unlessFailure(() => afterFailure(world, certificate, failure, "not-issued"));
  return findings instanceof Failure ? [] : findings;
};

const followed = async (world: World, certificate: CertificateConfig, end: DeployEnd): Promise<DeployEnd> => {
  if ("result" in end) return { result: await afterDeployment(world, certificate, hooksOf(certificate), end.result) };
  const { error } = end;
  if (!(error instanceof Failure)) return end;
  const [finding] = await afterFailure(world, certificate, error, "not-deployed");
  if (finding === undefined) return end;
  const { kind, message, hints, facts } = error;
  const more = { hints: [...hints, finding.message], ...(facts ? { facts } : {}), cause: error };
  return { error: new Failure(kind, message, more) };
};

/** What follows the deployments of one go, one certificate after the other; one whose hook is stopped keeps the others from nothing. */
export const followUp = async (
  world: World,
  certificates: readonly CertificateConfig[],
  ends: ReadonlyMap<string, DeployEnd>,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const after = new Map(ends);
  for (const certificate of certificates) {
    const end = ends.get(certificate.name);
    if (!end || !hasHooks(certificate)) continue;
    const now = await unlessFailure(() => followed(world, certificate, end));
    after.set(certificate.name, now instanceof Failure ? { error: now } : now);
  }
  return after;
};

/** Hooks that an earlier run left, where there is nothing else to do: nothing is deployed again for them. */
export const runOwed = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { name } = certificate;
  const state = stateOf(world, name);
  const hooks = hooksOf(certificate);
  const { after_deploy: after, on_failure: failure } = owedOf(state);
  const findings: Finding[] = [];
  const gone = (Object.keys(owedOf(state)) as HookEvent[]).filter((event) => hooks[event] === undefined);
  await remember(world, name, without(owedOf(state), ...gone));
  if (failure && hooks.on_failure)
    findings.push(
      ...(await performed(world, certificate, hooks.on_failure, "on_failure", failure, failure.told?.servers ?? [])),
    );
  // Until the deployment itself has ended, it is what the next run goes on with.
  const ended = state.stage === "verified" && world.store.liveNumber(name) === after?.generation;
  if (after && hooks.after_deploy && (ended || after.told)) {
    const told = after.told ?? { outcome: "verified", servers: serversOf(state), findings: [] };
    findings.push(
      ...(await performed(world, certificate, hooks.after_deploy, "after_deploy", { ...after, told }, told.servers)),
    );
  }
  return findings;
};

/** Of a deployment whose run was killed: who was reloaded is not known any more, and they all serve it. */
const serversOf = ({ deployments }: CertificateState): readonly HookServer[] =>
  Object.entries(deployments).map(([id, { server }]) => ({ id, server, running: true, reloaded: true }));
