// Every check: what makes it speak, how loudly for each role, and what leaves it silent.
import { beforeAll, describe, expect, test } from "vitest";
import type { Check, EntryFacts } from "../../src/checks/check.ts";
import { type CertificateFacts, readCertificate } from "../../src/domain/certificate.ts";
import { checks } from "../../src/checks/index.ts";
import { certTrust } from "../../src/checks/cert-trust.ts";
import { deadHosts } from "../../src/checks/net-reach.ts";
import type { EntryPoint } from "../../src/domain/entry-point.ts";
import { sha256Hex } from "../../src/domain/fingerprint.ts";
import type { Finding } from "../../src/domain/finding.ts";
import type { Observation } from "../../src/domain/observation.ts";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import { type Samples, checkContract } from "../contract/check.ts";
import { domainFacts } from "../fakes/domain-facts.ts";
import { type FactsOptions, clearDialogue, entryFacts } from "../fakes/entry-facts.ts";
import { type Issued, type Pki, day, issue, makePki, sanWith } from "../fakes/pki.ts";

let pki: Pki;
let good: readonly Issued[];
let certificates: Readonly<
  Record<
    | "expired"
    | "ending"
    | "soon"
    | "early"
    | "other"
    | "cnOnly"
    | "own"
    | "client"
    | "weak"
    | "sha1"
    | "rsa"
    | "second"
    | "lateCa"
    | "earlyCa"
    | "malformed"
    | "tenYears"
    | "twoNames"
    | "threeYears"
    | "logged"
    | "stapling"
    | "noPurpose"
    | "edwards"
    | "forService"
    | "forChat"
    | "forDomain",
    Issued
  >
>;
const now = Date.now();
/** Extensions: signed certificate timestamps (RFC 6962), TLS feature (RFC 7633). */
const timestamps = "1.3.6.1.4.1.11129.2.4.2";
const feature = "1.3.6.1.5.5.7.1.24";
const at = (days: number): Date => new Date(now + days * day);

beforeAll(async () => {
  pki = await makePki();
  good = [pki.leaf, pki.intermediate];
  const by = pki.intermediate;
  const names = ["mail.example.org"];
  certificates = {
    expired: await issue({ names, by, notBefore: at(-90), notAfter: at(-3) }),
    // 80 days: a quarter is 20, an eighth 10.
    ending: await issue({ names, by, notBefore: at(-65), notAfter: at(15) }),
    soon: await issue({ names, by, notBefore: at(-75), notAfter: at(5) }),
    early: await issue({ names, by, notBefore: at(2), notAfter: at(90) }),
    other: await issue({ names: ["other.example"], by }),
    cnOnly: await issue({ subject: "CN=mail.example.org", by }),
    own: await issue({ names }),
    client: await issue({ names, by, eku: ["1.3.6.1.5.5.7.3.2"] }),
    weak: await issue({ names, by, key: "RSA-1024" }),
    sha1: await issue({ names, by, hash: "SHA-1" }),
    rsa: await issue({ names, by, key: "RSA-2048" }),
    second: await issue({ names, by }),
    twoNames: await issue({ names: [...names, "imap.example.org"], by }),
    tenYears: await issue({ names, notBefore: at(-1), notAfter: at(3650) }),
    threeYears: await issue({ names, by, notBefore: at(-1), notAfter: at(824) }),
    logged: await issue({ names, by, notBefore: at(-1), notAfter: at(500), raw: [[timestamps, "0400"]] }),
    forService: await issue({ subject: "CN=x", by, raw: [sanWith({ srv: ["_imaps.example.org"] })] }),
    forChat: await issue({
      subject: "CN=x",
      by,
      raw: [sanWith({ srv: ["_xmpp-client.mail.example.org"], xmpp: ["mail.example.org"] })],
    }),
    noPurpose: await issue({ names, by, eku: [] }),
    edwards: await issue({ names, by, key: "Ed25519" }),
    forDomain: await issue({ names: [...names, "example.org"], by }),
    stapling: await issue({ names, by, raw: [[feature, "3003020105"]] }),
    earlyCa: await issue({ subject: "CN=New CA", ca: true, by: pki.root, notBefore: at(2), notAfter: at(900) }),
    malformed: await issue({ by, raw: [["2.5.29.17", "3005"]] }),
    lateCa: await issue({ subject: "CN=Old CA", ca: true, by: pki.root, notBefore: at(-900), notAfter: at(-1) }),
  };
  // So many keys take their time on a busy machine.
}, 60_000);

const findingsOf = (check: Check, facts: EntryFacts): readonly Finding[] => {
  if (check.scope === "domain") return [];
  return check.scope === "entry" ? check.judge(facts) : check.judge([facts]);
};

const judge = (facts: EntryFacts): readonly string[] =>
  checks.flatMap((check) => findingsOf(check, facts)).map((finding) => `${finding.severity} ${finding.check}`);

const to = (leaf: Issued): { readonly leaf: CertificateFacts } => ({ leaf: readCertificate(leaf.der) });
const starttls = { mode: "starttls", port: 143 } as const;
const mta = { protocol: "smtp", mode: "starttls", port: 25 } as const;
const submission = { protocol: "submission", mode: "starttls", port: 587 } as const;
const lmtp = { protocol: "lmtp", mode: "starttls", port: 24 } as const;
const tlsOff = { setting: "Dovecot: ssl = no", mend: "take `ssl = no` out, then `doveadm reload`" };
const error = (
  stage: NonNullable<Observation["error"]>["stage"],
  reason: NonNullable<Observation["error"]>["reason"],
): Partial<Observation> => ({
  error: { stage, reason, message: "words of the server" },
});

/** Secure TLSA records of port 25; `spki`: of that certificate. */
const tlsa = (
  records: readonly (readonly [usage: number, of: Issued | "foreign" | "cut"])[],
  secure = true,
): Pick<FactsOptions, "entry" | "tlsa"> => ({
  entry: mta,
  tlsa: {
    kind: "found",
    owner: "_25._tcp.mail.example.org",
    secure,
    records: records.map(([usage, of]) => ({
      usage,
      selector: 1,
      matchingType: 1,
      data: of === "foreign" ? "ab".repeat(32) : of === "cut" ? "abcd" : readCertificate(of.der).spkiSha256,
    })),
  },
});

/** A full look at a sound server, except for what `more` says. */
const profile = (more: Partial<TlsProfile> = {}): Partial<Observation> => ({
  tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
  profile: {
    connections: 7,
    brokenSuite: null,
    weakSuite: null,
    phaseOutSuite: null,
    dhBits: 3072,
    weakGroup: null,
    hybridGroup: "X25519MLKEM768",
    largeHello: true,
    alpn: null,
    ...more,
    versions: { SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true, ...more.versions },
    tls12: {
      suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      extendedMasterSecret: true,
      secureRenegotiation: true,
      compression: false,
      signatureHash: "SHA-256",
      ...more.tls12,
    },
  },
});
const sound12 = {
  suite: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  extendedMasterSecret: true,
  secureRenegotiation: true,
  compression: false,
};
/** TLS came about. */
const judged = (verifyError?: string): Partial<Observation> => ({
  tls: { version: "TLSv1.3", cipher: "x", ...(verifyError === undefined ? {} : { verifyError }) },
});
const unread = (...chain: readonly Buffer[]): Partial<Observation> => ({ chain });

/** For people's programs, on port 25, between servers of one site. */
const inEachRole = (
  what: string,
  more: Partial<TlsProfile>,
  [mua, atMta, internal]: readonly [string, string, string],
): readonly Row[] =>
  ([{}, mta, lmtp] as const).map((entry, index) => [
    `${what}, ${["for people", "on 25", "in LMTP"][index]}`,
    () => ({ entry, chain: good, observation: profile(more) }),
    [[mua, atMta, internal][index] ?? ""],
  ]);

const caa = (...records: readonly (readonly [tag: string, value: string])[]): NonNullable<FactsOptions["caa"]> => ({
  kind: "found",
  owner: "example.org",
  records: records.map(([tag, value]) => ({ critical: false, tag, value })),
});

type Row = readonly [string, () => FactsOptions, readonly string[]];

/** name, facts, findings */
const rows: readonly Row[] = [
  ["a full look at a sound server", () => ({ chain: good, observation: profile() }), []],
  ...inEachRole("TLS 1.0", { versions: { TLSv1: true } }, [
    "fault ver-legacy",
    "warning ver-legacy",
    "warning ver-legacy",
  ]),
  ...inEachRole("no TLS 1.2", { versions: { "TLSv1.2": false } }, ["info ver-12", "warning ver-12", "info ver-12"]),
  ...inEachRole("no TLS 1.3", { versions: { "TLSv1.3": false } }, ["info ver-13", "info ver-13", "info ver-13"]),
  ...inEachRole("RC4", { brokenSuite: "TLS_RSA_WITH_RC4_128_MD5" }, [
    "fault ciph-broken",
    "warning ciph-broken",
    "warning ciph-broken",
  ]),
  [
    "suites without authentication, which a client would have to offer",
    () => ({ chain: good, observation: profile({ brokenSuite: "TLS_ECDH_anon_WITH_AES_256_CBC_SHA" }) }),
    ["warning ciph-broken"],
  ],
  [
    "suites without authentication and without encryption",
    () => ({ chain: good, observation: profile({ brokenSuite: "TLS_ECDH_anon_WITH_NULL_SHA" }) }),
    ["fault ciph-broken"],
  ],
  ...inEachRole("static RSA", { weakSuite: "TLS_RSA_WITH_AES_128_CBC_SHA" }, [
    "warning ciph-weak",
    "info ciph-weak",
    "info ciph-weak",
  ]),
  ...inEachRole("3DES", { weakSuite: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" }, [
    "warning ciph-weak",
    "info ciph-weak",
    "info ciph-weak",
  ]),
  ...inEachRole("DHE", { phaseOutSuite: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA" }, [
    "info ciph-phase",
    "info ciph-phase",
    "info ciph-phase",
  ]),
  ...inEachRole("a prime of 1024 bits", { dhBits: 1024 }, ["warning kex-dh", "info kex-dh", "info kex-dh"]),
  ["a prime of 2048 bits", () => ({ chain: good, observation: profile({ dhBits: 2048 }) }), []],
  ...inEachRole("P-224", { weakGroup: "P-224" }, ["warning kex-ec", "info kex-ec", "info kex-ec"]),
  ...inEachRole("no ML-KEM", { hybridGroup: null }, ["info kex-pq", "info kex-pq", "info kex-pq"]),
  ...inEachRole("small ClientHellos only, seen by asking", { largeHello: false }, [
    "fault kex-bigch",
    "fault kex-bigch",
    "fault kex-bigch",
  ]),
  ...inEachRole("no secure renegotiation", { tls12: { ...sound12, secureRenegotiation: false } }, [
    "warning reneg-sec",
    "warning reneg-sec",
    "warning reneg-sec",
  ]),
  ...inEachRole("compression", { tls12: { ...sound12, compression: true } }, [
    "warning comp",
    "info comp",
    "info comp",
  ]),
  ...inEachRole("no extended master secret", { tls12: { ...sound12, extendedMasterSecret: false } }, [
    "warning ems",
    "warning ems",
    "warning ems",
  ]),
  ...inEachRole("the key exchange signed with SHA-1", { tls12: { ...sound12, signatureHash: "SHA-1" } }, [
    "warning sig-hash",
    "info sig-hash",
    "info sig-hash",
  ]),
  ...inEachRole("static RSA before all", { tls12: { ...sound12, suite: "TLS_RSA_WITH_AES_256_GCM_SHA384" } }, [
    "info ciph-good",
    "info ciph-good",
    "info ciph-good",
  ]),
  ...inEachRole("CBC before all", { tls12: { ...sound12, suite: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" } }, [
    "info ciph-good",
    "info ciph-good",
    "info ciph-good",
  ]),
  ...inEachRole("ALPN of a web server", { alpn: "http/1.1" }, ["info alpn", "info alpn", "info alpn"]),
  ["ALPN of its own", () => ({ chain: good, observation: profile({ alpn: "imap" }) }), []],
  ...[true, false].map((renegotiates): Row => [
    `renegotiation at a client's wish: ${renegotiates}`,
    () => ({ chain: good, observation: { ...profile(), renegotiates } }),
    renegotiates ? ["info reneg-cli"] : [],
  ]),
  ...[{}, mta, lmtp].map((entry, index): Row => [
    `early data, ${index}`,
    () => ({ entry, chain: good, observation: { tls: { version: "TLSv1.3", cipher: "x", earlyData: 16_384 } } }),
    ["warning 0rtt"],
  ]),
  [
    "tickets without early data",
    () => ({ chain: good, observation: { tls: { version: "TLSv1.3", cipher: "x", earlyData: 0 } } }),
    [],
  ],
  [
    "a full look that broke off: what it did not come to is not judged",
    () => ({
      chain: good,
      observation: {
        ...profile(),
        profile: { connections: 2, versions: { "TLSv1.3": true }, stopped: "421 too many connections" },
      },
    }),
    ["info ver-legacy"],
  ],

  ["a healthy entry point", () => ({ chain: good }), []],
  ["with the root at the end", () => ({ chain: [...good, pki.root] }), []],

  [
    "pinned by key",
    () => ({
      ...tlsa([
        [3, pki.leaf],
        [3, "foreign"],
      ]),
      chain: good,
    }),
    [],
  ],
  ["pinned by one key alone", () => ({ ...tlsa([[3, pki.leaf]]), chain: good }), ["info dane-roll"]],
  [
    "pinned by its issuer",
    () => ({
      ...tlsa([
        [2, pki.intermediate],
        [3, "foreign"],
      ]),
      chain: good,
    }),
    [],
  ],
  [
    "pinned by its issuer, for another host",
    () => ({
      ...tlsa([
        [2, pki.intermediate],
        [3, "foreign"],
      ]),
      chain: [certificates.other, pki.intermediate],
    }),
    ["info cert-name", "fault dane-ta"],
  ],
  [
    "pinned by its issuer, expired",
    () => ({
      ...tlsa([
        [2, pki.intermediate],
        [3, "foreign"],
      ]),
      chain: [certificates.expired, pki.intermediate],
    }),
    ["fault cert-expiry", "fault dane-ta"],
  ],
  [
    "pinned by key, expired and for another host: no matter for DANE",
    () => ({
      ...tlsa([
        [3, certificates.other],
        [3, "foreign"],
      ]),
      chain: [certificates.other, pki.intermediate],
    }),
    ["info cert-name"],
  ],
  [
    "pinned by key and expired: senders that check DANE deliver",
    () => ({
      ...tlsa([
        [3, certificates.expired],
        [3, "foreign"],
      ]),
      chain: [certificates.expired, pki.intermediate],
      verifyError: "CERT_HAS_EXPIRED",
    }),
    ["warning cert-expiry"],
  ],
  [
    "pinned by key, under an eighth",
    () => ({
      ...tlsa([
        [3, certificates.soon],
        [3, "foreign"],
      ]),
      chain: [certificates.soon, pki.intermediate],
    }),
    ["warning cert-expiry"],
  ],
  [
    "pinned by key, not signed, and expired",
    () => ({ ...tlsa([[3, certificates.expired]], false), chain: [certificates.expired, pki.intermediate] }),
    ["fault cert-expiry", "warning dane-sec"],
  ],
  ...(
    [
      [undefined, []],
      [{ owner: "_25._tcp.mail.example.org", signed: true }, ["fault dane-nxdomain"]],
      [{ owner: "_25._tcp.mail.example.org", signed: false }, ["warning dane-nxdomain"]],
      [{ owner: "_25._tcp.mail.example.org", signed: true, silent: true }, ["warning dane-nxdomain"]],
    ] as const
  ).map(([failed, said]): Row => [
    `nobody can say about TLSA (${JSON.stringify(failed)})`,
    () => ({ entry: mta, chain: good, tlsa: { kind: "unknown", why: "SERVFAIL", ...(failed ? { failed } : {}) } }),
    said,
  ]),
  ...(
    [
      ["none", { kind: "none" }, ["info cert-caa"]],
      ["nobody could say", { kind: "unknown", why: "no answer" }, []],
      ["SERVFAIL", { kind: "blocked", owner: "example.org", why: "SERVFAIL" }, ["warning cert-caa"]],
      ["SERVFAIL for the top-level domain", { kind: "blocked", owner: "org", why: "SERVFAIL" }, []],
      ["one that may", caa(["issue", "ca.example; accounturi=x"]), []],
      ["capital letters", caa(["ISSUE", "CA.example"]), []],
      ["nobody may", caa(["issue", ";"]), ["warning cert-caa"]],
      ["nobody may, but one may", caa(["issue", ";"], ["issue", "ca.example"]), []],
      ["malformed", caa(["issue", "ca example"]), ["warning cert-caa"]],
      ["nothing of issuing", caa(["iodef", "mailto:a@example.org"], ["issuewild", ";"]), ["info cert-caa"]],
    ] as const
  ).map(([what, found, said]): Row => [`CAA: ${what}`, () => ({ entry: mta, chain: good, caa: found }), said]),
  [
    "pinned otherwise",
    () => ({
      ...tlsa([
        [3, "foreign"],
        [2, pki.root],
      ]),
      chain: good,
    }),
    ["fault dane-match"],
  ],
  ["pinned otherwise, not signed", () => ({ ...tlsa([[3, "foreign"]], false), chain: good }), ["warning dane-sec"]],
  [
    "pinned by kinds that nobody uses",
    () => ({
      ...tlsa([
        [1, pki.leaf],
        [0, pki.root],
      ]),
      chain: good,
    }),
    ["warning dane-usage"],
  ],
  [
    "a record that was cut off, beside one that fits",
    () => ({
      ...tlsa([
        [3, "cut"],
        [3, pki.leaf],
        [3, "foreign"],
      ]),
      chain: good,
    }),
    ["warning dane-usage"],
  ],
  ["nobody could say what TLSA there is", () => ({ entry: mta, tlsa: { kind: "unknown", why: "x" }, chain: good }), []],
  [
    "TLSA records, and no TLS",
    () => ({ ...tlsa([[3, "foreign"]]), observation: error("starttls", "not-offered") }),
    ["fault st-adv"],
  ],
  ["refused, named", () => ({ observation: error("connect", "refused") }), ["fault net-reach"]],
  ["refused, guessed", () => ({ observation: error("connect", "refused"), demanded: false }), ["info net-reach"]],
  ["timeout, named", () => ({ observation: error("connect", "timeout") }), ["fault net-reach"]],
  ["timeout, guessed", () => ({ observation: error("connect", "timeout"), demanded: false }), ["warning net-reach"]],
  ["unreachable, named", () => ({ observation: error("connect", "unreachable") }), ["fault net-reach"]],
  [
    "unreachable, guessed",
    () => ({ observation: error("connect", "unreachable"), demanded: false }),
    ["warning net-reach"],
  ],
  ["no route for that family", () => ({ observation: error("connect", "no-route") }), ["info net-reach"]],
  ...(
    [
      ["no STARTTLS", starttls, error("starttls", "not-offered")],
      ["greets in clear", {}, { ...error("handshake", "protocol"), wrongMode: true }],
      ["hangs up", {}, error("handshake", "closed")],
      ["its port is closed", {}, error("connect", "refused")],
      ["STARTTLS breaks off", starttls, error("starttls", "closed")],
    ] as const
  ).map(([what, entry, observation]): Row => [
    `TLS is switched off in the configuration: ${what}`,
    () => ({ entry, observation, tlsOff }),
    ["fault st-adv"],
  ]),
  [
    "TLS is switched off in the configuration, and the server does not run",
    () => ({ entry: starttls, observation: error("connect", "refused"), tlsOff }),
    ["fault net-reach"],
  ],
  [
    "TLS is switched off in the configuration, and still there: it was not reloaded",
    () => ({ chain: good, tlsOff }),
    [],
  ],
  ["no such name", () => ({ observation: error("resolve", "dns") }), ["fault net-reach"]],
  ["says nothing", () => ({ observation: error("greeting", "timeout"), demanded: false }), ["fault net-reach"]],
  ["421", () => ({ entry: mta, observation: error("greeting", "temporary") }), ["fault net-reach"]],
  ["554", () => ({ entry: mta, observation: error("greeting", "declined") }), ["fault net-reach"]],
  ["hangs up inside TLS", () => ({ chain: good, observation: error("greeting", "closed") }), ["fault net-reach"]],

  ["no STARTTLS", () => ({ entry: starttls, observation: error("starttls", "not-offered") }), ["fault st-adv"]],
  ["no STARTTLS on 25", () => ({ entry: mta, observation: error("starttls", "not-offered") }), ["fault st-adv"]],
  ["no STARTTLS in LMTP", () => ({ entry: lmtp, observation: error("starttls", "not-offered") }), ["warning st-adv"]],
  [
    "STARTTLS declined",
    () => ({ entry: starttls, observation: { ...error("starttls", "declined"), clear: clearDialogue } }),
    ["fault st-refused"],
  ],
  [
    "STARTTLS 454",
    () => ({ entry: mta, observation: { ...error("starttls", "temporary"), clear: clearDialogue } }),
    ["fault st-refused"],
  ],
  [
    "closed after the go-ahead",
    () => ({ entry: mta, observation: { ...error("starttls", "closed"), clear: clearDialogue } }),
    ["fault st-refused"],
  ],
  [
    "bytes after the go-ahead",
    () => ({
      entry: mta,
      observation: { ...error("starttls", "injected"), clear: { ...clearDialogue, injectedBytes: 14 } },
    }),
    ["fault st-resp-inj"],
  ],
  [
    "a command behind STARTTLS is answered inside TLS",
    () => ({ entry: mta, chain: good, observation: { injection: { kind: "executed", answer: "250 Ok" } } }),
    ["fault st-cmd-inj"],
  ],
  ...([{ kind: "discarded" }, { kind: "refused", how: "x" }, { kind: "undecided", why: "x" }] as const).map(
    (injection): readonly [string, () => FactsOptions, readonly string[]] => [
      `a command behind STARTTLS is ${injection.kind}`,
      () => ({ entry: starttls, chain: good, observation: { injection } }),
      [],
    ],
  ),
  [
    "PREAUTH",
    () => ({
      entry: starttls,
      observation: {
        ...error("starttls", "protocol"),
        clear: { ...clearDialogue, preauth: true, startTlsOffered: false },
      },
    }),
    ["fault st-preauth"],
  ],
  [
    "login in clear",
    () => ({ entry: starttls, chain: good, observation: { clear: { ...clearDialogue, authInClear: ["PLAIN"] } } }),
    ["fault st-auth-clear"],
  ],
  [
    "login in clear on 25",
    () => ({ entry: mta, chain: good, observation: { clear: { ...clearDialogue, authInClear: ["PLAIN"] } } }),
    ["info st-auth-clear"],
  ],
  [
    "login in clear, seen from the server itself",
    () => ({
      entry: starttls,
      chain: good,
      observation: { local: true, clear: { ...clearDialogue, authInClear: ["PLAIN"] } },
    }),
    ["info st-auth-clear"],
  ],
  [
    "challenge-response in clear",
    () => ({
      entry: submission,
      chain: good,
      observation: { clear: { ...clearDialogue, authInClear: ["CRAM-MD5", "SCRAM-SHA-256"] } },
    }),
    ["warning st-auth-clear"],
  ],
  [
    "STARTTLS still there inside",
    () => ({
      entry: starttls,
      chain: good,
      observation: { secure: { capabilities: ["STARTTLS"], startTlsStillOffered: true } },
    }),
    ["warning st-caps"],
  ],
  [
    "STARTTLS still there inside, on 25",
    () => ({
      entry: mta,
      chain: good,
      observation: { secure: { capabilities: ["STARTTLS"], startTlsStillOffered: true } },
    }),
    ["info st-caps"],
  ],
  [
    "sieve does not list again",
    () => ({
      entry: { protocol: "sieve", mode: "starttls", port: 4190 },
      chain: good,
      observation: { secure: { capabilities: [], startTlsStillOffered: false, silent: true } },
    }),
    ["warning st-caps"],
  ],
  [
    "LOGINDISABLED inside TLS",
    () => ({
      entry: { protocol: "imap", mode: "starttls", port: 143 },
      chain: good,
      observation: { secure: { capabilities: [], startTlsStillOffered: false, loginDisabled: true } },
    }),
    ["warning st-caps"],
  ],
  [
    "clear text on an implicit port",
    () => ({ observation: { ...error("handshake", "protocol"), wrongMode: true } }),
    ["fault wrap-misuse"],
  ],
  [
    "TLS on a STARTTLS port",
    () => ({ entry: starttls, chain: good, observation: { ...error("greeting", "protocol"), wrongMode: true } }),
    ["fault wrap-misuse"],
  ],
  [
    "sieve with TLS at once",
    () => ({ entry: { protocol: "sieve", mode: "implicit", port: 4190 }, chain: good }),
    ["fault wrap-misuse"],
  ],
  ["no handshake", () => ({ observation: error("handshake", "tls") }), ["fault tls-handshake"]],
  [
    "small ClientHello only",
    () => ({ chain: good, observation: { tls: { version: "TLSv1.3", cipher: "x", smallHelloOnly: true } } }),
    ["fault kex-bigch"],
  ],

  ["another name", () => ({ chain: [certificates.other, pki.intermediate] }), ["fault cert-name"]],
  ["another name on 25", () => ({ entry: mta, chain: [certificates.other, pki.intermediate] }), ["info cert-name"]],
  [
    "a service's name, which nobody asked for",
    () => ({ chain: [certificates.forService, pki.intermediate] }),
    ["fault cert-name"],
  ],
  [
    "the service's name, by SRV",
    () => ({ chain: [certificates.forService, pki.intermediate], serviceOf: ["example.org"] }),
    ["warning cert-name"],
  ],
  [
    "the name of the service with STARTTLS",
    () => ({ entry: starttls, chain: [certificates.forService, pki.intermediate], serviceOf: ["example.org"] }),
    ["fault cert-name"],
  ],
  [
    "XMPP: its own kinds of names",
    () => ({ entry: { protocol: "xmpp-client", port: 5223 }, chain: [certificates.forChat, pki.intermediate] }),
    [],
  ],
  [
    "XMPP between servers: an XMPP address",
    () => ({ entry: { protocol: "xmpp-server", port: 5270 }, chain: [certificates.forChat, pki.intermediate] }),
    [],
  ],
  ["names of XMPP are none for mail", () => ({ chain: [certificates.forChat, pki.intermediate] }), ["fault cert-name"]],
  ["by SRV, without the domain's name", () => ({ chain: good, serviceOf: ["example.org"] }), ["info cert-name-csr"]],
  ["by SRV, with it", () => ({ chain: [certificates.forDomain, pki.intermediate], serviceOf: ["example.org"] }), []],
  [
    "by SRV of two domains",
    () => ({ chain: [certificates.forDomain, pki.intermediate], serviceOf: ["example.org", "example.net"] }),
    ["info cert-name-csr"],
  ],
  ["common name only", () => ({ chain: [certificates.cnOnly, pki.intermediate] }), ["fault cert-name"]],
  [
    "self-signed",
    () => ({ chain: [certificates.own], verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    ["fault cert-trust"],
  ],
  [
    "self-signed on 25",
    () => ({ entry: mta, chain: [certificates.own], verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    ["info cert-trust"],
  ],
  [
    "unknown root",
    () => ({ chain: [...good, pki.root], verifyError: "SELF_SIGNED_CERT_IN_CHAIN" }),
    ["fault cert-trust"],
  ],
  [
    "unknown root, not sent",
    () => ({ chain: good, verifyError: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" }),
    ["fault cert-trust"],
  ],
  [
    "leaf only",
    () => ({ chain: [pki.leaf], verifyError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }),
    ["fault cert-trust", "fault cert-chain"],
  ],
  ["leaf only, known issuer", () => ({ chain: [pki.leaf] }), []],
  ["out of order", () => ({ chain: [pki.leaf, pki.root, pki.intermediate] }), ["warning cert-chain"]],
  ["sent twice", () => ({ chain: [pki.leaf, pki.intermediate, pki.intermediate] }), ["warning cert-chain"]],
  ["a foreign certificate in between", () => ({ chain: [pki.leaf, certificates.own] }), ["warning cert-chain"]],

  [
    "expired",
    () => ({ chain: [certificates.expired, pki.intermediate], verifyError: "CERT_HAS_EXPIRED" }),
    ["fault cert-expiry"],
  ],
  ["under a quarter", () => ({ chain: [certificates.ending, pki.intermediate] }), ["warning cert-expiry"]],
  ["under an eighth", () => ({ chain: [certificates.soon, pki.intermediate] }), ["fault cert-expiry"]],
  [
    "not yet valid",
    () => ({ chain: [certificates.early, pki.intermediate], verifyError: "CERT_NOT_YET_VALID" }),
    ["fault cert-expiry"],
  ],
  [
    "fixed days: fine",
    () => ({ chain: [certificates.soon, pki.intermediate], expiryDays: { warning: 4, fault: 2 } }),
    [],
  ],
  [
    "fixed days: warning",
    () => ({ chain: [certificates.soon, pki.intermediate], expiryDays: { warning: 6, fault: 2 } }),
    ["warning cert-expiry"],
  ],
  ["fixed days: fault", () => ({ chain: good, expiryDays: { warning: 100, fault: 95 } }), ["fault cert-expiry"]],
  [
    "an expired issuer that is not needed",
    () => ({ chain: [pki.leaf, pki.intermediate, certificates.lateCa] }),
    ["warning cert-chain", "warning cert-expiry"],
  ],

  [
    "ten years",
    () => ({ chain: [certificates.tenYears], verifyError: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    ["fault cert-trust", "warning cert-life"],
  ],
  ["825 days of a private CA", () => ({ chain: [certificates.threeYears, pki.intermediate] }), []],
  ["500 days of a public CA", () => ({ chain: [certificates.logged, pki.intermediate] }), ["info cert-life"]],
  ["500 days of a public CA, on 25", () => ({ entry: mta, chain: [certificates.logged, pki.intermediate] }), []],
  ["must staple, and does not", () => ({ chain: [certificates.stapling, pki.intermediate] }), ["warning cert-revoke"]],
  [
    "must staple, and sends something",
    () => ({
      chain: [certificates.stapling, pki.intermediate],
      observation: { tls: { version: "TLSv1.3", cipher: "x", stapled: Buffer.from("an answer") } },
    }),
    ["warning cert-revoke"],
  ],

  [
    "no name in TLS, no TLS",
    () => ({ entry: mta, chain: good, otherNames: { none: { error: "x" } } }),
    ["warning sni"],
  ],
  [
    "no name in TLS: the same certificate",
    () => ({ chain: good, otherNames: { none: to(pki.leaf), unknown: to(pki.leaf) } }),
    [],
  ],
  [
    "no name in TLS: another certificate that has the name too",
    () => ({ chain: good, otherNames: { none: to(certificates.second), unknown: to(certificates.second) } }),
    [],
  ],
  [
    "no name in TLS: another host's; an unknown name is refused",
    () => ({ chain: good, otherNames: { none: to(certificates.other), unknown: { error: "x" } } }),
    ["info sni", "info sni"],
  ],
  [
    "an unknown name: yet another certificate",
    () => ({ chain: good, otherNames: { none: to(pki.leaf), unknown: to(certificates.other) } }),
    ["info sni"],
  ],

  [
    "MAIL FROM taken in clear",
    () => ({ entry: submission, chain: good, observation: { mailInClear: { code: 250, text: "250 Ok" } } }),
    ["warning st-enforced"],
  ],
  ...[530, 450].map((code): readonly [string, () => FactsOptions, readonly string[]] => [
    `MAIL FROM in clear: ${code}`,
    () => ({ entry: submission, chain: good, observation: { mailInClear: { code, text: "no" } } }),
    [],
  ]),

  ["RSA 1024", () => ({ chain: [certificates.weak, pki.intermediate] }), ["fault cert-key"]],
  ["RSA 1024 on 25", () => ({ entry: mta, chain: [certificates.weak, pki.intermediate] }), ["fault cert-key"]],
  ["RSA 2048", () => ({ chain: [certificates.rsa, pki.intermediate] }), []],
  ["SHA-1", () => ({ chain: [certificates.sha1, pki.intermediate] }), ["warning sig-hash"]],
  [
    "SHA-1, which OpenSSL refuses: told once",
    () => ({ chain: [certificates.sha1, pki.intermediate], verifyError: "CA_MD_TOO_WEAK" }),
    ["fault sig-hash"],
  ],
  [
    "a hash that OpenSSL refuses, and nobody can name",
    () => ({ chain: good, verifyError: "CA_MD_TOO_WEAK" }),
    ["fault cert-trust"],
  ],
  [
    "RSA 1024, which OpenSSL refuses: told once",
    () => ({ chain: [certificates.weak, pki.intermediate], verifyError: "EE_KEY_TOO_SMALL" }),
    ["fault cert-key"],
  ],
  ["SHA-1 on 25", () => ({ entry: mta, chain: [certificates.sha1, pki.intermediate] }), ["info sig-hash"]],
  [
    "bytes that are no certificate",
    () => ({ chain: [], observation: { ...unread(Buffer.from("nonsense")), ...judged("UNSPECIFIED") } }),
    ["fault cert-form", "fault cert-trust"],
  ],
  ["no certificate at all", () => ({ chain: [], observation: judged() }), ["fault cert-form"]],
  [
    "an issuer that cannot be read, and is not needed",
    () => ({ chain: good, observation: unread(pki.leaf.der, pki.intermediate.der, Buffer.from("nonsense")) }),
    ["warning cert-form"],
  ],
  ["more certificates than are kept", () => ({ chain: good, observation: { chainCut: true } }), ["warning cert-form"]],
  [
    "a SAN that cannot be read",
    () => ({ chain: [certificates.malformed, pki.intermediate] }),
    ["fault cert-form", "fault cert-name"],
  ],
  [
    "the expected leaf, byte by byte, which cannot be read",
    () => ({
      chain: [],
      observation: { ...unread(Buffer.from("nonsense")), ...judged() },
      expected: { kind: "given", leaves: [sha256Hex(Buffer.from("nonsense"))], source: "leaf.der" },
    }),
    ["fault cert-form"],
  ],
  [
    "another leaf than the expected one, which cannot be read",
    () => ({
      chain: [],
      observation: { ...unread(Buffer.from("nonsense")), ...judged() },
      expected: { kind: "given", leaves: ["00"], source: "leaf.der" },
    }),
    ["fault cert-form", "fault cert-expect"],
  ],

  [
    "expired, and of nobody that is known",
    () => ({
      chain: [certificates.expired, pki.intermediate],
      verifyError: "CERT_HAS_EXPIRED",
      path: {
        anchored: false,
        members: [certificates.expired, pki.intermediate].map(({ der }) => readCertificate(der)),
      },
    }),
    ["fault cert-trust", "fault cert-expiry"],
  ],
  [
    "an issuer that is not yet valid",
    () => ({ chain: [pki.leaf, certificates.earlyCa], verifyError: "CERT_NOT_YET_VALID" }),
    ["warning cert-chain", "fault cert-expiry"],
  ],
  [
    "a root that is not sent and has expired",
    () => ({
      chain: good,
      verifyError: "CERT_HAS_EXPIRED",
      path: { anchored: true, members: [...good, certificates.lateCa].map(({ der }) => readCertificate(der)) },
    }),
    ["fault cert-expiry"],
  ],
  [
    "an expired issuer in a chain that leads nowhere: the date is not what is in its way",
    () => ({
      chain: [pki.leaf, certificates.lateCa],
      verifyError: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      path: { anchored: false, members: [pki.leaf, certificates.lateCa].map(({ der }) => readCertificate(der)) },
    }),
    ["fault cert-trust", "fault cert-chain", "warning cert-expiry"],
  ],
  [
    "OpenSSL went another way than we, by an expired issuer",
    () => ({
      chain: [...good, certificates.lateCa],
      verifyError: "CERT_HAS_EXPIRED",
      path: { anchored: true, members: [...good, pki.root].map(({ der }) => readCertificate(der)) },
    }),
    ["warning cert-chain", "fault cert-expiry"],
  ],
  [
    "OpenSSL knows of a date that we do not",
    () => ({ chain: good, verifyError: "CERT_HAS_EXPIRED" }),
    ["fault cert-expiry"],
  ],
  [
    "a client certificate, and cert-eku is not asked",
    () => ({
      chain: [certificates.client, pki.intermediate],
      verifyError: "INVALID_PURPOSE",
      chosen: new Set(["cert-trust"]),
    }),
    ["fault cert-trust", "fault cert-eku"],
  ],
  [
    "a client certificate of nobody that is known",
    () => ({
      chain: [certificates.client, pki.intermediate],
      verifyError: "INVALID_PURPOSE",
      path: { anchored: false, members: [] },
    }),
    ["fault cert-trust", "fault cert-eku"],
  ],
  [
    "a client certificate",
    () => ({ chain: [certificates.client, pki.intermediate], verifyError: "INVALID_PURPOSE" }),
    ["fault cert-eku"],
  ],
  [
    "a client certificate on 25",
    () => ({ entry: mta, chain: [certificates.client, pki.intermediate] }),
    ["info cert-eku"],
  ],
  [
    "no word about its use, which Apple asks for",
    () => ({ chain: [certificates.noPurpose, pki.intermediate] }),
    ["warning client-refuses"],
  ],
  [
    "the same between servers, and where people read no mail",
    () => ({
      entry: { protocol: "sieve", mode: "starttls", port: 4190 },
      chain: [certificates.noPurpose, pki.intermediate],
    }),
    [],
  ],
  [
    "an Ed25519 key: others may be served another",
    () => ({ chain: [certificates.edwards, pki.intermediate] }),
    ["warning client-refuses"],
  ],
  [
    "an Ed25519 key, and no other",
    () => ({ chain: [certificates.edwards, pki.intermediate], onlyKind: true }),
    ["fault client-refuses"],
  ],
  ["self-signed, trusted because somebody named it", () => ({ chain: [certificates.own] }), ["warning client-refuses"]],
  [
    "self-signed, trusted because this host made it: said once, by cert-trust",
    () => ({ chain: [certificates.own], ownRoots: [certificates.own.sha256] }),
    [],
  ],

  [
    "the live leaf",
    () => ({ chain: good, expected: { kind: "live", leaves: [pki.leaf.sha256], source: "generation 7" } }),
    [],
  ],
  [
    "not the live leaf",
    () => ({ chain: good, expected: { kind: "live", leaves: ["00"], source: "generation 7" } }),
    ["fault cert-disk"],
  ],
  [
    "not the expected leaf",
    () => ({ chain: good, expected: { kind: "given", leaves: ["00"], source: "leaf.pem" } }),
    ["fault cert-expect"],
  ],
];

describe("each situation gives exactly its findings", () => {
  test.each(rows)("%s", (_, options, expected) => {
    expect(judge(entryFacts(options()))).toEqual(expected);
  });
});

describe("about the whole", () => {
  const same = checks.find(({ id }) => id === "cert-same") as Check & { scope: "run" };
  const port = (number: number, leaf: Issued, entry: FactsOptions["entry"] = {}): EntryFacts =>
    entryFacts({ entry: { port: number, ...entry }, chain: [leaf, pki.intermediate] });

  test("one leaf everywhere", () => {
    expect(same.judge([port(993, pki.leaf), port(143, pki.leaf)])).toEqual([]);
  });
  test("two leaves among what people use is a fault, and says which port has which", () => {
    const [finding] = same.judge([port(993, pki.leaf), port(143, pki.leaf), port(995, certificates.second)]);
    expect(finding?.severity).toBe("fault");
    expect(finding?.message).toMatch(
      new RegExp(`${pki.leaf.sha256.slice(0, 16)}.*on 993.*143.*${certificates.second.sha256.slice(0, 16)}.*on 995`),
    );
  });
  test("the one that begins earlier is the older one, also when both end on one day", () => {
    const old = port(995, certificates.second);
    const [leaf] = old.chain;
    if (!leaf) throw new Error("no leaf");
    const later = new Date(leaf.notBefore.getTime() + 4 * 60_000);
    const renewed = { ...leaf, sha256: "e".repeat(64), notBefore: later };
    const [finding] = same.judge([{ ...port(993, certificates.second), chain: [renewed] }, old]);
    expect(finding?.message).toMatch(
      new RegExp(`e{16}… from [^;]* on 993[^;]*; ${leaf.sha256.slice(0, 16)}… \\(older\\) from [^;]* on 995`),
    );
  });
  test("only port 25 differs: a warning", () => {
    expect(same.judge([port(993, pki.leaf), port(25, certificates.second, mta)])[0]?.severity).toBe("warning");
  });
  test("an RSA and an ECDSA leaf are two kinds, not a difference", () => {
    expect(same.judge([port(993, pki.leaf), port(993, certificates.rsa)])).toEqual([]);
  });
  test("a port with the one kind and another with the other: as sure as it was asked", () => {
    const split = (
      more: Partial<FactsOptions> = {},
      entry: FactsOptions["entry"] = { port: 465 },
    ): readonly EntryFacts[] => [
      entryFacts({ entry: { port: 993 }, chain: good, ...more }),
      entryFacts({ entry, chain: [certificates.rsa, pki.intermediate], ...more }),
    ];
    const [finding] = same.judge(split());
    expect(finding).toMatchObject({ severity: "warning", hint: expect.stringContaining("--full") });
    expect(finding?.message).toBe(
      "mail.example.org serves certificates of different kinds: one for ECDSA on 993 (SSL/TLS); one for RSA on 465 (SSL/TLS)",
    );
    expect(same.judge(split({ onlyKind: true }))[0]).toMatchObject({ severity: "fault" });
    expect(same.judge(split({}, mta))[0]?.severity).toBe("info");
    // Where one has both, it is for cert-dual to say.
    expect(
      same.judge([...split(), entryFacts({ entry: { port: 993 }, chain: [certificates.rsa] })]),
    ).not.toContainEqual(expect.objectContaining({ message: expect.stringContaining("different kinds") }));
  });
  test("different hosts may differ", () => {
    expect(same.judge([port(993, pki.leaf), port(993, certificates.other, { host: "other.example" })])).toEqual([]);
  });
  const dead = (...facts: readonly EntryFacts[]): readonly Finding[] =>
    deadHosts(facts).flatMap(({ findings }) => findings);
  const to = (
    port: number,
    reason: "refused" | "timeout",
    host = "mail.example.org",
    more: FactsOptions = {},
  ): EntryFacts =>
    entryFacts({ entry: { port, host }, observation: error("connect", reason), demanded: false, ...more });

  test("nothing reached at a host is a fault, one open port is not", () => {
    const closed = to(993, "refused");
    const silent = entryFacts({ observation: error("greeting", "timeout") });
    expect(dead(closed, closed)).toMatchObject([{ severity: "fault", check: "net-reach" }]);
    expect(dead(closed, silent)).toEqual([]);
    expect(dead(entryFacts({ observation: error("resolve", "dns") }))).toEqual([]);
  });
  test("a port that was named and refuses says so itself", () => {
    expect(dead(to(993, "refused", "mail.example.org", { demanded: true }))).toEqual([]);
    // A timeout alone is a warning: that nothing at all answers is for the whole to say.
    expect(dead(to(993, "timeout", "mail.example.org", { demanded: true }))).toHaveLength(1);
  });
  test("a dead host: why, and a hint that fits a name, an address, a wildcard", () => {
    const [byName] = dead(to(993, "timeout"), to(143, "timeout"));
    expect(byName?.message).toBe(
      "nothing can be reached at mail.example.org: none of the 2 entry points looked at answers (words of the server)",
    );
    expect(byName?.hint).toContain("`getent ahosts mail.example.org`");
    expect(byName?.hint).toContain("firewall");
    const [byAddress] = dead(to(993, "timeout", "192.0.2.99"));
    expect(byAddress?.hint).not.toContain("getent");
    const [refused] = dead(to(993, "refused", "192.0.2.99"));
    expect(refused?.hint).toContain("systemctl status dovecot postfix");
    const [wildcard] = dead(to(993, "refused", "mailcert-check.example.org"));
    expect(wildcard?.message).toContain("at *.example.org:");
    expect(wildcard?.hint).not.toContain("mailcert-check");
  });
  test("what is trusted only because this host made it is told, once for each root", () => {
    const ownRoots = [pki.root.sha256, certificates.own.sha256];
    const here = (...all: readonly EntryFacts[]): readonly Finding[] => certTrust.judgeAll?.(all) ?? [];
    const served = entryFacts({ chain: [...good, pki.root], ownRoots });
    expect(here(served, served)).toMatchObject([
      { check: "cert-trust", severity: "info", message: expect.stringContaining("this host's own private CA") },
    ]);
    expect(here(entryFacts({ chain: [...good, pki.root] }))).toEqual([]);
    const refused = entryFacts({ chain: [...good, pki.root], ownRoots, verifyError: "CERT_HAS_EXPIRED" });
    expect(here(refused, entryFacts({ chain: good, ownRoots }))).toEqual([]);
    expect(here(entryFacts({ chain: [certificates.own], ownRoots }))).toMatchObject([
      { message: expect.stringContaining("self-signed and accepted here because this host made it") },
    ]);
  });
  const run = (id: string, ...facts: readonly EntryFacts[]): readonly Finding[] =>
    (checks.find((check) => check.id === id) as Check & { scope: "run" }).judge(facts);
  test("STARTTLS without its sibling", () => {
    const offered = entryFacts({ entry: starttls, chain: good });
    const [finding] = run("implicit", offered, to993("refused"));
    expect(finding).toMatchObject({ severity: "warning", check: "implicit" });
    expect(finding?.message).toBe(
      "mail.example.org offers imap://mail.example.org:143 and not imaps://mail.example.org:993: clients should be able to use SSL/TLS on 993",
    );
    const handed = entryFacts({ entry: submission, chain: good });
    const other = entryFacts({
      entry: { protocol: "submission", port: 465 },
      observation: error("connect", "refused"),
      demanded: false,
    });
    expect(run("implicit", handed, other)[0]?.hint).toContain("submissions");
    // Not offered at one address of two, not asked, not answering, named and refused, or STARTTLS refused itself: something else.
    expect(run("implicit", offered, to993("refused"), entryFacts({ chain: good }))).toEqual([]);
    expect(run("implicit", offered)).toEqual([]);
    expect(run("implicit", offered, to993("timeout"))).toEqual([]);
    expect(run("implicit", offered, to993("refused", true))).toEqual([]);
    expect(
      run("implicit", entryFacts({ entry: starttls, observation: error("connect", "refused") }), to993("refused")),
    ).toEqual([]);
  });
  const to993 = (reason: "refused" | "timeout", demanded = false): EntryFacts =>
    entryFacts({ observation: error("connect", reason), demanded });

  test("two kinds of certificates: everywhere, and for the same names", () => {
    expect(run("cert-dual", port(993, pki.leaf), port(993, certificates.rsa))).toEqual([]);
    // One kind alone is no pair, and two hosts are not one.
    expect(run("cert-dual", port(993, pki.leaf), port(143, pki.leaf))).toEqual([]);
    expect(run("cert-dual", port(993, pki.leaf), port(993, certificates.rsa, { host: "two.example" }))).toEqual([]);
    const [alone, ...rest] = run("cert-dual", port(993, pki.leaf), port(993, certificates.rsa), port(995, pki.leaf));
    expect(alone).toMatchObject({
      severity: "warning",
      message: expect.stringContaining("but on 995 (SSL/TLS) only the one for ECDSA"),
    });
    expect(rest).toEqual([]);
    const [unlike] = run("cert-dual", port(993, certificates.twoNames), port(993, certificates.rsa));
    expect(unlike?.message).toBe(
      "on 993 (SSL/TLS) the RSA certificate does not stand for imap.example.org, which the other one has",
    );
  });
  test("TLS versions that differ by address", () => {
    const equal = checks.find(({ id }) => id === "net-equal") as Check & { scope: "run" };
    const old = entryFacts({
      chain: good,
      observation: { address: "192.0.2.2", tls: { version: "TLSv1.2", cipher: "x" } },
    });
    expect(equal.judge([entryFacts({ chain: good }), old])).toMatchObject([
      { check: "net-equal", severity: "warning" },
    ]);
    expect(equal.judge([entryFacts({ chain: good }), entryFacts({ chain: good })])).toEqual([]);
  });
});

describe("the words fit who asked", () => {
  const said = (facts: EntryFacts, id: string): Finding | undefined =>
    checks.flatMap((check) => findingsOf(check, facts)).find((finding) => finding.check === id);
  const named = (host: string): Finding | undefined =>
    said(entryFacts({ entry: { host }, chain: [certificates.other, pki.intermediate] }), "cert-name");

  test("cert-name: a wildcard is called by its own name, quoted for a shell", () => {
    const finding = named("mailcert-check.example.org");
    expect(finding?.message).toContain("not for *.example.org (asked for as mailcert-check.example.org)");
    expect(finding?.hint).toContain("`mailcert setup '*.example.org'`");
    expect(finding?.hint).not.toContain("mailcert-check");
  });
  test("cert-name: an address leads to the name, not to a certificate for the address", () => {
    const finding = named("192.0.2.10");
    expect(finding?.hint).toContain("`mailcert verify other.example --address 192.0.2.10`");
    expect(finding?.hint).not.toContain("setup");
  });
  test("cert-name: chat is told of the domain, and of no mail server", () => {
    const entry = { protocol: "xmpp-client", port: 5223, host: "example.org" } as const;
    const finding = said(entryFacts({ entry, chain: good }), "cert-name");
    expect(finding?.hint).toMatch(/domain of the addresses.*`mailcert issue example\.org --out DIR`$/);
    expect(finding?.hint).not.toMatch(/Dovecot|Postfix/);
  });
  test("cert-disk: the server that the port belongs to, and a reference that a reader can open", () => {
    const expected = { kind: "live", leaves: ["00"], source: "generation 7" } as const;
    const imap = said(entryFacts({ chain: good, expected }), "cert-disk");
    expect(imap?.hint).toMatch(/^Dovecot: .*`mailcert deploy`.*`doveadm reload`/);
    expect(said(entryFacts({ entry: mta, chain: good, expected }), "cert-disk")?.hint).toContain("`postfix reload`");
    for (const { reference } of checks) expect(reference).not.toContain("design");
  });
  test("wrap-misuse: a scheme that was mistyped comes before the server's fault", () => {
    const meant = { protocol: "imap", mode: "implicit" } as const;
    const entry = { mode: "starttls", port: 993 } as const;
    const observation = { ...error("greeting", "protocol"), wrongMode: true };
    const typed = said(entryFacts({ entry, meant, chain: good, observation }), "wrap-misuse");
    expect(typed?.message).toContain("was imaps://mail.example.org:993 meant?");
    expect(typed?.hint).toMatch(/^run `mailcert verify imaps:\/\/mail\.example\.org:993`; only where .*Dovecot: take/);
    const other = said(
      entryFacts({
        entry: { port: 143 },
        meant: { protocol: "imap", mode: "starttls" },
        observation: { ...error("handshake", "protocol"), wrongMode: true },
      }),
      "wrap-misuse",
    );
    expect(other?.message).toContain("was imap://mail.example.org:143 meant?");
    expect(said(entryFacts({ entry, chain: good, observation }), "wrap-misuse")?.message).toContain(
      "wants TLS at once",
    );
  });
  test("Postfix's settings are those of the port: nothing that is meant for 465 and 587 touches port 25", () => {
    const profile = (weakSuite: string) => ({ connections: 1, versions: { TLSv1: true }, weakSuite });
    for (const id of ["ver-legacy", "ciph-weak"]) {
      const hint = (entry: Partial<EntryPoint>) =>
        said(entryFacts({ entry, chain: good, observation: { profile: profile("TLS_RSA_WITH_AES_128_CBC_SHA") } }), id)
          ?.hint;
      expect(hint(submission)).toMatch(/postconf 'smtpd_tls_mandatory_/);
      expect(hint(submission)).not.toMatch(/smtpd_tls_(?:protocols|exclude)/);
      expect(hint(mta)).toMatch(/old senders then deliver in clear/);
      expect(hint(mta)).not.toContain("mandatory");
    }
    const off = (entry: Partial<EntryPoint>) =>
      said(entryFacts({ entry, observation: error("starttls", "not-offered") }), "st-adv")?.hint;
    expect(off(submission)).toContain("postconf -P submission/inet/smtpd_tls_security_level=encrypt");
    expect(off(mta)).toContain("smtpd_tls_security_level = may");
  });
  test("net-reach: another protocol's usual port is named", () => {
    const facts = entryFacts({
      entry: { port: 995 },
      meant: { protocol: "pop3", mode: "implicit" },
      chain: good,
      observation: error("greeting", "protocol"),
    });
    expect(said(facts, "net-reach")?.hint).toContain("was `mailcert verify pop3s://mail.example.org:995` meant?");
  });
});

describe("what DANE findings tell", () => {
  test("the line to publish, beside the strongest digest that is there", () => {
    const facts = entryFacts({ ...tlsa([[3, "foreign"]]), chain: good });
    const [finding] = checks.flatMap((check) => (check.scope === "entry" ? check.judge(facts) : []));
    const { spkiSha256 } = readCertificate(pki.leaf.der);
    expect(finding?.hint).toContain(`_25._tcp.mail.example.org. IN TLSA 3 1 1 ${spkiSha256}`);
  });
});

describe("severities stay within what the documentation says", () => {
  const order = ["-", "ok", "info", "warning", "fault"];
  test.each(rows)("%s", (_, options) => {
    const facts = entryFacts(options());
    for (const check of checks) {
      const findings = findingsOf(check, facts);
      for (const { severity } of findings) {
        expect(order.indexOf(severity)).toBeLessThanOrEqual(order.indexOf(check.severity[facts.role]));
      }
    }
  });
});

const samples = (): Samples => ({
  entries: [
    ...rows.map(([, options]) => entryFacts(options())),
    entryFacts({ chain: good, observation: { address: "192.0.2.9", tls: { version: "TLSv1.2", cipher: "x" } } }),
    entryFacts({ entry: mta, chain: good, mxOf: [domainFacts.strict] }),
    // A pair with unlike names at one place, and a service whose sibling is absent.
    entryFacts({ entry: { host: "two.example" }, chain: [certificates.twoNames, pki.intermediate] }),
    entryFacts({ entry: { host: "two.example" }, chain: [certificates.rsa, pki.intermediate] }),
    entryFacts({ entry: { ...starttls, protocol: "pop3", port: 110 }, chain: good }),
    entryFacts({ entry: { protocol: "pop3", port: 995 }, observation: error("connect", "refused"), demanded: false }),
  ],
  domains: Object.values(domainFacts),
});
for (const check of checks) checkContract(check, samples);

test("folder equals registry", async () => {
  const { readdirSync, readFileSync } = await import("node:fs");
  const folder = new URL("../../src/checks/", import.meta.url);
  const files = readdirSync(folder).filter((file) =>
    /: (?:Entry|Run|Domain)Check = \{/.test(readFileSync(new URL(file, folder), "utf8")),
  );
  expect(files.map((file) => file.replace(/\.ts$/, "")).sort()).toEqual(checks.map(({ id }) => id).sort());
});

test("whatever is in the way, a check says so that is always asked", () => {
  const stages = ["resolve", "connect", "greeting", "starttls", "handshake"] as const;
  const reasons = [
    "refused",
    "unreachable",
    "timeout",
    "closed",
    "not-offered",
    "declined",
    "temporary",
    "tls",
    "protocol",
    "dns",
  ] as const;
  const obstacles = checks.filter((check) => check.scope === "entry" && check.obstacle === true);
  for (const entry of [{}, starttls, mta, lmtp])
    for (const stage of stages)
      for (const reason of reasons) {
        if (reason === "not-offered" && stage !== "starttls") continue;
        const said = obstacles.flatMap((check) =>
          findingsOf(check, entryFacts({ entry, observation: error(stage, reason) })),
        );
        expect(
          said.map(({ severity }) => severity),
          `${stage} ${reason}`,
        ).toEqual([expect.stringMatching("fault|warning")]);
      }
  const injected = { ...error("starttls", "injected"), clear: { ...clearDialogue, injectedBytes: 4 } };
  expect(judge(entryFacts({ entry: starttls, observation: injected }))).toEqual(["fault st-resp-inj"]);
  const mode = { ...error("handshake", "protocol"), wrongMode: true };
  expect(judge(entryFacts({ observation: mode }))).toEqual(["fault wrap-misuse"]);
});

test("DANE is not called passed where no name server said what there is", () => {
  for (const check of checks.filter(({ id }) => id.startsWith("dane-"))) {
    if (check.scope !== "entry") throw new Error(`${check.id} is about the whole`);
    const applies = (more: FactsOptions): boolean | undefined =>
      check.applies?.(entryFacts({ entry: mta, chain: good, ...more }));
    expect(applies({}), check.id).toBe(false);
    expect(applies(tlsa([[3, pki.leaf]])), check.id).toBe(true);
  }
  const silent = { tlsa: { kind: "unknown", why: "SERVFAIL" } } as const;
  const passed = checks.filter(
    (check) =>
      check.scope === "entry" &&
      check.id.startsWith("dane-") &&
      check.applies?.(entryFacts({ entry: mta, chain: good, ...silent })),
  );
  // A check of its own may have a word to say about the silence.
  expect(
    passed.flatMap((check) =>
      findingsOf(check, entryFacts({ entry: mta, chain: good, ...silent })).length === 0 ? [check.id] : [],
    ),
  ).toEqual([]);
});

test("a check that nobody asked for is not called passed", () => {
  const about = checks.filter(({ id }) => /^(ver|ciph|kex|reneg)-|^(comp|ems|alpn)$/.test(id) && id !== "reneg-cli");
  expect(about).toHaveLength(15);
  for (const check of about) {
    if (check.scope !== "entry") throw new Error(`${check.id} is about the whole`);
    expect(check.full).toBe(true);
    expect(check.applies?.(entryFacts({ chain: good })), check.id).toBe(false);
    expect(check.applies?.(entryFacts({ chain: good, observation: profile() })), check.id).toBe(true);
    const stopped = { profile: { connections: 1, versions: {}, stopped: "421" } };
    expect(check.applies?.(entryFacts({ chain: good, observation: stopped })), check.id).toBe(false);
  }
});

test("early data and renegotiation are judged only where somebody saw them", () => {
  const applies = (id: string, observation: Partial<Observation>): boolean => {
    const check = checks.find((one) => one.id === id);
    if (check?.scope !== "entry" || !check.applies) throw new Error(`${id} always applies`);
    return check.applies(entryFacts({ chain: good, observation }));
  };
  expect(applies("reneg-cli", profile())).toBe(false);
  expect(applies("reneg-cli", { renegotiates: false })).toBe(true);
  expect(applies("0rtt", { tls: { version: "TLSv1.2", cipher: "x" } })).toBe(false);
  expect(applies("0rtt", { tls: { version: "TLSv1.3", cipher: "x", earlyData: 0 } })).toBe(true);
});
