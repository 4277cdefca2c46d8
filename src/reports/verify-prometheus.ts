// verify for Prometheus, in the text exposition format 0.0.4 (node_exporter's textfile collector): no timestamps, every series once.
import { entryUrl } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { type Labels, series } from "../domain/exposition.ts";
import { askedName } from "../domain/probe-host.ts";
import { type VerifiedEntry, type VerifyResult, unseen } from "../domain/verify-result.ts";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
  /** What two samples of one series come to. */
  readonly merge: (left: number, right: number) => number;
}

const least = (left: number, right: number): number => Math.min(left, right);
const most = (left: number, right: number): number => Math.max(left, right);
const sum = (left: number, right: number): number => left + right;

/** An empty label counts as none; all samples of a family have the same ones, as collectors want it. */
const labelsOf = ({ entry, observation, slot }: VerifiedEntry): Labels => ({
  url: entryUrl(entry),
  host: askedName(entry.host),
  port: String(entry.port),
  protocol: entry.protocol,
  mode: entry.mode,
  address: observation.address ?? "",
  slot: slot ?? "",
});

const seconds = (date: Date): number => date.getTime() / 1000;

const told: readonly Severity[] = ["fault", "warning", "info"];

const findingsOf = (findings: readonly Finding[], labels: Labels): readonly (readonly [Labels, number])[] =>
  findings
    .filter(({ severity }) => told.includes(severity))
    .map(({ check, severity }) => [{ check, severity, ...labels }, 1] as const);

const familiesOf = (result: VerifyResult): readonly Family[] => {
  const { entries } = result;
  const offered = entries.filter(({ notOffered }) => !notOffered);
  const hosts = [...new Set(entries.map(({ entry }) => askedName(entry.host)))];
  const served = offered.flatMap((one) => (one.chain[0] ? [{ labels: labelsOf(one), leaf: one.chain[0] }] : []));
  const about: Labels = {
    url: "",
    host: hosts.length === 1 ? (hosts[0] ?? "") : "",
    port: "",
    protocol: "",
    mode: "",
    address: "",
    slot: "",
  };
  const end = (result.startedAt.getTime() + result.durationMs) / 1000;
  return [
    {
      name: "mailcert_entry_offered",
      help: "1 where a connection came about, or should have; 0 for usual ports that were not asked for by name; absent where this machine has no route.",
      samples: entries
        .filter(({ observation: { error } }) => error?.reason !== "no-route")
        .map((one) => [labelsOf(one), unseen(one) ? 0 : 1] as const),
      merge: least,
    },
    {
      name: "mailcert_entry_ok",
      help: "1 where no check found a fault at the entry point, else 0; absent where nothing could be looked at and nothing was asked for by name.",
      samples: entries.filter((one) => !unseen(one)).map((one) => [labelsOf(one), one.ok ? 1 : 0] as const),
      merge: least,
    },
    {
      name: "mailcert_cert_not_after_seconds",
      help: "When the served certificate ends, in seconds since 1970.",
      samples: served.map(({ labels, leaf }) => [labels, seconds(leaf.notAfter)] as const),
      merge: least,
    },
    {
      name: "mailcert_cert_not_before_seconds",
      help: "When the served certificate begins, in seconds since 1970.",
      samples: served.map(({ labels, leaf }) => [labels, seconds(leaf.notBefore)] as const),
      merge: most,
    },
    {
      name: "mailcert_finding",
      help: "How often a check found something; findings about the whole run have no url.",
      samples: [
        ...findingsOf(result.findings, about),
        ...offered.flatMap((one) => findingsOf(one.findings, labelsOf(one))),
      ],
      merge: sum,
    },
    {
      name: "mailcert_probe_duration_seconds",
      help: "How long the look at the entry point took, from connecting to closing.",
      samples: offered.map((one) => [labelsOf(one), one.observation.durationMs / 1000] as const),
      merge: most,
    },
    {
      name: "mailcert_verify_last_run_seconds",
      help: "When the run that looked at the host ended, in seconds since 1970.",
      samples: hosts.map((host) => [{ host }, end] as const),
      merge: most,
    },
  ];
};

const linesOf = ({ name, help, samples, merge }: Family): readonly string[] => {
  const values = new Map<string, number>();
  for (const [labels, value] of samples) {
    const key = series(name, labels);
    const before = values.get(key);
    values.set(key, before === undefined ? value : merge(before, value));
  }
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...[...values].map(([key, value]) => `${key} ${value}`)];
};

export const verifyPrometheus = (result: VerifyResult): string => familiesOf(result).flatMap(linesOf).join("\n");
