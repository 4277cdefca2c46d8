// A deployment's result: which servers were changed and reloaded, and what each entry point serves now.
import { clientLabel, entryUrl } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import type { DeployResult } from "../usecases/deployment.ts";
import type { ProvedEntry } from "../usecases/prove.ts";
import { findingsText, verdictWords, withoutAdvice } from "./findings-text.ts";
import { generationLine } from "./generation.ts";
import { table } from "./table.ts";

const outcomes: Readonly<Record<DeployResult["outcome"], string>> = {
  verified: "served and proven at every entry point",
  "in-place": "settings in place, NOT proven: a server is not running; the next run looks again",
  unproven: "NOT served everywhere yet; the next run goes on from here",
  "rolled-back": "ROLLED BACK: the new certificate is not served",
  "no-server": "live; no mail server of this host is set to use it",
};

/** A server that refuses its own configuration goes on with the certificate that it has read, which is the right one. */
const unfinished = "proven at every entry point, and NOT done: see the fault; the next run goes on from here";

/** Copies alone, of which nobody knows where they are served. */
const unlooked = "in place; no entry point is known, so that nothing was looked at";

/** Behind a load balancer, or at an address that this host does not have now. */
const unseen = "in place; none of its entry points can be looked at from here";

/** Settings of somebody's give services another one. */
const ofOthers = "in place; NOT served: each of its entry points has a certificate of its own";
const neither =
  "in place; NOT proven: an entry point has a certificate of its own, the others cannot be looked at from here";

const outcomeText = ({ outcome, forOthers: none, entries }: DeployResult): string => {
  if (outcome === "no-server" && none) return forOthers;
  if (outcome === "unproven" && entries.length > 0 && entries.every(({ verdict }) => verdict === "proven"))
    return unfinished;
  if (outcome !== "verified") return outcomes[outcome];
  if (entries.length === 0) return unlooked;
  const some = (wanted: ProvedEntry["verdict"]): boolean => entries.some(({ verdict }) => verdict === wanted);
  const [hidden, others] = [some("unobservable"), some("own-certificate")];
  if (!some("proven")) return others ? (hidden ? neither : ofOthers) : unseen;
  const but = [...(hidden ? ["can be looked at from here"] : []), ...(others ? ["has no certificate of its own"] : [])];
  return `${outcomes.verified}${but.length > 0 ? ` that ${but.join(" and ")}` : ""}`;
};

const forOthers = "live, for other programs to read: no mail server is to serve it (servers: none)";

/** One row for each port and verdict, with the addresses that it was seen at. */
const rows = (entries: readonly ProvedEntry[]): readonly (readonly string[])[] => {
  const groups = new Map<string, { first: ProvedEntry; addresses: Set<string> }>();
  for (const one of entries) {
    const key = [one.entry.port, one.entry.protocol, one.entry.mode, one.verdict, one.slot].join(" ");
    const group = groups.get(key) ?? { first: one, addresses: new Set<string>() };
    group.addresses.add(one.entry.address);
    groups.set(key, group);
  }
  const slots = new Set(entries.map(({ slot }) => slot)).size;
  return [...groups.values()]
    .toSorted((left, right) => left.first.entry.port - right.first.entry.port)
    .map(({ first: { entry, verdict, slot, installation }, addresses }) => [
      verdictWords[verdict],
      `${entry.port} · ${clientLabel(entry.mode)}`,
      entry.protocol,
      installation,
      ...(slots > 1 ? [slot] : []),
      [...addresses].join(", "),
    ]);
};

/** `setup` says everything once; `deploy` leaves the advice out; a timer run tells of `trouble` alone. */
type Telling = "everything" | "deployment" | "trouble";

const told = (findings: readonly Finding[], telling: Telling): string =>
  telling === "trouble"
    ? findingsText(findings, ["fault", "warning"])
    : findingsText(telling === "everything" ? findings : withoutAdvice(findings));

const reloadWord = (server: DeployResult["servers"][number], outcome: DeployResult["outcome"]): string => {
  if (!server.running) return "not running";
  const why = server.restarts === undefined ? "" : ` (${server.restarts})`;
  const word = server.restarts === undefined ? "reloaded" : "restarted where needed";
  if (server.reloaded)
    return server.certificates === undefined
      ? `${word}${why}`
      : `${word} once, for ${server.certificates} certificates${why}`;
  return outcome === "verified" ? "as it should be, no reload needed" : "not reloaded";
};

export const deploymentText = (result: DeployResult, now: Date, telling: Telling = "deployment"): string => {
  const findings = told(result.findings, telling);
  const servers = result.servers.flatMap((server) => [
    `${server.id} ${server.version}: ${reloadWord(server, result.outcome)}`,
    ...server.changes.map((change) => `  ${change}`),
  ]);
  // Of a server that does not run one line says all.
  const stopped = new Set(result.servers.flatMap(({ id, running }) => (running ? [] : [id])));
  const seen = result.entries.filter(({ installation }) => !stopped.has(installation));
  return [
    `${result.certificate}: ${outcomeText(result)}`,
    `  ${generationLine(result.generation, now)}`,
    ...servers.map((line) => `  ${line}`),
    ...(seen.length > 0 ? ["", table(rows(seen), "  ")] : []),
    ...(findings === "" ? [] : ["", findings]),
  ].join("\n");
};

export const deploymentDocument = (result: DeployResult): object => ({
  certificate: result.certificate,
  outcome: result.outcome,
  generation: result.generation,
  servers: result.servers,
  entries: result.entries.map(({ entry, installation, service, slot, verdict, leaf, message }) => ({
    url: entryUrl(entry),
    protocol: entry.protocol,
    mode: entry.mode,
    label: clientLabel(entry.mode),
    host: entry.host,
    address: entry.address,
    port: entry.port,
    server: installation,
    service,
    slot,
    verdict,
    ...(leaf === undefined ? {} : { leaf }),
    ...(message === undefined ? {} : { message }),
  })),
  findings: result.findings,
});

/** Something that a person has to look at. */
export const hasFault = (result: DeployResult): boolean =>
  result.findings.some((finding) => finding.severity === "fault");
