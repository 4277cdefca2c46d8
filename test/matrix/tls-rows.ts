// The matrix: what a server's TLS takes (reference/verify.md §4, from tls-handshake to ems), and what its default certificates are.
import { createSecureContext } from "node:tls";
import { type TlsPolicy, byPolicy } from "../fakes/tls-policy.ts";
import { type Row, type RowServer, sound } from "./row.ts";

/** Answers to raw ClientHellos by the policy; the ordinary handshake is healthy. */
const policy = (what: string, is: TlsPolicy, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "imap", mode: "implicit", scriptFor: ({ pki }) => byPolicy({ ...is, leaf: pki.leaf.der }) },
  full: "profile",
  findings,
});

const real = (what: string, tls: NonNullable<RowServer["tls"]>, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "imap", mode: "implicit", tls },
  findings,
});

export const tlsRows: readonly Row[] = [
  policy("a sound server of today", {}),
  policy(
    "SSL 3",
    { versions: [0x0300, 0x0303, 0x0304], suites: /^TLS_RSA_WITH_AES/ },
    "fault ver-legacy",
    "warning ciph-weak",
  ),
  policy(
    "TLS 1.0, with suites of its time",
    { versions: [0x0301, 0x0303, 0x0304], suites: /^TLS_ECDHE_ECDSA_WITH_AES_(128|256)_CBC_SHA$/ },
    "fault ver-legacy",
  ),
  policy(
    "TLS 1.1",
    { versions: [0x0302, 0x0303, 0x0304], suites: /^TLS_ECDHE_ECDSA_WITH_AES_(128|256)_CBC_SHA$/ },
    "fault ver-legacy",
  ),
  policy("TLS 1.3 alone", { versions: [0x0304] }, "info ver-12"),
  {
    ...policy("TLS 1.2 alone", { versions: [0x0303] }, "info ver-13"),
    servers: {
      protocol: "imap",
      mode: "implicit",
      scriptFor: ({ pki }) => byPolicy({ versions: [0x0303], leaf: pki.leaf.der }),
      tls: (have) => ({ ...have.healthy, maxVersion: "TLSv1.2" }),
    },
  },
  policy("RC4", { suites: /_RC4_128_SHA$/ }, "fault ciph-broken"),
  policy("no encryption", { suites: /^TLS_RSA_WITH_NULL_SHA$/ }, "fault ciph-broken"),
  policy("export suites", { suites: /EXPORT/ }, "fault ciph-broken"),
  policy("anonymous suites", { suites: /^TLS_ECDH_anon_WITH_AES/ }, "warning ciph-broken"),
  policy("3DES", { suites: /^TLS_(?!.*anon).*3DES/ }, "warning ciph-weak"),
  policy("static RSA", { suites: /^TLS_RSA_WITH_AES/ }, "warning ciph-weak"),
  policy("CBC without encrypt-then-MAC", { suites: /^TLS_ECDHE_.*_AES_.*_CBC_/, without: [22] }, "info ciph-phase"),
  policy("CBC with encrypt-then-MAC", { suites: /^TLS_ECDHE_.*_AES_.*_CBC_/ }),
  policy("DHE, 2048 bits", { suites: /^TLS_DHE_RSA_WITH_AES/ }, "info ciph-phase"),
  policy("DHE, 1024 bits", { suites: /^TLS_DHE_RSA_WITH_AES/, dhBytes: 128 }, "info ciph-phase", "warning kex-dh"),
  policy("no recommended suite", { noneGood: true, suites: /^TLS_ECDHE_.*_AES_.*_CBC_/ }, "info ciph-good"),
  policy("a protocol of web servers by ALPN", { alpn: "h2" }, "info alpn"),
  policy("its own protocol by ALPN", { alpn: "imap" }),
  {
    what: "renegotiation whenever a client asks",
    servers: { protocol: "imap", mode: "implicit", renegotiates: true },
    full: "dialogue",
    findings: ["info reneg-cli"],
  },
  {
    what: "renegotiation, in TLS 1.2 alone",
    servers: {
      protocol: "imap",
      mode: "implicit",
      renegotiates: true,
      tls: ({ healthy }) => ({ ...healthy, maxVersion: "TLSv1.2" }),
    },
    full: "dialogue",
    findings: ["info reneg-cli"],
  },
  {
    what: "TLS 1.3 alone has no renegotiation",
    servers: {
      protocol: "imap",
      mode: "implicit",
      renegotiates: true,
      tls: ({ healthy }) => ({ ...healthy, minVersion: "TLSv1.3" }),
    },
    full: "dialogue",
    findings: [],
  },
  policy("HTTP/1.1 by ALPN", { alpn: "http/1.1" }, "info alpn"),
  policy(
    "AES-GCM, and nothing that is forward secret",
    { noneGood: true, suites: /^TLS_RSA_WITH_AES_.*_GCM/ },
    "warning ciph-weak",
    "info ciph-good",
  ),
  policy("a weak curve", { groups: [0x0013, 0x11ec, 0x001d, 0x0017] }, "warning kex-ec"),
  policy("a curve over a binary field", { groups: [0x0009, 0x11ec, 0x001d, 0x0017] }, "warning kex-ec"),
  policy("no post-quantum key exchange", { groups: [0x001d, 0x0017] }, "info kex-pq"),
  policy("a ClientHello of two packets is reset", { largest: 1_400 }, "fault kex-bigch"),
  policy("no renegotiation_info", { without: [0xff01] }, "warning reneg-sec"),
  policy("compression", { compression: 1 }, "warning comp"),
  policy("no extended master secret", { without: [23] }, "warning ems"),
  policy("SHA-1 over the key exchange", { signature: 0x0203 }, "warning sig-hash"),
  real(
    "TLS 1.1 at most",
    ({ healthy }) => ({ ...healthy, minVersion: "TLSv1", maxVersion: "TLSv1.1" }),
    "fault tls-handshake",
  ),
  real("no usable certificate", () => ({}), "fault tls-handshake"),
];

/** Shows the healthy leaf to clients that send its name; `none` and `unknown` to the others. */
const bySni =
  (none: Shown, unknown: Shown): NonNullable<RowServer["tls"]> =>
  (have) => {
    const options = { right: have.healthy, other: have.chained(have.bad.otherName), refused: {} };
    return {
      ...options[none],
      SNICallback: (name, done) => {
        const known = name === "mail.example.org";
        if (!known && unknown === "refused") return done(new Error("unknown name"));
        done(null, createSecureContext({ ...sound, ...(known ? have.healthy : options[unknown]) }));
      },
    };
  };
type Shown = "right" | "other" | "refused";

const sni = (
  what: string,
  protocol: "imap" | "smtp",
  [none, unknown]: readonly [Shown, Shown],
  ...findings: string[]
): Row => ({
  what: `${what}: without a name ${none}, with an unknown one ${unknown}`,
  servers: { protocol, tls: bySni(none, unknown) },
  full: "dialogue",
  findings,
});

export const sniRows: readonly Row[] = [
  sni("one certificate", "imap", ["right", "right"]),
  sni("another default", "imap", ["other", "other"], "info sni"),
  sni("another one for unknown names", "imap", ["right", "other"], "info sni"),
  sni("no default", "smtp", ["refused", "refused"], "warning sni"),
  sni("unknown names are refused", "smtp", ["right", "refused"], "info sni"),
];
