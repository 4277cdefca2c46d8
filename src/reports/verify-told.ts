// What every report of verify for people needs: each finding told once with all its places, verdicts, and how much was looked at.
import { clientLabel, entryUrl, placeOf, socketPath } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { askedName } from "../domain/probe-host.ts";
import { socketHost } from "../domain/unix-target.ts";
import { type VerifiedEntry, type VerifyResult, sawSomething } from "../domain/verify-result.ts";

export interface Told {
  readonly finding: Finding;
  /** What mends it: servers behind different ports may need different commands. */
  readonly hints: readonly string[];
  readonly where: readonly string[];
}

/** `993 · SSL/TLS` */
export const labelOf = ({ entry }: VerifiedEntry): string => `${placeOf(entry)} · ${clientLabel(entry.mode)}`;

/** The name that entry points share; a socket has none unless it was given one. */
export const nameOf = ({ entry }: VerifiedEntry): string =>
  entry.host === socketHost ? (socketPath(entry) ?? entry.host) : entry.host;

/** `*.example.org` where a name below it was asked for in its stead. */
export const shownHost = (host: string): string => {
  const asked = askedName(host);
  return asked === host ? host : `${asked} (asked for as ${host})`;
};

/** One finding that many entry points share is told once, with all of them. */
export const gather = (result: VerifyResult): readonly Told[] => {
  const severalHosts = new Set(result.entries.map(nameOf)).size > 1;
  const dead = new Set(result.deadHosts);
  const all = [
    ...result.findings.map((finding) => ({ finding, where: "" })),
    ...result.entries
      .filter(({ notOffered }) => !notOffered)
      .flatMap((one) =>
        one.findings
          // Said once about the whole host.
          .filter(({ check }) => check !== "net-reach" || !dead.has(one.entry.host))
          .map((finding) => ({
            finding,
            where: `${severalHosts && nameOf(one) === one.entry.host ? `${askedName(one.entry.host)} ` : ""}${labelOf(one)}`,
          })),
      ),
  ];
  const groups = groupBy(all, ({ finding }) => JSON.stringify([finding.severity, finding.check, finding.message]));
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first
      ? [
          {
            finding: first.finding,
            hints: [...new Set(group.flatMap(({ finding }) => finding.hint ?? []))],
            where: [...new Set(group.map(({ where }) => where))].filter((where) => where !== ""),
          },
        ]
      : [];
  });
};

export const verdictOf = ({ observation, findings, notOffered }: VerifiedEntry): readonly [string, Severity] => {
  if (notOffered) return ["not offered", "info"];
  const worst = (["fault", "warning"] as const).find((severity) =>
    findings.some((finding) => finding.severity === severity),
  );
  if (observation.error?.stage === "connect" && observation.error.reason === "timeout")
    return ["no answer", worst ?? "warning"];
  if (observation.error?.reason === "no-route") return ["no route", "info"];
  return worst ? [worst, worst] : ["ok", "ok"];
};

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** `2 faults, 1 warning`, or that all is well. */
export const verdictWords = (result: VerifyResult, told: readonly Told[]): string => {
  if (!sawSomething(result)) return "nothing was seen";
  const number = (severity: Severity): number => told.filter(({ finding }) => finding.severity === severity).length;
  const wrong = [
    ...(number("fault") > 0 ? [count(number("fault"), "fault")] : []),
    ...(number("warning") > 0 ? [count(number("warning"), "warning")] : []),
  ];
  return wrong.length > 0 ? wrong.join(", ") : "all as it should be";
};

/** The hosts that were asked for, or how many. */
export const whose = (result: VerifyResult): string => {
  const named = [...new Set(result.entries.map(nameOf))];
  // A domain without hosts is all that was looked at.
  const hosts = named.length > 0 ? named : [...new Set(result.domains.map(({ domain }) => domain))];
  return hosts.length <= 2 ? hosts.map(shownHost).join(" and ") : `${hosts.length} hosts`;
};

/** How many entry points, at each address, were looked at, and how many were not offered. */
export const extent = (result: VerifyResult): { readonly looked: number; readonly absent: number } => {
  const places = (absent: boolean): number =>
    new Set(
      result.entries
        .filter(({ notOffered }) => notOffered === absent)
        .map(({ entry, observation }) => `${entryUrl(entry)} ${observation.address}`),
    ).size;
  return { looked: places(false), absent: places(true) };
};
