// What a renewal run does about one certificate: nothing, finish what is left, issue, or wait.
import { copies, copiesId, targetMark } from "./file-target.ts";
import type { CertificateState } from "../store/store.ts";
import type { CertificateConfig } from "./certificate-config.ts";
import { differsFrom, targetOf, wantedText } from "./generation.ts";
import { type Places, placesWords } from "./places.ts";
import { type RenewalPlan, renewalPlan } from "./renewal.ts";
import { condemned } from "./revocation.ts";
import { utcMinute } from "./utc-minute.ts";
import { outsideWindow, windowHold } from "./window-hold.ts";

export type Decision =
  | { readonly action: "nothing"; readonly dueAt: Date; readonly advised?: NonNullable<RenewalPlan["advised"]> }
  | { readonly action: "issue"; readonly why: string; readonly explanationUrl?: string }
  | { readonly action: "deploy"; readonly why: string }
  | {
      readonly action: "wait";
      readonly until: Date;
      readonly why: string;
      readonly hints?: readonly string[];
      /** Nothing is wrong: it waits for its maintenance window. */
      readonly window?: true;
    };

type Waiting = Extract<Decision, { readonly action: "wait" }>;

export interface Wish {
  /** Renew now, due or not. */
  readonly force: boolean;
  /** A person asked for this certificate by name: do not wait for the next attempt. */
  readonly named: boolean;
  /** Of the entry and the files that it names, as they are now (usecases/fingerprint.ts). */
  readonly fingerprint?: string;
  /** What of the files that are served, or are to be, is missing or not what was written: to be made anew. */
  readonly damaged?: string;
  /** Where it has a maintenance window: what is live, and the host's time zone. */
  readonly window?: { readonly live: number | undefined; readonly zone: string };
}

/** What is issued and not deployed yet, held back until its maintenance window opens; a person who asks for it does not wait. */
export const heldBack = (
  config: CertificateConfig,
  state: CertificateState,
  { named, force, window }: Wish,
  now: Date,
): Waiting | undefined => {
  const hold = named || force || !window ? undefined : windowHold(config, state, window.live, now, window.zone);
  return hold && { action: "wait", ...hold, window: true };
};

/** Why what is issued is switched to although its window is closed. */
export const notHeldBecause = (
  config: CertificateConfig,
  state: CertificateState,
  { named, force, window }: Wish,
  now: Date,
): string | undefined =>
  named || force || !window ? undefined : outsideWindow(config, state, window.live, now, window.zone);

/** Deployment is local and cheap: the first retries come with every run, whatever the ladder says. */
const freeRetries = 3;

export const decide = (
  config: CertificateConfig,
  state: CertificateState | undefined,
  wish: Wish,
  now: Date,
): Decision => {
  if (wish.force) return { action: "issue", why: "asked for" };
  const target = state && targetOf(state);
  const waiting = waitFor(config, state, wish, now);
  if (!state || !target) return waiting ?? { action: "issue", why: "no certificate yet" };
  const different = differsFrom(target, config);
  if (different !== undefined) {
    // A deployment that failed says nothing about a certificate that was never asked for.
    const issuing = state.lastError?.what === "issue" ? waiting : undefined;
    return issuing ?? { action: "issue", why: different };
  }
  if (wish.damaged !== undefined) {
    const issuing = state.lastError?.what === "issue" ? waiting : undefined;
    return issuing ?? { action: "issue", why: `generation ${target.number} is damaged: ${wish.damaged}` };
  }
  const bad = condemned(state, target, now);
  if (bad !== undefined) return waiting ?? { action: "issue", why: bad };
  const plan = renewalPlan(target, state.ari, now);
  if (plan.due) {
    const held = plan.desperate ? untilAsked(waiting, state, now) : waiting;
    return held ?? dueNow(plan, target.notAfter, now);
  }
  if (state.stage !== "verified" && !state.parked) {
    // Each attempt of one that broke a server takes its TLS away for some seconds: those come seldom.
    const harmful = state.lastError?.facts?.["rolledBack"] === true;
    if (waiting && (harmful || state.attempts > freeRetries)) return waiting;
    const held = heldBack(config, state, wish, now);
    if (held) return held;
    const outside = notHeldBecause(config, state, wish, now);
    const why = `generation ${target.number} is ${state.stage ?? "staged"}, not verified yet`;
    return { action: "deploy", why: outside === undefined ? why : `${why}; outside its window: ${outside}` };
  }
  if (copiesChanged(config, state) && !state.parked)
    return { action: "deploy", why: "files: in the configuration changed" };
  if (serversChanged(config, state) && !state.parked)
    return { action: "deploy", why: "the servers in the configuration changed" };
  const moved = state.parked ? undefined : placesChanged(config, state);
  if (moved !== undefined) return { action: "deploy", why: moved };
  const proven = lastProof(state);
  if (proven !== undefined && !state.parked && now.getTime() - proven.getTime() >= proofEveryMs) {
    return {
      action: "deploy",
      why: `${lastProven(state) ? "last proven" : "last looked at"} on ${proven.toISOString().slice(0, 10)}; that is looked at once a day`,
    };
  }
  return { action: "nothing", dueAt: plan.at, ...(plan.advised ? { advised: plan.advised } : {}) };
};

/** What the CA itself asked for is kept to even then: asking sooner would only be refused. */
const untilAsked = (waiting: Waiting | undefined, { lastError }: CertificateState, now: Date): Waiting | undefined => {
  const asked = new Date(String(lastError?.facts?.["retryAt"]));
  if (waiting === undefined || !(asked > now)) return undefined;
  return asked < waiting.until ? { ...waiting, until: asked } : waiting;
};

const dueNow = ({ at, advised }: RenewalPlan, notAfter: string, now: Date): Decision => {
  if (now >= new Date(notAfter)) return { action: "issue", why: "it has expired" };
  if (advised === undefined) return { action: "issue", why: `due since ${utcMinute(at)}` };
  const { start, end, explanationUrl } = advised;
  return {
    action: "issue",
    why: `the CA asks for it between ${utcMinute(start)} and ${utcMinute(end)}`,
    ...(explanationUrl === undefined ? {} : { explanationUrl }),
  };
};

/** An entry of `files:` that came, went, or says something else. */
const copiesChanged = ({ name, files = [] }: CertificateConfig, { deployments }: CertificateState): boolean => {
  const wanted = new Map(files.map((target) => [copiesId(name, target.name), target]));
  const copied = Object.entries(deployments).filter(([, { server }]) => server === copies);
  if (copied.length !== wanted.size) return true;
  return copied.some(([id, { target: mark }]) => {
    const target = wanted.get(id);
    return !target || (mark !== undefined && mark !== targetMark(target));
  });
};

/** Named servers that have it not, or servers that have it and are not named. What `auto` finds is looked at once a day. */
const serversChanged = ({ servers }: CertificateConfig, { deployments }: CertificateState): boolean => {
  if (servers === "auto") return false;
  const deployed = new Set(Object.values(deployments).flatMap(({ server }) => (server === copies ? [] : [server])));
  return servers.some((name) => !deployed.has(name)) || [...deployed].some((name) => !servers.includes(name));
};

/** Why the places that its entry has now are not those that it is served at; undefined: they are. */
const placesChanged = ({ places }: CertificateConfig, { deployments }: CertificateState): string | undefined => {
  const mail = Object.values(deployments).filter(({ server }) => server !== copies);
  const other = mail.find((one) => wordsOf(one.places) !== wordsOf(places));
  return other && `it is configured for ${wordsOf(places)}, and served for ${wordsOf(other.places)}`;
};

const wordsOf = (places: Places | undefined): string => (places ? placesWords(places) : "every entry point");

/** Somebody may have pointed a server elsewhere since, or installed one: an hourly run sees it within a day. */
const proofEveryMs = 86_400_000;

/** When every server's entry points were last looked at; undefined where no server has it. */
export const lastProof = ({ deployments }: Pick<CertificateState, "deployments">): Date | undefined => {
  const times = Object.values(deployments).map(({ at }) => Date.parse(at));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
};

/** The same of those that showed it: an address that is away now, or a certificate of somebody's own, proves nothing. */
export const lastProven = ({ deployments }: Pick<CertificateState, "deployments">): Date | undefined =>
  lastProof({
    deployments: Object.fromEntries(
      Object.entries(deployments).filter(([, { entries }]) => entries.some(({ verdict }) => verdict === "proven")),
    ),
  });

/** The longest wait that is ever written, and an hour: what lies beyond was written by a clock that ran ahead. */
const longestWaitMs = 25 * 3_600_000;

const waitFor = (
  config: CertificateConfig,
  state: CertificateState | undefined,
  wish: Wish,
  now: Date,
): Waiting | undefined => {
  if (!state?.nextAttempt || wish.named) return undefined;
  if (askedOtherwise(config, state, wish)) return undefined;
  const until = new Date(state.nextAttempt);
  if (until <= now || until.getTime() - now.getTime() > longestWaitMs) return undefined;
  const hints = state.lastError?.hints ?? [];
  const why = state.lastError?.message ?? "the last attempt failed";
  return { action: "wait", until, why, ...(hints.length === 0 ? {} : { hints }) };
};

/** What failed was something else: a person has mended the entry, or a file that it names. */
const askedOtherwise = (config: CertificateConfig, { lastError }: CertificateState, { fingerprint }: Wish): boolean => {
  if (fingerprint !== undefined && lastError?.fingerprint !== undefined) return fingerprint !== lastError.fingerprint;
  return lastError?.wanted !== undefined && lastError.wanted !== wantedText(config);
};
