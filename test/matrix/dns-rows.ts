// The matrix: DANE, MTA-STS and MX records (reference/verify.md §4, from DANE-SEC on) with scripted DNS answers and real handshakes.
import type { Dns, MxLookup, MxRecord, StsLookup } from "../../src/dns/dns.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import type { Issued } from "../fakes/pki.ts";
import type { Certificates } from "./certificates.ts";
import type { Row, RowServer } from "./row.ts";

const owner = "_25._tcp.mail.example.org";

/** `3 1 1` and `2 1 1` of these. */
const ofKey = (usage: number, one: Issued): TlsaRecord => ({
  usage,
  selector: 1,
  matchingType: 1,
  data: readCertificate(one.der).spkiSha256,
});

const tlsa =
  (records: (have: Certificates) => readonly TlsaRecord[], secure = true) =>
  (have: Certificates): Partial<Dns> => ({
    tlsa: async () => ({ kind: "found", owner, records: records(have), secure }),
  });
const dane = (
  what: string,
  dns: ReturnType<typeof tlsa>,
  tls: RowServer["tls"] | undefined,
  ...findings: readonly string[]
): Row => ({ what, servers: { protocol: "smtp", ...(tls ? { tls } : {}) }, dns, findings });

const now = ({ pki }: Certificates): TlsaRecord => ofKey(3, pki.leaf);
const next = ({ bad }: Certificates): TlsaRecord => ofKey(3, bad.second);
const issuer = ({ pki }: Certificates): TlsaRecord => ofKey(2, pki.intermediate);

export const daneRows: readonly Row[] = [
  dane("no records", () => ({}), undefined),
  dane(
    "this key and the next one",
    tlsa((have) => [now(have), next(have)]),
    undefined,
  ),
  dane(
    "this key and its issuer",
    tlsa((have) => [now(have), issuer(have)]),
    undefined,
  ),
  dane(
    "this key alone",
    tlsa((have) => [now(have)]),
    undefined,
    "info dane-roll",
  ),
  dane(
    "another key",
    tlsa((have) => [next(have)]),
    undefined,
    "fault dane-match",
  ),
  // With a key pinned, name and dates do not matter to senders (RFC 7672 §3.1.1); people are still told.
  dane(
    "this key, for another name",
    tlsa(({ bad, ...have }) => [ofKey(3, bad.otherName), now({ bad, ...have })]),
    ({ bad, chained }) => chained(bad.otherName),
    "info cert-name",
  ),
  dane(
    "the issuer alone, and another name",
    tlsa((have) => [issuer(have), next(have)]),
    ({ bad, chained }) => chained(bad.otherName),
    "info cert-name",
    "fault dane-ta",
  ),
  dane(
    "the issuer, which is not sent",
    tlsa((have) => [issuer(have), next(have)]),
    ({ pki }) => ({ key: pki.leaf.privateKey, cert: pki.leaf.pem }),
    "info cert-trust",
    "warning cert-chain",
    "fault dane-match",
  ),
  dane(
    "a kind that senders cannot use",
    tlsa((have) => [now(have), next(have), { ...now(have), usage: 1 }]),
    undefined,
    "warning dane-usage",
  ),
  dane(
    "not signed",
    tlsa((have) => [now(have), next(have)], false),
    undefined,
    "warning dane-sec",
  ),
  {
    what: "nobody could say: no finding out of it",
    servers: { protocol: "smtp" },
    dns: () => ({ tlsa: async () => ({ kind: "unknown", why: "SERVFAIL" }) }),
    findings: [],
  },
  ...(
    [
      ["name servers that fail for TLSA, of a signed host", { signed: true }, "fault dane-nxdomain"],
      ["name servers that fail for TLSA", { signed: false }, "warning dane-nxdomain"],
      [
        "name servers that are silent for TLSA, of a signed host",
        { signed: true, silent: true },
        "warning dane-nxdomain",
      ],
    ] as const
  ).map(([what, failed, finding]): Row => ({
    what,
    servers: { protocol: "smtp" },
    dns: () => ({
      tlsa: async () => ({ kind: "unknown", why: "SERVFAIL", failed: { owner, ...failed } }),
    }),
    findings: [finding],
  })),
  {
    what: "TLSA records are of no use to port 993, and are not asked for",
    servers: { protocol: "imap", mode: "implicit" },
    dns: tlsa((have) => [next(have)]),
    findings: [],
  },
];

const mx = (...records: readonly Partial<MxRecord>[]): MxLookup => ({
  kind: "found",
  secure: true,
  records: records.map((one) => ({ preference: 10, host: "mail.example.org", ...one })),
});
const policy = (mode: "enforce" | "testing" | "none", hosts = ["mail.example.org"], maxAge = 604_800): StsLookup => ({
  kind: "found",
  policy: { mode, mx: hosts, maxAge },
});

/** `--mx example.org`, whose mail host is a healthy one. */
const forDomain = (
  what: string,
  answers: { readonly mx?: MxLookup; readonly sts?: StsLookup },
  ...findings: readonly string[]
): Row => ({
  what,
  servers: { protocol: "smtp" },
  domains: { mx: ["example.org"] },
  dns: () => ({
    mx: async () => answers.mx ?? mx({}),
    mtaSts: async () => answers.sts ?? { kind: "none" },
  }),
  findings,
});

export const domainRows: readonly Row[] = [
  forDomain("one MX host", {}),
  forDomain("no MX record, but an address", { mx: { kind: "none", exists: true, secure: true } }, "info mx-host"),
  forDomain("no such domain", { mx: { kind: "none", exists: false, secure: true } }, "fault mx-host"),
  forDomain("nobody can say", { mx: { kind: "unknown", why: "SERVFAIL" } }, "fault mx-host"),
  forDomain("no mail (null MX)", { mx: mx({ preference: 0, host: "" }) }, "info mx-host"),
  forDomain("null MX beside a host", { mx: mx({ preference: 0, host: "" }, {}) }, "fault mx-host"),
  forDomain("an address as MX host", { mx: mx({}, { host: "192.0.2.1" }) }, "fault mx-host"),
  forDomain("no host name", { mx: mx({}, { host: "mail_server.example.org" }) }, "fault mx-host"),
  forDomain("an alias", { mx: mx({ alias: "host1.example.net" }) }, "warning mx-host"),
  forDomain("MTA-STS, enforced", { sts: policy("enforce") }),
  forDomain("MTA-STS in testing", { sts: policy("testing") }, "info sts-policy"),
  forDomain("MTA-STS: none", { sts: policy("none", []) }, "info sts-policy"),
  forDomain("MTA-STS for a day", { sts: policy("enforce", undefined, 86_400) }, "info sts-policy"),
  forDomain("a policy that is not to be had", { sts: { kind: "unknown", why: "404" } }, "warning sts-policy"),
  forDomain("two TXT records", { sts: { kind: "none", why: "2 records" } }, "warning sts-policy"),
  forDomain(
    "a policy as a web page",
    { sts: { ...policy("enforce"), mediaType: "text/html" } as StsLookup },
    "warning sts-policy",
  ),
  forDomain("a policy without this host", { sts: policy("enforce", ["elsewhere.example.org"]) }, "fault sts-mx"),
  {
    ...forDomain("a policy that is enforced, and no TLS", { sts: policy("enforce") }, "fault st-adv", "fault sts-mx"),
    servers: { protocol: "smtp", behaviour: { capabilities: "250-mx\r\n250 HELP\r\n" } },
  },
  {
    ...forDomain(
      "a policy that is enforced, and another name",
      { sts: policy("enforce") },
      "info cert-name",
      "fault sts-mx",
    ),
    servers: { protocol: "smtp", tls: ({ bad, chained }) => chained(bad.otherName) },
  },
  {
    ...forDomain("signed TLSA records of an unsigned domain", {}, "warning dane-sec"),
    dns: (have) => ({
      ...tlsa((all) => [now(all), next(all)])(have),
      mx: async () => ({ ...mx({}), secure: false }) as MxLookup,
    }),
  },
];
