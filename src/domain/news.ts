// What people are to be told, once per cause: when it is new, when it changes, when it is over, and again as the end comes closer.
import type { Finding } from "./finding.ts";
import { clean } from "./text.ts";

/** Something that is not as it should be, as long as it is so. */
export interface Cause {
  /** The finding's id. */
  readonly check: string;
  /** Empty: about no certificate of the configuration. */
  readonly certificate: string;
  /** What of the certificate, where one id can have several causes. */
  readonly entry: string;
  readonly severity: "fault" | "warning";
  readonly message: string;
  readonly hint?: string;
  /** ISO date at which it was first seen. */
  readonly since: string;
}

/** By key. */
export type Causes = Readonly<Record<string, Cause>>;

/** What one channel has told of a cause. */
export interface Told {
  readonly cause: Cause;
  /** How near the end was then (`urgency`). */
  readonly urgency: number;
  /** ISO date. */
  readonly at: string;
  /** ISO date at which it was over; kept for a day. */
  readonly over?: string;
  /** It has come back within a day: its end is told once it has stayed away for one. */
  readonly again?: true;
}

export interface News {
  readonly kind: "new" | "changed" | "reminder" | "over";
  readonly cause: Cause;
}

export const keyOf = ({ check, certificate, entry }: Pick<Cause, "check" | "certificate" | "entry">): string =>
  [check, certificate, entry].join(" ");

/** `aB3xYzQwEr`, `k7Gd0aQ4`: made by chance, as mktemp and base64 make them. Too much of it costs a word of what changed, too little a mail an hour. */
const madeByChance = (word: string): boolean =>
  word.length >= 6 && ((word.match(/[a-z](?=[A-Z])/g)?.length ?? 0) > 1 || /[a-z]\d+[a-zA-Z]|\d[A-Z]+[a-z]/.test(word));

/** What differs from run to run though nothing has changed: dates, counts, addresses of processes, ids, names of temporary files. */
const constant = (message: string): string =>
  message
    .replaceAll(/(?:\/var)?\/tmp\/[^\s:;,"']+/g, "/tmp/#")
    .replaceAll(/\w+/g, (word) => (madeByChance(word) ? "#" : word))
    .replaceAll(/[0-9a-f]{8,}/gi, "#")
    .replaceAll(/\d+/g, "#")
    .replaceAll(/\s+/g, " ");

/** A CA's words stand in it, or a program's: bounded, in one line, without a key. */
export const asCause = (
  { check, severity, message, hint }: Finding,
  certificate: string,
  entry: string,
  now: Date,
): Cause | undefined =>
  severity === "fault" || severity === "warning"
    ? {
        check,
        certificate,
        entry,
        severity,
        message: clean(message, 2000),
        ...(hint === undefined ? {} : { hint: clean(hint, 1000) }),
        since: now.toISOString(),
      }
    : undefined;

/** Of several findings with one id, each is a cause of its own as far as its words differ. */
export const distinct = (causes: readonly Cause[]): Causes => {
  const found: Record<string, Cause> = {};
  for (const cause of causes) {
    let key = keyOf(cause);
    const before = found[key];
    if (before !== undefined && constant(before.message) === constant(cause.message)) continue;
    // The second of two gets a part of its words into its name.
    const named =
      before === undefined
        ? cause
        : { ...cause, entry: `${cause.entry} ${constant(cause.message)}`.trim().slice(0, 120) };
    key = keyOf(named);
    found[key] ??= named;
  }
  return found;
};

/** 0 far from the end, then 1 under a quarter of the lifetime, 2 under an eighth, 3, 4, 5, and 6 when it is over. */
export const urgency = (lifetime: { readonly notBefore: string; readonly notAfter: string }, now: Date): number => {
  const end = Date.parse(lifetime.notAfter);
  const left = (end - now.getTime()) / (end - Date.parse(lifetime.notBefore));
  if (left <= 0) return 6;
  return [4, 8, 16, 32, 64].filter((part) => left < 1 / part).length;
};

const dayMs = 86_400_000;

/** A clock that was set back tells once too often rather than never. */
const isDayOld = (date: string, now: Date): boolean => Math.abs(now.getTime() - Date.parse(date)) >= dayMs;

/** What got worse is told at once. Words of programs and CAs may differ at every run, whatever is masked: they are told once a day. */
const isChanged = ({ cause: before, at }: Told, cause: Cause, now: Date): boolean => {
  if (before.severity === "warning" && cause.severity === "fault") return true;
  const differs = before.severity !== cause.severity || constant(before.message) !== constant(cause.message);
  return differs && isDayOld(at, now);
};

/** A warning's end is told to nobody: one that comes back within a day has been told. */
const isNew = ({ cause: before, at, over }: Told, cause: Cause, now: Date): boolean =>
  over !== undefined && (before.severity === "fault" || cause.severity === "fault" || isDayOld(at, now));

/** Whether its end is to be told now; of what comes and goes only once it has stayed away for a day. */
const isOver = ({ cause, over, again }: Told, now: Date): boolean =>
  cause.severity === "fault" && (again ? over !== undefined && isDayOld(over, now) : over === undefined);

/** What a channel is to be told now, the worst first. `urgencyOf`: how near the end is of what a fault is about. */
export const newsFor = (
  causes: Causes,
  told: Readonly<Record<string, Told>>,
  urgencyOf: (cause: Cause) => number,
  at: Date,
): readonly News[] => {
  const now = Object.entries(causes).flatMap(([key, cause]): readonly News[] => {
    const known = told[key];
    if (known === undefined || (!known.again && isNew(known, cause, at))) return [{ kind: "new", cause }];
    if (isChanged(known, cause, at)) return [{ kind: "changed", cause }];
    const closer = cause.severity === "fault" && urgencyOf(cause) > known.urgency;
    return closer ? [{ kind: "reminder", cause }] : [];
  });
  const over = Object.entries(told).flatMap(([key, known]): readonly News[] =>
    causes[key] === undefined && isOver(known, at) ? [{ kind: "over", cause: known.cause }] : [],
  );
  const rank = ({ kind, cause }: News): number => (kind === "over" ? 2 : cause.severity === "fault" ? 0 : 1);
  return [...now, ...over].toSorted((left, right) => rank(left) - rank(right));
};

/** What is remembered of one that is not open any more: for a day, since it may come back. */
const afterEnd = (known: Told, now: Date): readonly Told[] => {
  if (known.over === undefined) return [{ ...known, over: now.toISOString() }];
  return isDayOld(known.over, now) ? [] : [known];
};

/** What the channel has told after that. */
export const toldAfter = (
  causes: Causes,
  told: Readonly<Record<string, Told>>,
  news: readonly News[],
  urgencyOf: (cause: Cause) => number,
  now: Date,
): Readonly<Record<string, Told>> => {
  const fresh = new Set(news.map(({ cause }) => cause));
  const open = Object.entries(causes).flatMap(([key, cause]): readonly (readonly [string, Told])[] => {
    const before = told[key];
    if (!fresh.has(cause)) {
      if (before === undefined) return [];
      const { over: _over, ...known } = before;
      return [[key, known]];
    }
    const cameBack = before?.over !== undefined && before.cause.severity === "fault" && !isDayOld(before.over, now);
    const again = before?.again === true || cameBack;
    return [[key, { cause, urgency: urgencyOf(cause), at: now.toISOString(), ...(again ? { again } : {}) }]];
  });
  const ended = Object.entries(told).flatMap(([key, known]) =>
    causes[key] === undefined ? afterEnd(known, now).map((one) => [key, one] as const) : [],
  );
  return Object.fromEntries([...open, ...ended]);
};
