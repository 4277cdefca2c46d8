// The matrix: certificates and chains (reference/verify.md §4, from CERT-NAME to CERT-DUAL), and what differs between ports and addresses.
import { served } from "../fakes/pki.ts";
import { type Certificates, pair } from "./certificates.ts";
import type { Row, RowServer } from "./row.ts";

const imaps = { protocol: "imap", mode: "implicit" } as const satisfies RowServer;
type Wanted = NonNullable<RowServer["wanted"]>;
type Tls = NonNullable<RowServer["tls"]>;

/** On 993, for people's programs. */
const shows = (what: string, tls: Tls, ...findings: readonly string[]): Row => ({
  what,
  servers: { ...imaps, tls },
  findings,
});
/** On 25, for other mail servers. */
const toServers = (what: string, tls: Tls, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "smtp", tls },
  findings,
});
const leaf =
  (which: keyof Certificates["bad"]): Tls =>
  ({ bad, chained }) =>
    chained(bad[which]);

/** A server that OpenSSL's own rules do not keep from it. */
const lax =
  (which: keyof Certificates["bad"]): Tls =>
  ({ bad, chained }) => ({ ...chained(bad[which]), ciphers: "DEFAULT@SECLEVEL=0" });

const chain =
  (...behind: readonly ("intermediate" | "root")[]): Tls =>
  ({ pki }) =>
    served(pki.leaf, ...behind.map((one) => pki[one]));

export const certificateRows: readonly Row[] = [
  shows("healthy, ECDSA", ({ healthy }) => healthy),
  shows("healthy, RSA", ({ rsa, chained }) => chained(rsa)),
  shows("healthy, a wildcard", leaf("wildcard")),
  shows("another name", leaf("otherName"), "fault cert-name"),
  toServers("another name", leaf("otherName"), "info cert-name"),
  shows("the name as common name alone", leaf("commonNameOnly"), "fault cert-name"),
  shows("a wildcard for a part of a label", leaf("partialWildcard"), "fault cert-name"),
  shows("self-signed", ({ bad }) => served(bad.selfSigned), "fault cert-trust"),
  toServers("self-signed", ({ bad }) => served(bad.selfSigned), "info cert-trust"),
  {
    ...shows("a CA that is not trusted here", ({ healthy }) => healthy, "fault cert-trust"),
    request: { anchors: [] },
  },
  shows("with the root, which is not needed", chain("intermediate", "root")),
  // Two causes look alike from here: an issuer that is not sent, and one that is not known. Both are said.
  shows("the leaf alone", chain(), "fault cert-trust", "fault cert-chain"),
  shows("the intermediate twice", chain("intermediate", "intermediate"), "warning cert-chain"),
  shows("the root before the intermediate", chain("root", "intermediate"), "warning cert-chain"),
  shows("expired", leaf("expired"), "fault cert-expiry"),
  shows("not yet valid", leaf("early"), "fault cert-expiry"),
  // 91 days: a quarter is 22, an eighth 11.
  { ...shows("a third left", ({ healthy }) => healthy), daysLater: 60 },
  { ...shows("less than a quarter left", ({ healthy }) => healthy, "warning cert-expiry"), daysLater: 72 },
  { ...shows("less than an eighth left", ({ healthy }) => healthy, "fault cert-expiry"), daysLater: 85 },
  {
    ...shows("--warn-days", ({ healthy }) => healthy, "warning cert-expiry"),
    request: { expiryDays: { warning: 95, fault: 30 } },
  },
  shows("three years long", leaf("threeYears"), "warning cert-life"),
  shows("of a public CA, and too long for one", leaf("logged"), "info cert-life"),
  shows("an extension that cannot be read", leaf("malformed"), "fault cert-form"),
  shows("must staple, and no staple", leaf("mustStaple"), "warning cert-revoke"),
  shows("a key of 1024 bits", lax("smallKey"), "fault cert-key"),
  shows("signed with SHA-1", lax("sha1"), "fault sig-hash"),
  toServers("signed with SHA-1", lax("sha1"), "info sig-hash"),
  {
    ...shows(
      "a name that the CA may not issue for",
      ({ bad, constrained }) => served(bad.constrained, constrained),
      "fault cert-trust",
    ),
    says: /name constraints do not permit this name/,
  },
  shows("for clients alone (EKU)", leaf("clientOnly"), "fault cert-eku"),
  shows("a key that may not sign", leaf("noSignature"), "fault cert-eku"),
  {
    ...shows("no word about its purpose, which Apple asks for", leaf("noPurpose"), "warning client-refuses"),
    says: /refused by Mail on the Mac/,
  },
  toServers("no word about its purpose", leaf("noPurpose")),
  {
    ...shows("a key on Ed25519", leaf("edwards"), "warning client-refuses"),
    says: /unless the server has a certificate with another key/,
  },
  shows("a leaf that is a CA itself", leaf("caItself"), "warning client-refuses"),
  {
    ...shows("self-signed, and trusted here", ({ bad }) => served(bad.selfSigned), "warning client-refuses"),
    request: ({ bad }) => ({ anchors: [bad.selfSigned.pem] }),
  },
];

const live =
  (which: "leaf" | "other"): Wanted =>
  ({ pki, bad }) => ({
    expected: {
      kind: "live",
      leaves: [which === "leaf" ? pki.leaf.sha256 : bad.second.sha256],
      source: "generation 2 of mail.example.org",
    },
  });
const given: Wanted = ({ bad }) => ({
  expected: { kind: "given", leaves: [bad.second.sha256], source: "sha256:..." },
});

const imap = { protocol: "imap" } as const satisfies RowServer;
const second: Tls = ({ bad, chained }) => chained(bad.second);
const both: Tls = ({ both: two }) => two;

export const betweenRows: readonly Row[] = [
  { what: "the live generation is served", servers: { ...imaps, wanted: live("leaf") }, findings: [] },
  { what: "not reloaded", servers: { ...imaps, wanted: live("other") }, findings: ["fault cert-disk"] },
  { what: "another one than expected", servers: { ...imaps, wanted: given }, findings: ["fault cert-expect"] },
  { what: "all ports alike", servers: [imap, imaps, { protocol: "pop3" }], findings: [] },
  {
    what: "one port has the old one",
    servers: [imap, { ...imaps, tls: second }],
    findings: ["fault cert-same"],
  },
  {
    what: "one port has the old one, with a key of another kind",
    servers: [imap, { ...imaps, tls: ({ rsa, chained }) => chained(rsa) }],
    findings: ["warning cert-same"],
  },
  {
    what: "port 25 has another one than the rest",
    servers: [imap, { protocol: "smtp", tls: second }],
    findings: ["warning cert-same"],
  },
  {
    what: "both kinds of key everywhere",
    servers: [
      { ...imap, tls: both },
      { ...imaps, tls: both },
    ],
    full: "dialogue",
    findings: [],
  },
  {
    what: "both kinds of key on one port alone",
    servers: [{ ...imap, tls: both }, imaps],
    full: "dialogue",
    findings: ["warning cert-dual"],
  },
  {
    what: "the RSA certificate is for another name",
    servers: { ...imaps, tls: ({ pki, bad }) => pair(pki.leaf, bad.rsaOtherName, pki.intermediate) },
    full: "dialogue",
    findings: ["fault cert-name", "warning cert-dual", "warning cert-dual"],
  },
  {
    what: "143 without 993",
    servers: [imap, { ...imaps, closed: true, wanted: { demanded: false } }],
    findings: ["info net-reach", "warning implicit"],
  },
  {
    what: "two addresses, TLS 1.3 and TLS 1.2",
    servers: [
      imap,
      { ...imap, samePort: true, address: "127.0.0.3", tls: ({ healthy }) => ({ ...healthy, maxVersion: "TLSv1.2" }) },
    ],
    findings: ["warning net-equal"],
  },
  { what: "two addresses alike", servers: [imap, { ...imap, samePort: true, address: "127.0.0.3" }], findings: [] },
];
