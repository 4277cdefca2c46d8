// verify as a monitoring plugin: one status line with the days left of every entry point, the findings below it, and the state to end with.
import { entryUrl, placeOf } from "../domain/entry-point.ts";
import { type ExpiryDays, expiryLimits } from "../domain/expiry-limits.ts";
import type { Failure } from "../domain/failure.ts";
import type { Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { askedName } from "../domain/probe-host.ts";
import { type VerifiedEntry, type VerifyResult, sawSomething } from "../domain/verify-result.ts";
import { type Metric, pluginOutput } from "./nagios-text.ts";
import { type Told, count, extent, gather, verdictWords, whose } from "./verify-told.ts";

export interface NagiosReport {
  /** 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
  readonly status: 0 | 1 | 2 | 3;
  readonly text: string;
}

const dayMs = 86_400_000;
const words = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;
const more = "mailcert verify shows them all";

/** What the plugin guidelines call UNKNOWN is what was not looked at; a server that cannot be reached is a fault of the service. */
const statusOf = (result: VerifyResult): NagiosReport["status"] => {
  const all = [...result.findings, ...result.entries.flatMap(({ findings }) => findings)];
  if (!sawSomething(result)) return 3;
  if (!result.ok) return 2;
  return all.some(({ severity }) => severity === "warning") ? 1 : 0;
};

/** `imaps_993_days`; with the host before it where there are several, and the kind of key where both were asked for. */
const labelOf = ({ entry, slot }: VerifiedEntry, severalHosts: boolean): string =>
  [
    ...(severalHosts ? [askedName(entry.host)] : []),
    entryUrl(entry).replace(/:.*/s, ""),
    placeOf(entry),
    ...(slot === undefined ? [] : [slot]),
    "days",
  ].join("_");

/** Days left, the least over all addresses of an entry point: a series keeps its name when addresses change. */
const daysOf = (result: VerifyResult, limits: ExpiryDays | "share" | undefined): readonly Metric[] => {
  const severalHosts = new Set(result.entries.map(({ entry }) => entry.host)).size > 1;
  const metrics = result.entries.flatMap((one): readonly Metric[] => {
    const leaf = one.chain[0];
    if (!leaf) return [];
    const end = leaf.notAfter.getTime();
    const below = limits && expiryLimits(end - leaf.notBefore.getTime(), limits === "share" ? undefined : limits);
    return [
      {
        label: labelOf(one, severalHosts),
        value: (end - one.observation.startedAt.getTime()) / dayMs,
        ...(below ? { below: { warning: below.warning / dayMs, critical: below.fault / dayMs } } : {}),
      },
    ];
  });
  return [...groupBy(metrics, ({ label }) => label).values()].flatMap(
    (group) => group.toSorted((left, right) => left.value - right.value)[0] ?? [],
  );
};

const placed = ({ finding, where }: Told): string =>
  `${finding.check}${where.length > 0 ? ` (${where.map((place) => place.replace(" · ", " ")).join(", ")})` : ""}: ${finding.message}`;

const told = (all: readonly Told[], severity: Severity): readonly Told[] =>
  all.filter(({ finding }) => finding.severity === severity);

/** `limits`: what cert-expiry judged by; undefined: it was not asked. */
export const verifyNagios = (result: VerifyResult, limits: ExpiryDays | "share" | undefined): NagiosReport => {
  const status = statusOf(result);
  const all = gather(result);
  const wrong = [...told(all, "fault"), ...told(all, "warning")];
  const { looked, absent } = extent(result);
  const days = daysOf(result, limits);
  const least = Math.floor(Math.min(...days.map(({ value }) => value)));
  const first = wrong[0];
  const about = `${whose(result)}: ${verdictWords(result, all)}`;
  const seen = `${count(looked, "entry point")}${absent > 0 ? `, ${absent} not offered` : ""}`;
  const line =
    status === 3
      ? `no entry point was looked at${absent > 0 ? ` (${absent} not offered)` : ""}`
      : first
        ? `${about} (${seen}); ${placed(first)}`
        : `${about} (${seen}${days.length > 0 ? `, ${count(least, "day")} left` : ""})`;
  const overall: readonly Metric[] = [
    { label: "faults", value: told(all, "fault").length, min: 0 },
    { label: "warnings", value: told(all, "warning").length, min: 0 },
    { label: "time", value: result.durationMs / 1000, unit: "s", min: 0 },
  ];
  const lines = wrong.flatMap((one) => [
    `${one.finding.severity}: ${placed(one)}`,
    ...one.hints.map((hint) => `hint: ${hint}`),
  ]);
  return { status, text: pluginOutput(words[status], line, { overall, days }, lines, more) };
};

/** Nothing could be looked at: a mistake on the command line or in the configuration. */
export const nagiosUnknown = ({ message, hints }: Failure): NagiosReport => ({
  status: 3,
  text: pluginOutput(
    "UNKNOWN",
    message,
    { overall: [], days: [] },
    hints.map((hint) => `hint: ${hint}`),
    more,
  ),
});
