// What a failed attempt leaves in the state: why, and when the next one comes; so that `status` shows it and timer runs back off.
import { nextAttemptHint, withoutComeBack } from "../domain/come-back.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { rawEntry } from "../domain/certificate-settings.ts";
import { Failure } from "../domain/failure.ts";
import { inConfiguration } from "../domain/fitting-hint.ts";
import { targetOf, wantedText } from "../domain/generation.ts";
import { nextAttempt, renewalPlan } from "../domain/renewal.ts";
import { emptyState } from "../domain/state.ts";
import { withoutKeys } from "../domain/text.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { decideNow } from "./intact.ts";
import type { World } from "./world.ts";

/** However long a CA asks to wait: a day at most, and less where the certificate ends sooner, so that some attempts still fit in. */
const latestRetry = (target: GenerationRecord | undefined, now: Date): number => {
  const day = 86_400_000;
  const left = target === undefined ? Number.POSITIVE_INFINITY : Date.parse(target.notAfter) - now.getTime();
  return now.getTime() + Math.max(3_600_000, Math.min(day, left / 4));
};

type LastError = NonNullable<CertificateState["lastError"]>;

/** What holds without it: the configuration's own entry, be it asked for something else on the command line. */
const isDue = async (
  world: World,
  configured: CertificateConfig | undefined,
  state: CertificateState,
): Promise<boolean> => {
  if (configured === undefined) return true;
  const { action } = await decideNow(world, configured, state, { force: false, named: true });
  return action === "issue";
};

type Facts = NonNullable<Failure["facts"]>;

/** As it is written: a CA's words stand anywhere in them. */
const factsWithoutKeys = (facts: Facts): Facts =>
  JSON.parse(
    JSON.stringify(facts, (_key, value: unknown) => (typeof value === "string" ? withoutKeys(value) : value)),
  ) as Facts;

const errorOf = async (
  world: World,
  certificate: CertificateConfig,
  what: LastError["what"],
  { message, hints: all, facts }: Failure,
): Promise<LastError> => {
  // Other commands will show it: `status`, a timer's run.
  const hints = withoutComeBack(all).map((hint) => inConfiguration(withoutKeys(hint)));
  const fingerprint = await fingerprintOf(world, certificate);
  return {
    at: world.now().toISOString(),
    what,
    ...(what === "issue" ? { wanted: wantedText(certificate) } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    message: inConfiguration(withoutKeys(message)),
    ...(hints.length === 0 ? {} : { hints }),
    ...(facts === undefined ? {} : { facts: factsWithoutKeys(facts) }),
  };
};

/** When who was asked wants to be asked again. */
const askedFor = ({ facts }: Failure): string | undefined => {
  const asked = facts?.["retryAt"];
  return typeof asked === "string" && !Number.isNaN(Date.parse(asked)) ? asked : undefined;
};

/** `already`: failed attempts in a row before this one, where the state does not tell. Returns the ISO date of the next attempt; undefined: none is owed. */
export const rememberFailure = async (
  world: World,
  certificate: CertificateConfig,
  what: LastError["what"],
  failure: Failure,
  already?: number,
): Promise<string | undefined> => {
  const state = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const configured = (await world.config.read())?.certificates.find(({ name }) => name === certificate.name);
  const error = await errorOf(world, certificate, what, failure);
  if (what === "issue" && !(await isDue(world, configured, state))) {
    // What is still to be mended is not forgotten for it.
    if (state.lastError === undefined || state.lastError.notDue)
      await world.store.write({ ...state, lastError: { ...error, notDue: true } });
    return undefined;
  }
  // Another wish than the one that failed before: its ladder begins anew.
  const before = state.lastError?.fingerprint;
  const attempts = (already ?? (before === undefined || before === error.fingerprint ? state.attempts : 0)) + 1;
  const now = world.now();
  const asked = Date.parse(askedFor(failure) ?? "");
  const ladder = nextAttempt(attempts, now).getTime();
  const target = targetOf(state);
  // "At once", said again and again, is no time to come back; near the end our own wait counts no more (domain/renew-decision.ts).
  const least = target !== undefined && renewalPlan(target, state.ari, now).desperate ? now.getTime() : ladder;
  const later = Number.isNaN(asked) ? ladder : Math.max(least, asked);
  const next = new Date(Math.min(later, latestRetry(target, now))).toISOString();
  const entry = configured === undefined ? { entry: Object.fromEntries(rawEntry(certificate)) } : {};
  await world.store.write({ ...state, attempts, nextAttempt: next, lastError: { ...error, ...entry } });
  return configured === undefined ? undefined : next;
};

/** A "later" with the time of the next attempt, as `status` shows it. Who fails at a person's settings is told what to mend; a time would say that waiting helps. */
export const withNextAttempt = (failure: Failure, next: string | undefined): Failure => {
  const { kind, message, hints, facts } = failure;
  if (kind !== "try-later" || next === undefined) return failure;
  return new Failure(kind, message, {
    hints: [...withoutComeBack(hints), nextAttemptHint(next, askedFor(failure))],
    ...(facts === undefined ? {} : { facts }),
    cause: failure,
  });
};
