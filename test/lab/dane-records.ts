// Records of several kinds side by side, of kinds that no sender uses, behind aliases, and in zones that nobody vouches for.
import {
  type DaneDeployment,
  type DaneDifference,
  leaf,
  ok,
  pinned,
  refused,
  sent,
  tlsaOf,
  usual,
} from "./dane-deployment.ts";

const otherKind: DaneDifference = {
  verdict: "verified",
  because:
    "RFC 7671 §8: each chain that is served needs its record. OpenSSL, and Postfix with it, ask for ECDSA first and are shown that one; GnuTLS is shown the RSA one. With `--full` mailcert asks for both",
};

export const recordDeployments: readonly DaneDeployment[] = [
  {
    id: "both",
    what: "3 1 1 of another key, 2 1 1 of the intermediate",
    chain: usual,
    tlsa: (_, { foreign, intermediate }) => [tlsaOf("3 1 1", foreign), tlsaOf("2 1 1", intermediate)],
    ...ok,
  },
  {
    id: "pkix",
    what: "1 1 1 and 0 1 1 alone",
    chain: usual,
    tlsa: ([one], { intermediate }) => [tlsaOf("1 1 1", one), tlsaOf("0 1 1", intermediate)],
    verdict: "open",
    ours: ["warning dane-usage"],
  },
  {
    id: "pkix-ee",
    what: "1 1 1 of another key, beside 3 1 1 of the key",
    chain: usual,
    tlsa: ([one], { foreign }) => [tlsaOf("1 1 1", foreign), tlsaOf("3 1 1", one)],
    verdict: "verified",
    ours: ["warning dane-usage"],
  },
  {
    id: "cut",
    what: "3 1 1 with too few bytes, alone",
    chain: usual,
    tlsa: () => ["3 1 1 abcdef"],
    verdict: "open",
    ours: ["warning dane-usage"],
  },
  {
    id: "cut-ee",
    what: "3 1 1 with too few bytes, beside a right one",
    chain: usual,
    tlsa: ([one]) => ["3 1 1 abcdef", tlsaOf("3 1 1", one)],
    verdict: "verified",
    ours: ["warning dane-usage"],
  },
  { id: "owner", what: "the TLSA name is an alias", alias: "owner", chain: usual, tlsa: leaf("3 1 1"), ...ok },
  {
    id: "name",
    what: "the host is an alias, records at its target",
    differs: {
      danetool: {
        verdict: "open",
        because: "RFC 7672 §2.2.2: a sender looks at the alias's target first. danetool looks at the name alone",
      },
    },
    alias: "host",
    chain: usual,
    tlsa: leaf("3 1 1"),
    ...ok,
  },
  {
    id: "outside",
    what: "the host is an alias into an unsigned zone, signed records at its own name",
    alias: "outside",
    chain: usual,
    tlsa: pinned("3 1 1", ({ foreign }) => foreign),
    ...refused,
  },
  {
    id: "dual",
    what: "an RSA and an ECDSA key, 3 1 1 of the latter alone (`verify --full`)",
    chain: usual,
    second: sent(
      ({ intermediate }) => [intermediate],
      (host) => ({ names: [host], key: "RSA-2048" }),
    ),
    tlsa: leaf("3 1 1"),
    ...refused,
    differs: { openssl: otherKind, postfix: otherKind },
  },
  { id: "none", what: "no TLSA records", chain: usual, tlsa: () => [], verdict: "open", ours: [] },
  {
    id: "unsigned",
    what: "3 1 1 of another key, in an unsigned zone",
    zone: "example.net",
    chain: usual,
    tlsa: pinned("3 1 1", ({ foreign }) => foreign),
    verdict: "open",
    ours: ["warning dane-sec"],
  },
  {
    id: "bogus",
    what: "3 1 1 of the key, in a zone whose signatures do not hold",
    zone: "example.com",
    chain: usual,
    tlsa: leaf("3 1 1"),
    verdict: "refused",
    ours: ["fault net-reach"],
    differs: {
      openssl: { verdict: "verified", because: "it is told the records, and asks no name server" },
    },
  },
];
