// Tells people of what a renewal run found, where that is news; and monitoring of every run. Never in the way of a renewal.
import type { CertificateConfig, Config } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { endText } from "../domain/near-end.ts";
import { type Cause, type Causes, type Told, asCause, keyOf, newsFor, toldAfter, urgency } from "../domain/news.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import type { CertificateFacts, Channel, Report } from "../notify/channel.ts";
import type { GenerationRecord } from "../store/store.ts";
import type { Memory } from "./notify-tools.ts";
import { failureOf } from "./one-failure.ts";
import type { RenewResult, RenewedCertificate } from "./renew.ts";
import { type RunSeen, causesAfter } from "./run-causes.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

const liveOf = (world: World, name: string): GenerationRecord | undefined => {
  const state = readableState(world, name);
  return state && liveGeneration(world, name, state);
};

/** What keeps every certificate from being renewed is as urgent as the one that ends first. */
const urgencyIn = (world: World, configured: readonly string[]): ((cause: Cause) => number) => {
  const of = (name: string): number => {
    const live = liveOf(world, name);
    return live === undefined ? 0 : urgency(live, world.now());
  };
  let first: number | undefined;
  return ({ certificate, check }) => {
    if (certificate !== "") return of(certificate);
    return check.startsWith("renew-") ? (first ??= Math.max(0, ...configured.map(of))) : 0;
  };
};

/** A run that waits again and again is no news, until a quarter of the lifetime is left: renewal was due at a third. */
const lateCauses = (world: World, result: RenewResult | undefined, open: Causes): readonly Cause[] =>
  (result?.certificates ?? []).flatMap(({ certificate, decision, failure, findings }: RenewedCertificate) => {
    const waits = (decision.action === "wait" && !decision.window) || failure?.kind === "try-later";
    const live = liveOf(world, certificate);
    // What keeps it from being renewed is told, and told again.
    const known = Object.values(open).some(
      (one) => one.certificate === certificate && one.severity === "fault" && one.check !== "renew-ending",
    );
    if (
      !waits ||
      known ||
      !live ||
      urgency(live, world.now()) === 0 ||
      findings.some(({ check }) => check === "renew-ending")
    )
      return [];
    const why = failure?.message ?? (decision.action === "wait" ? decision.why : "");
    const finding: Finding = {
      check: "renew-ending",
      severity: "warning",
      message: `${certificate} ${endText(live, world.now())} and could not be renewed yet: ${why}`,
      hint: `try now: mailcert renew ${certificate}`,
    };
    return asCause(finding, certificate, "", world.now()) ?? [];
  });

const count = (causes: Causes, severity: Cause["severity"], certificate?: string): number =>
  Object.values(causes).filter(
    (one) => one.severity === severity && (certificate === undefined || one.certificate === certificate),
  ).length;

const factsOf = (world: World, causes: Causes, name: string): CertificateFacts => {
  const live = liveOf(world, name);
  return {
    name,
    ...(live === undefined ? {} : { notAfter: live.notAfter }),
    stage: readableState(world, name)?.stage ?? "none",
    faults: count(causes, "fault", name),
    warnings: count(causes, "warning", name),
  };
};

interface Named {
  readonly name: string;
  readonly channel: Channel;
}

/** `ping`: whoever waits for it sees by itself that it did not come. */
const failedFinding = (name: string, { message, hints }: Failure): Finding => ({
  check: "notify-failed",
  severity: name === "ping" ? "warning" : "fault",
  message: `could not tell: ${message}`,
  hint: [...hints, "what was to be told is told by the next run that can; to try: mailcert notify test"].join("; "),
});

const failedKey = (name: string): string => keyOf({ check: "notify-failed", certificate: "", entry: name });

/** Open are those that somebody has not heard of yet, although they are over. */
const untold = ({ causes, told }: Memory, names: readonly string[]): Causes =>
  Object.fromEntries(
    Object.entries(causes).filter(
      ([key, { check }]) => check === "renew-missed" && names.some((name) => told[name]?.[key] === undefined),
    ),
  );

interface Heard {
  /** What could not be told. */
  readonly findings: readonly Finding[];
  /** Somebody has heard of all that is open, now or before. */
  readonly told?: true;
}

const tell = async (world: World, notify: NotifySettings, run: RunSeen, memory: Memory): Promise<Heard> => {
  const tools = await world.notifying();
  const channels = await tools.open(notify);
  const forNews = channels.filter(({ channel }) => channel.hears === "news");
  const now = world.now();
  const urgencyOf = urgencyIn(world, run.configured);
  const failing = channels.flatMap(({ name }) => memory.causes[failedKey(name)] ?? []);
  let causes: Causes = {
    ...causesAfter(memory.causes, run, lateCauses(world, run.result, memory.causes), now),
    ...untold(
      memory,
      forNews.map(({ name }) => name),
    ),
    ...Object.fromEntries(failing.map((cause) => [keyOf(cause), cause])),
  };
  const failed = run.stuck !== undefined || (run.failure !== undefined && run.failure.kind !== "try-later");
  const outcome = failed ? "fault" : (run.result?.outcome ?? "waiting");
  const ok = outcome !== "fault" && count(causes, "fault") === 0;
  const lastSuccess = ok ? now.toISOString() : memory.lastSuccess;
  // One that could not begin is no run: whoever watches their age is to see that none comes.
  const lastRun = run.stuck === undefined ? now.toISOString() : memory.lastRun;
  const report = (): Report => ({
    host: tools.hostName,
    run: world.run,
    at: now,
    outcome: ok ? outcome : "fault",
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    news: [],
    open: { faults: count(causes, "fault"), warnings: count(causes, "warning") },
    certificates: run.configured.map((name) => factsOf(world, causes, name)),
  });
  let { told } = memory;
  const { invocation } = tools;
  const isTold = (): boolean => forNews.some(({ name }) => causes[failedKey(name)] === undefined);
  const write = (whole: boolean): Promise<void> => {
    const heard = whole && isTold() ? invocation : undefined;
    return tools.memory.write({
      causes,
      told,
      ...(lastRun === undefined ? {} : { lastRun }),
      ...(lastSuccess === undefined ? {} : { lastSuccess }),
      ...(heard === undefined ? {} : { heard }),
    });
  };
  const findings: Finding[] = [];
  let changed = false;
  /** Sends, and keeps in mind whether it could. */
  const send = async ({ name, channel }: Named, news: Report["news"]): Promise<boolean> => {
    world.step(`${name}: ${channel.target}`);
    const failure = await unlessFailure(() => channel.send({ ...report(), news }, world.signal));
    const key = failedKey(name);
    const { [key]: before, ...others } = causes;
    changed ||= (before === undefined) === failure instanceof Failure;
    if (!(failure instanceof Failure)) {
      causes = others;
      return true;
    }
    const finding = failedFinding(name, failure);
    findings.push(finding);
    const cause = asCause(finding, "", name, now);
    if (cause) causes = { ...others, [key]: { ...cause, since: before?.since ?? cause.since } };
    return false;
  };
  const sendNews = async (one: Named): Promise<void> => {
    const known: Readonly<Record<string, Told>> = told[one.name] ?? {};
    // That it cannot be reached is nothing to tell it.
    const { [failedKey(one.name)]: _own, ...others } = causes;
    const news = newsFor(others, known, urgencyOf, now);
    if (news.length > 0 && !(await send(one, news))) return;
    told = { ...told, [one.name]: toldAfter(others, known, news, urgencyOf, now) };
    if (news.length > 0) await write(false);
  };
  for (const one of channels) await (one.channel.hears === "runs" ? send(one, []) : sendNews(one));
  // Those that can be reached hear of those that could not, or can again.
  // To tell them can fail, too.
  for (let again = 0; changed && again < 2; again += 1) {
    changed = false;
    for (const one of forNews) if (causes[failedKey(one.name)] === undefined) await sendNews(one);
  }
  await write(true);
  return { findings, ...(isTold() ? { told: true } : {}) };
};

export interface Watched {
  readonly config: Config & { readonly notify: NotifySettings };
  /** Those that the run looks at. */
  readonly chosen: readonly CertificateConfig[];
}

/** Never in the way of what it tells of. What was told is read now: a run that could not begin may have told of this one meanwhile. */
const hearOf = async (
  world: World,
  { certificates, notify }: Watched["config"],
  what: Pick<RunSeen, "result" | "failure" | "stuck" | "whole">,
): Promise<Heard> => {
  const heard = await unlessFailure(async () => {
    const memory = await unlessFailure(async () => (await world.notifying()).memory.read());
    const known: Memory = memory instanceof Failure ? { causes: {}, told: {} } : memory;
    const configured = certificates.map(({ name }) => name);
    return tell(world, notify, { configured, lastRun: known.lastRun, ...what }, known);
  });
  return heard instanceof Failure ? { findings: [failedFinding("notified.json", heard)] } : heard;
};

/** Of a run that could not begin; without the lock. */
export const toldOfStuck = (world: World, config: Watched["config"], stuck: Finding): Promise<Heard> =>
  hearOf(world, config, { whole: false, stuck });

/** A renewal run of which people are told. What cannot be told is a finding of the run, and nothing else. */
export const notified = async (
  world: World,
  { config, chosen }: Watched,
  job: () => Promise<RenewResult>,
): Promise<RenewResult> => {
  const whole = chosen.length === config.certificates.length;
  const hear = (what: Pick<RunSeen, "result" | "failure">) => hearOf(world, config, { whole, ...what });
  let result: RenewResult;
  try {
    result = await job();
  } catch (error) {
    const failure = failureOf(error, world);
    for (const { message } of (await hear({ failure })).findings) world.step(message);
    throw error;
  }
  const { findings, ...told } = await hear({ result });
  const fault = findings.some(({ severity }) => severity === "fault");
  const outcome = fault ? "fault" : result.outcome;
  return { ...result, ...told, findings: [...result.findings, ...findings], outcome };
};
