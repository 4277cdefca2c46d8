// The mail domains of a run (--mx, --srv): where their mail and their programs go by DNS, for people and as part of the document.
import type { MxLookup, ServiceLookup, TlsaLookup } from "../dns/dns.ts";
import { schemeOf } from "../domain/entry-point.ts";
import { stsCovers } from "../domain/mta-sts.ts";
import { tlsaText } from "../domain/tlsa.ts";
import type { VerifiedDomain } from "../domain/verify-result.ts";
import { table } from "./table.ts";

const mxDocument = (mx: MxLookup): object =>
  mx.kind === "none" ? { kind: "none", exists: mx.exists, secure: mx.secure } : mx;

const tlsaDocument = (host: string, tlsa: TlsaLookup): object =>
  tlsa.kind === "found"
    ? { host, kind: "found", owner: tlsa.owner, secure: tlsa.secure, records: tlsa.records.map(tlsaText) }
    : { host, kind: tlsa.kind, ...(tlsa.kind === "unknown" ? { why: tlsa.why } : {}) };

const serviceDocument = (owner: string, lookup: ServiceLookup): object => ({ owner, ...lookup });

/** As it stands in `domains`. */
export const domainDocument = ({ domain, mx, sts, services, hosts }: VerifiedDomain): object => ({
  domain,
  ...(mx ? { mx: mxDocument(mx) } : {}),
  ...(mx ? { tlsa: hosts.flatMap(({ host, tlsa }) => (tlsa ? [tlsaDocument(host, tlsa)] : [])) } : {}),
  ...(sts ? { sts } : {}),
  ...(services
    ? { services: services.map(({ service, lookup }) => serviceDocument(`${service.label}.${domain}`, lookup)) }
    : {}),
});

const daneWords = (tlsa: TlsaLookup | undefined): string => {
  if (tlsa === undefined) return "not looked at";
  if (tlsa.kind === "none") return "-";
  if (tlsa.kind === "unknown") return "nobody could say";
  const { records, secure } = tlsa;
  const kinds = [
    ...new Set(records.map(({ usage, selector, matchingType }) => `${usage} ${selector} ${matchingType}`)),
  ];
  return `${kinds.slice(0, 3).join(", ")} (${secure ? "signed" : "not signed"})`;
};

const stsWords = ({ sts }: VerifiedDomain, host: string): string => {
  if (sts === undefined || sts.kind === "none") return sts?.why === undefined ? "-" : "no policy";
  if (sts.kind === "unknown") return "nobody could say";
  const { policy } = sts;
  return policy.mode === "none" ? "none" : `${policy.mode}, ${stsCovers(policy, host) ? "listed" : "not listed"}`;
};

export interface DomainTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const mxTable = (one: VerifiedDomain): DomainTable => {
  const { mx, hosts } = one;
  const preferenceOf = (host: string): string =>
    mx?.kind === "found" ? String(mx.records.find((record) => record.host === host)?.preference ?? "") : "-";
  return {
    title: `Mail for ${one.domain} goes to`,
    head: ["MX", "host", "DANE", "MTA-STS"],
    rows: hosts.map(({ host, tlsa }) => [preferenceOf(host), host, daneWords(tlsa), stsWords(one, host)]),
  };
};

const serviceTable = ({ domain, services = [] }: VerifiedDomain): DomainTable => ({
  title: `Programs that know ${domain} alone find`,
  head: ["service", "priority", "place"],
  rows: services.flatMap(({ service, lookup }) =>
    lookup.kind === "found"
      ? lookup.records.map(({ priority, host, port }) => [
          schemeOf(service),
          String(priority),
          host === "" ? "not offered" : `${host}:${port}`,
        ])
      : [],
  ),
});

/** One for each domain and kind; none where DNS gave nothing to show. */
export const domainTables = (domains: readonly VerifiedDomain[]): readonly DomainTable[] =>
  domains
    .flatMap((one) => [...(one.mx ? [mxTable(one)] : []), serviceTable(one)])
    .filter(({ rows }) => rows.length > 0);

export const domainTexts = (domains: readonly VerifiedDomain[]): readonly string[] =>
  domainTables(domains).map(({ title, head, rows }) => `${title}\n${table([head, ...rows], "  ")}`);
