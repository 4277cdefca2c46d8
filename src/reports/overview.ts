// What `mailcert` alone says: about ten lines of what is on this host, and the next command; and the JSON twin.
import type { CertificateStanding, OtherStanding, Overview, ServerStanding } from "../usecases/overview.ts";
import { minute } from "./dates.ts";
import { expiry, issuer, scheduleTitles, stage } from "./status.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const label = (text: string): string => text.padEnd(14);

/** At most `most` lines of a part: the last one counts the rest. */
const few = (lines: readonly string[], most: number, more: string): readonly string[] =>
  lines.length <= most ? lines : [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more: ${more}`];

const part = (title: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => wrap(line, textWidth, label(index === 0 ? title : ""), label("")));

const some = (ports: readonly number[]): string =>
  ports.length > 8 ? `${ports.slice(0, 7).join(", ")} and ${ports.length - 7} more` : ports.join(", ");

const tlsText = ({ tls = [], clear = [] }: ServerStanding): string => {
  if (tls.length === 0) return clear.length === 0 ? "listens nowhere" : `TLS is off (port ${some(clear)})`;
  return clear.length === 0 ? `TLS is on (port ${some(tls)})` : `TLS is on at ${some(tls)}, off at ${some(clear)}`;
};

const serverLine = (one: ServerStanding): string => {
  const { server, id = server, version, running, problem } = one;
  const name = version === undefined ? id : `${id} ${version}`;
  if (problem !== undefined) return `${name}: ${problem}`;
  return `${name}${running === false ? ", which does not run" : ""}: ${tlsText(one)}`;
};

const certificateLine = (one: CertificateStanding, now: Date): string => {
  const by = Object.keys(one.deployments);
  const words = [
    issuer(one),
    expiry(one, now),
    stage(one) === "-" ? "not issued" : stage(one),
    ...(by.length === 0 ? [] : [`served by ${by.join(", ")}`]),
  ];
  return `${one.name}: ${one.ok ? "" : "NOT WELL; "}${words.join("; ")}`;
};

const otherLine = ({ client, certificates, runBy, problem }: OtherStanding): string => {
  const runs = runBy.length === 0 ? "" : `, renewed by ${runBy.join(", ")}`;
  if (problem !== undefined) return `${client}: ${problem}`;
  if (certificates.length === 0) return `${client} keeps no certificate that can be used${runs}`;
  return `${client} keeps ${few(certificates, 3, `mailcert import ${client} --dry-run`).join(", ")}${runs}`;
};

const scheduleLine = ({ schedule, certificates }: Overview): string => {
  if (schedule === undefined) return "not known to this user";
  const { renews, kind, next, problem, failed } = schedule;
  if (!renews) return problem ?? (certificates.length === 0 ? "nothing yet" : "nothing renews by itself");
  const how = kind === undefined ? "yes" : scheduleTitles[kind];
  const last = failed === undefined ? "" : `; the last run failed (exit ${failed})`;
  return `${how}${next === undefined ? "" : `, next run ${minute(new Date(next))}`}${last}`;
};

const orNone = (lines: readonly string[], none: string): readonly string[] => (lines.length === 0 ? [none] : lines);

export interface Told {
  readonly version: string;
  readonly root: boolean;
  readonly now: Date;
}

const certificateLines = ({ certificates, unread }: Overview, now: Date): readonly string[] => {
  if (unread.some(({ what }) => what === "configuration" || what === "certificates")) return [];
  const lines = certificates.map((one) => certificateLine(one, now));
  return part("certificates", few(orNone(lines, "none of mailcert's"), 2, "mailcert status"));
};

const titles = { configuration: "configuration", certificates: "certificates", others: "other clients" } as const;

export const overviewText = (overview: Overview, { version, root, now }: Told): string => {
  const { host, servers, others, unread, next } = overview;
  return [
    `mailcert ${version} on ${host}${root ? "" : " (root is told more)"}`,
    ...part("mail servers", few(orNone(servers.map(serverLine), "none was found"), 3, "mailcert doctor")),
    ...unread.flatMap(({ what, message }) => part(titles[what], [message])),
    ...certificateLines(overview, now),
    ...part("other clients", few(others.map(otherLine), 2, "mailcert import --help")),
    ...part("renewal", [scheduleLine(overview)]),
    ...part("next", [next.command]),
    `${label("")}${next.why}`,
    `${label("all commands")}mailcert --help`,
  ].join("\n");
};

export const overviewDocument = (overview: Overview, { version, root }: Told): object => {
  const { host, servers, certificates, others, schedule, unread, next } = overview;
  return {
    schema: "mailcert.overview/1",
    version,
    root,
    host,
    servers,
    certificates: certificates.map(({ name, names, ok, configured, live, target, stage: reached, ...one }) => {
      const of = live ?? target;
      return {
        name,
        names,
        ok,
        configured,
        issuer: one.issuer,
        authority: one.authority,
        stage: reached,
        ...(of ? { notAfter: of.notAfter } : {}),
        servedBy: Object.keys(one.deployments),
      };
    }),
    others,
    ...(schedule ? { schedule } : {}),
    unread,
    next,
  };
};
