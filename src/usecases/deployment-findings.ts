// What a deployment's proof means, as findings with what to do next.
import { clientLabel, entryUrl } from "../domain/entry-point.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { stoppedServerFinding, withoutIt } from "../domain/stopped-server.ts";
import type { DeployedServer } from "./deployment.ts";
import type { ProvedEntry } from "./prove.ts";
import { wrongModes } from "./wrong-mode.ts";

/** What is known of a server that does not run and served before: by id. */
export type ServedBefore = ReadonlyMap<
  string,
  { readonly name: string; readonly lastServed: string; readonly off?: string }
>;

interface Gathered {
  readonly servers: readonly DeployedServer[];
  readonly entries: readonly ProvedEntry[];
  /** What is known already: a fault of a server's settings explains why it is stale. */
  readonly findings: readonly Finding[];
}

const where = ({ entry }: ProvedEntry): string =>
  `${entryUrl(entry)} (${entry.port} · ${clientLabel(entry.mode)}) at ${entry.address}`;

/** A fault of its own settings, or of its reload, is known. */
export const isUnsettled = ({ findings }: Pick<Gathered, "findings">, id: string): boolean =>
  findings.some(
    ({ severity, message }) => severity === "fault" && (message.startsWith(`${id}: `) || message.startsWith(`${id} `)),
  );

/** One finding for each server and verdict: forty stale entry points have one cause. */
export const deploymentFindings = (
  { servers, entries, findings: known }: Gathered,
  before: ServedBefore = new Map(),
): readonly Finding[] => {
  const findings: Finding[] = [];
  const others = servers.flatMap(({ running, server }) => (running && server !== copies ? [server] : []));
  for (const server of servers) {
    const of = (verdict: ProvedEntry["verdict"]): readonly ProvedEntry[] =>
      entries.filter((entry) => entry.installation === server.id && entry.verdict === verdict);
    const stale = of("stale");
    const [firstStale] = stale;
    const explained = isUnsettled({ findings: known }, server.id);
    if (firstStale) {
      findings.push({
        check: "deploy-stale",
        severity: "fault",
        message: `${server.id} still does not serve the new certificate: ${where(firstStale)} ${firstStale.message ?? ""}${more(stale)}`,
        hint:
          server.reloaded && !explained
            ? `look at ${server.id}'s log for why it kept the old one; mailcert renew tries again at every run`
            : `once the cause above is mended, mailcert renew finishes the job by itself`,
      });
    }
    findings.push(
      ...switchedOff(server.id, of("failing")),
      ...unresolved(server.id, [...of("broken"), ...of("failing")]),
    );
    for (const verdict of ["broken", "failing"] as const) {
      const bad = of(verdict).filter((one) => one.mend === undefined && !one.unresolved);
      const [first] = bad;
      if (!first) continue;
      findings.push({
        check: `deploy-${verdict}`,
        severity: "fault",
        message: whatTheySay(bad, verdict === "broken" ? "worked before and now gives" : "gives"),
        hint: `look at ${server.id}'s log (journalctl -u ${server.server}, /var/log/mail.log) for the reason`,
      });
    }
    const [hidden] = of("unobservable");
    const stopped = server.running ? undefined : before.get(server.id);
    if (stopped) {
      const { name, lastServed, off } = stopped;
      findings.push(
        stoppedServerFinding({
          id: server.id,
          server: server.server,
          certificates: [name],
          lastServed,
          others,
          ...(off === undefined ? {} : { off }),
        }),
      );
    } else if (hidden) {
      findings.push({
        check: "deploy-unobservable",
        severity: server.running ? "info" : "warning",
        message: server.running
          ? `${where(hidden)} cannot be observed from here: ${hidden.message ?? ""}${more(of("unobservable"))}`
          : `${server.id} is not running: its settings are in place and take effect when it starts`,
        ...(server.running
          ? {}
          : {
              hint: `start ${server.server}: the next run proves it; at once, after that: mailcert renew${withoutIt(server.server, others)}`,
            }),
      });
    }
    const spoken = entries.filter(({ installation }) => installation === server.id);
    findings.push(...wrongModes(spoken.map(({ entry }) => ({ ...entry, id: server.id, server: server.server }))));
    const [own] = of("own-certificate");
    if (own) {
      findings.push({
        check: "deploy-own-certificate",
        severity: "info",
        message: `${server.id}: ${own.service} keeps its own certificate (${own.message ?? ""})`,
      });
    }
  }
  return findings;
};

/** The server's own configuration says that there is no TLS: one finding for each setting that does. */
const switchedOff = (id: string, failing: readonly ProvedEntry[]): readonly Finding[] =>
  [
    ...groupBy(
      failing.filter(({ mend }) => mend !== undefined),
      ({ message }) => message,
    ),
  ].map(([setting, entries]) => {
    const ports = [...new Set(entries.map(({ entry }) => `${entry.port} (${clientLabel(entry.mode)})`))].join(", ");
    return {
      check: "deploy-failing",
      severity: "fault",
      message: `TLS is switched off (${setting ?? id}): ${ports} ${entries.length > 1 ? "serve" : "serves"} no certificate`,
      hint: `${entries[0]?.mend ?? ""}; then run: mailcert renew`,
    };
  });

/** Nothing was asked where the host that `entries:` names has no address: one finding for each such name. */
const unresolved = (id: string, entries: readonly ProvedEntry[]): readonly Finding[] =>
  [
    ...groupBy(
      entries.filter((one) => one.unresolved),
      ({ entry }) => entry.address,
    ),
  ].map(([host, bad]) => {
    const ports = [...new Set(bad.map(({ entry }) => entry.port))].join(", ");
    return {
      check: "deploy-failing",
      severity: "fault",
      message: `${id}: nobody can look whether ${host} (port ${ports}) serves the new certificate: ${bad[0]?.message ?? ""}`,
      hint: `in its entries:, name an address, or a host name for which \`getent ahosts ${host}\` finds one; then run: mailcert renew`,
    };
  });

/** One cause may look different at each port: a server that dies is silent at one, and hangs up at another. */
const whatTheySay = (entries: readonly ProvedEntry[], gives: string): string => {
  const groups = [...groupBy(entries, ({ message }) => message ?? "")].flatMap(([message, [first, ...others]]) =>
    first ? [{ first, message, count: others.length + 1 }] : [],
  );
  const rest = groups.slice(3).reduce((sum, { count }) => sum + count, 0);
  const said = groups.slice(0, 3).map(({ first, message, count }, index) => {
    const also = count > 1 ? ` (and ${count - 1} more)` : "";
    return index === 0
      ? `${where(first)} ${gives} no TLS handshake: ${message}${also}`
      : `${where(first)}: ${message}${also}`;
  });
  return [...said, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
};

const more = (entries: readonly ProvedEntry[]): string =>
  entries.length > 1 ? ` (and ${entries.length - 1} more)` : "";
