// The ACME issuer (RFC 8555): directory, account, order, certificate. acme-client is the engine; this room repairs and drives it.
import type { ChallengeEntry, ChallengeWorld } from "../../challenges/challenge.ts";
import { stagingOf } from "../../domain/acme-directories.ts";
import type { CaLimits } from "../../domain/budget.ts";
import { limitsOf } from "../../domain/ca-limits.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { comeBackHint } from "../../domain/come-back.ts";
import { Failure } from "../../domain/failure.ts";
import { slotOf } from "../../domain/keys.ts";
import { spkiOf } from "../../domain/subject-key.ts";
import type { UnmetWish } from "../../domain/unmet-wish.ts";
import { clean } from "../../domain/text.ts";
import type { IssueRequest, IssuedChain, Issuer } from "../issuer.ts";
import { ensureAccount } from "./account.ts";
import { openSpending } from "./budget-store.ts";
import { inspect } from "./inspect.ts";
import { type Line, createLines } from "./line.ts";
import { obtain } from "./order.ts";
import { refuses } from "./refuses.ts";
import { openProvers } from "./provers.ts";
import { type Lines, lineTo, reachCa } from "./reach-ca.ts";
import { rehearse } from "./rehearsal.ts";
import { renewalInfoReader } from "./renewal-info.ts";
import { replacingFor } from "./replaces.ts";
import { revoke } from "./revoke.ts";
import { unlessSilent } from "./silence.ts";
import { standingRecords } from "./standing-records.ts";

export interface AcmeIssuerOptions {
  /** The state folder; accounts live in `accounts/` below it. */
  readonly stateDir: string;
  /** The registry of challenges/index.ts. */
  readonly challenges: Readonly<Partial<Record<string, ChallengeEntry>>>;
  readonly challengeWorld: ChallengeWorld;
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** `mailcert/0.1.0`; RFC 8555 §6.1 requires one. */
  readonly userAgent: string;
  /** Milliseconds for one HTTP request; default 30 s. */
  readonly timeoutMs?: number;
  /** Told of each account that an order registers. */
  readonly registered?: (account: { readonly url: string; readonly directory: string }) => Promise<void>;
  /** Milliseconds for one wait (a validation, an issuance); default 3 minutes. */
  readonly patienceMs?: number;
  /** Milliseconds for an issuance as a whole, whatever the CA says; default 15 minutes. */
  readonly issuanceMs?: number;
  /** The directory of a CA's test instance; default: what domain/acme-directories.ts knows. */
  readonly stagingOf?: (directory: string) => string | undefined;
  /** The rate limits of a CA that are kept to; default: what domain/ca-limits.ts knows. */
  readonly limitsOf?: (directory: string) => CaLimits | undefined;
}

const refuseNames = (names: readonly string[], why: (name: string) => string | undefined): void => {
  if (names.length === 0) throw new Failure("data", "an order needs at least one name");
  const refused = names.flatMap((name) => {
    const reason = why(name);
    return reason === undefined ? [] : [`"${clean(name, 80)}": ${reason}`];
  });
  if (refused.length > 0) throw new Failure("data", `no order was placed: ${refused.join("; ")}`);
};

/** No reply of ACME comes near it; RFC 8555 has no limit of its own. */
const maxReplyBytes = 1 << 20;

/** When an issuance that took too long makes sense again. */
const afterTooLongMs = 3_600_000;

const tooLong = (o: AcmeIssuerOptions, directory: string, ms: number): Failure => {
  const retryAt = new Date(o.now().getTime() + afterTooLongMs).toISOString();
  return new Failure(
    "try-later",
    `the CA at ${clean(directory, 200)} was not done within ${Math.round(ms / 60_000)} minutes`,
    {
      hints: [comeBackHint(retryAt)],
      facts: { code: "TOO_LONG", retryAt },
    },
  );
};

/** One deadline over everything: a run holds the lock, and each wait by itself may be a short one. */
const issueInTime = async (
  o: AcmeIssuerOptions,
  lines: Lines,
  request: IssueRequest<AcmeSettings>,
): Promise<IssuedChain> => {
  const ms = o.issuanceMs ?? 900_000;
  const late = new AbortController();
  // Fires by the monotonic clock.
  const timer = setTimeout(() => late.abort(tooLong(o, request.settings.directory, ms)), ms);
  try {
    return await issueWith(o, lines, { ...request, signal: AbortSignal.any([request.signal, late.signal]) });
  } finally {
    clearTimeout(timer);
  }
};

const issueWith = async (
  o: AcmeIssuerOptions,
  lines: Lines,
  request: IssueRequest<AcmeSettings>,
): Promise<IssuedChain> => {
  const { settings, names, signal } = request;
  refuseNames(names, (name) => refuses(name, settings, o.challenges));
  // Said before anything is spent when it cannot be read.
  const spki = spkiOf(request);
  signal.throwIfAborted();
  const line = await lineTo(lines, settings);
  return unlessSilent(line, o, () => issueBy(o, line, request, spki));
};

const issueBy = async (
  o: AcmeIssuerOptions,
  line: Line,
  request: IssueRequest<AcmeSettings>,
  spki: Buffer,
): Promise<IssuedChain> => {
  const { settings, names, algorithm, signal, step } = request;
  const bounds = { timeoutMs: o.timeoutMs ?? 30_000, maxBytes: maxReplyBytes };
  const { transport, directory } = await reachCa(o, line, settings, request, bounds);
  const notes: string[] = [];
  const note = (sentence: string): void => void notes.push(sentence);
  const { stateDir } = o;
  const account = await ensureAccount({
    stateDir,
    settings,
    directory,
    transport,
    now: o.now,
    step,
    note,
    ...(o.registered === undefined ? {} : { registered: o.registered }),
  });
  const { now, elapsed, sleep } = o;
  const patience = { now, elapsed, sleep, signal, patienceMs: o.patienceMs ?? 180_000 };
  const accountUrl = account.record.url;
  const { caaIdentities } = directory;
  const standing = standingRecords(request, notes);
  const deps = { ...o.challengeWorld, now, elapsed, sleep, step, note, accountUrl, caaIdentities, names, standing };
  const provers = await openProvers(settings, o.challenges, deps);
  const unmet: UnmetWish[] = [];
  const wishing = {
    wishes: {
      profiles: slotOf(algorithm) === "rsa" ? (settings.rsaProfiles ?? settings.profiles) : settings.profiles,
      ...(settings.days === undefined ? {} : { days: settings.days }),
    },
    offered: directory.profiles,
    now: o.now(),
    unmet: (wish: UnmetWish): void => void unmet.push(wish),
  };
  const issued = await obtain({
    account,
    names,
    key: request,
    spki,
    algorithm,
    provers,
    spending: openSpending(o.stateDir, settings.directory, (o.limitsOf ?? limitsOf)(settings.directory), now),
    patience,
    step,
    replacing: replacingFor(request, directory, account),
    exempt: request.replaces?.inWindow === true,
    wishing,
    ...(settings.preferredChain === undefined ? {} : { preferredChain: settings.preferredChain }),
    ...(request.staged === undefined ? {} : { staged: request.staged }),
  });
  step(`${transport.sent()} requests to the CA`);
  return {
    ...issued,
    account: account.record.url,
    ...(notes.length === 0 ? {} : { notes }),
    ...(unmet.length === 0 ? {} : { unmet }),
  };
};

export const createAcmeIssuer = (options: AcmeIssuerOptions): Issuer<AcmeSettings> => {
  const lines = createLines();
  const issue = (request: IssueRequest<AcmeSettings>): Promise<IssuedChain> => issueInTime(options, lines, request);
  return {
    refuses: (name, settings) => refuses(name, settings, options.challenges),
    issue: async (request) => {
      await rehearse({ stateDir: options.stateDir, stagingOf: options.stagingOf ?? stagingOf, issue }, request);
      return issue(request);
    },
    renewalInfo: renewalInfoReader(options, lines),
    inspect: (request) => inspect({ ...options, limitsOf: options.limitsOf ?? limitsOf }, lines, request),
    revoke: (request) => revoke(options, lines, request),
  };
};
