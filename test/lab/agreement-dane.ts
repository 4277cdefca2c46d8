// Deployments with TLSA records that independent judges are asked about: what is published and served, and what a sender makes of it.
import { createHash } from "node:crypto";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { type Issued, type IssueOptions, day, issue } from "../fakes/pki.ts";
import type { Suite } from "./parts.ts";

export const daneJudges = ["openssl", "postfix", "danetool"] as const;
export type DaneJudge = (typeof daneJudges)[number];

/** `verified`: delivered by DANE. `refused`: kept back. `open`: no DANE; delivered with whatever TLS there is. */
export type DaneVerdict = "verified" | "refused" | "open";

export interface DaneDifference {
  readonly verdict: DaneVerdict;
  /** Who is right, and by what. */
  readonly because: string;
  /** Default: in all versions. */
  readonly only?: Suite;
}

export interface DanePki {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly stranger: Issued;
  /** A key that nobody serves. */
  readonly foreign: Issued;
}

export interface DaneDeployment {
  /** The host's label below its zone. */
  readonly id: string;
  readonly what: string;
  /** Default: example.org, signed and validated. */
  readonly zone?: "example.org" | "example.net" | "example.com";
  /** As sent, leaf first. */
  readonly chain: (pki: DanePki, host: string) => Promise<readonly Issued[]>;
  /** Of another kind of key, served beside it. */
  readonly second?: DaneDeployment["chain"];
  readonly tlsa: (chain: readonly Issued[], pki: DanePki) => readonly string[];
  /** The owner of the TLSA records is an alias (`owner`), or the host itself is one of another (`host`), which may be in an unsigned zone (`outside`). */
  readonly alias?: "owner" | "host" | "outside";
  readonly verdict: DaneVerdict;
  /** mailcert's findings, among those of DANE, of the dates, and of whether the host is found at all; a fault that is not of the dates refuses. */
  readonly ours: readonly string[];
  readonly differs?: Partial<Readonly<Record<DaneJudge, DaneDifference>>>;
}

const authority = (subject: string, by?: Issued, more: IssueOptions = {}): Promise<Issued> =>
  issue({ subject: `CN=${subject}`, ca: true, ...(by ? { by } : {}), ...more });

export const makeDanePki = async (): Promise<DanePki> => {
  const root = await authority("Root");
  return {
    root,
    intermediate: await authority("Issuer", root),
    stranger: await authority("Stranger"),
    foreign: await issue({ names: ["nobody.example.org"] }),
  };
};

/** `3 1 1 HEX` of a certificate. */
export const tlsaOf = (numbers: string, one: Issued | undefined): string => {
  if (one === undefined) throw new Error("no certificate to pin");
  const [, selector = 0, matchingType = 0] = numbers.split(" ").map(Number);
  const content = selector === 0 ? one.der : publicKeyOf(one.privateKey);
  const hash = (name: string): string => createHash(name).update(content).digest("hex");
  return `${numbers} ${matchingType === 0 ? content.toString("hex") : hash(matchingType === 1 ? "sha256" : "sha512")}`;
};

const expired = { notBefore: new Date(Date.now() - 30 * day), notAfter: new Date(Date.now() - day) };

const sent =
  (
    rest: (pki: DanePki) => readonly Issued[],
    options: (host: string) => IssueOptions = (host) => ({ names: [host] }),
  ): DaneDeployment["chain"] =>
  async (pki, host) => [await issue({ ...options(host), by: pki.intermediate }), ...rest(pki)];
const usual = sent(({ intermediate }) => [intermediate]);
const withRoot = sent(({ intermediate, root }) => [intermediate, root]);

const leaf =
  (...numbers: readonly string[]): DaneDeployment["tlsa"] =>
  ([one]) =>
    numbers.map((each) => tlsaOf(each, one));
const pinned =
  (numbers: string, which: (pki: DanePki) => Issued): DaneDeployment["tlsa"] =>
  (_, pki) => [tlsaOf(numbers, which(pki))];

const cnBecause =
  "RFC 9525 §2, §6.3: the name stands in the SAN; OpenSSL, and Postfix with it, fall back to the common name where there is none; other senders need not";
const noName: DaneDifference = {
  verdict: "verified",
  because:
    "RFC 7672 §3.2: with 2 x x the name counts. danetool compares records, and leaves the name to whoever calls it",
};
const otherKind: DaneDifference = {
  verdict: "verified",
  because:
    "RFC 7671 §8: each chain that is served needs its record. OpenSSL, and Postfix with it, ask for ECDSA first and are shown that one; GnuTLS is shown the RSA one. With `--full` mailcert asks for both",
};
const fullBecause =
  "RFC 7672 §3.1.2: a server MUST send the anchor. OpenSSL, and Postfix with it, take the one that DNS has in full; GnuTLS does not";

const ok = { verdict: "verified", ours: [] } as const;
const refused = { verdict: "refused", ours: ["fault dane-match"] } as const;
const refusedTa = { verdict: "refused", ours: ["fault dane-ta"] } as const;

export const daneDeployments: readonly DaneDeployment[] = [
  { id: "ee", what: "3 1 1 of the key", chain: usual, tlsa: leaf("3 1 1"), ...ok },
  { id: "ee512", what: "3 1 2 of the key", chain: usual, tlsa: leaf("3 1 2"), ...ok },
  { id: "ee-full", what: "3 1 0: the key itself", chain: usual, tlsa: leaf("3 1 0"), ...ok },
  { id: "ee-cert", what: "3 0 1 of the certificate", chain: usual, tlsa: leaf("3 0 1"), ...ok },
  {
    id: "ee-own",
    what: "3 1 1, self-signed",
    chain: async (_, host) => [await issue({ names: [host] })],
    tlsa: leaf("3 1 1"),
    ...ok,
  },
  {
    id: "ee-name",
    what: "3 1 1, a certificate for another host",
    chain: sent(
      () => [],
      () => ({ names: ["elsewhere.example.org"] }),
    ),
    tlsa: leaf("3 1 1"),
    ...ok,
  },
  {
    id: "ee-expired",
    what: "3 1 1, expired yesterday",
    chain: sent(
      () => [],
      (host) => ({ names: [host], ...expired }),
    ),
    tlsa: leaf("3 1 1"),
    verdict: "verified",
    ours: ["fault cert-expiry"],
  },
  {
    id: "ee-next",
    what: "3 1 1 of the key, and of the next one",
    chain: usual,
    tlsa: ([one], { foreign }) => [tlsaOf("3 1 1", one), tlsaOf("3 1 1", foreign)],
    ...ok,
  },
  {
    id: "ee-other",
    what: "3 1 1 of another key",
    chain: usual,
    tlsa: pinned("3 1 1", ({ foreign }) => foreign),
    ...refused,
  },
  {
    id: "ee-agile",
    what: "SHA-256 of the key, SHA-512 of another",
    chain: usual,
    tlsa: ([one], { foreign }) => [tlsaOf("3 1 1", one), tlsaOf("3 1 2", foreign)],
    ...refused,
    differs: {
      danetool: {
        verdict: "verified",
        because: "RFC 7671 §9: a sender reads the strongest digest alone. danetool takes whichever record fits",
      },
      postfix: {
        verdict: "verified",
        only: "trixie",
        because:
          "RFC 7671 §9: a sender reads the strongest digest alone. Postfix 3.10 with OpenSSL 3.5 asks for the bare key (RFC 7250) where 3 1 x is published, and compares that with every digest; Postfix 3.7 refuses, and so may others",
      },
    },
  },
  {
    id: "ee-issuer",
    what: "3 1 1 of the issuer's key",
    chain: usual,
    tlsa: pinned("3 1 1", ({ intermediate }) => intermediate),
    ...refused,
  },
  {
    id: "ta",
    what: "2 1 1 of the intermediate",
    chain: usual,
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...ok,
  },
  {
    id: "ta-root",
    what: "2 1 1 of the root, which is sent",
    chain: withRoot,
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...ok,
  },
  {
    id: "ta-gone",
    what: "2 1 1 of the root, which is not sent",
    chain: usual,
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...refused,
  },
  {
    id: "ta-full",
    what: "2 0 0: the whole root in DNS, and not sent",
    chain: usual,
    tlsa: pinned("2 0 0", ({ root }) => root),
    ...refused,
    differs: {
      openssl: { verdict: "verified", because: fullBecause },
      postfix: { verdict: "verified", because: fullBecause },
    },
  },
  {
    id: "ta-gap",
    what: "2 1 1 of the root, sent without the intermediate",
    chain: sent(({ root }) => [root]),
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...refused,
  },
  {
    id: "ta-mixed",
    what: "2 1 1 of the root, sent before the intermediate",
    chain: sent(({ root, intermediate }) => [root, intermediate]),
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...ok,
  },
  {
    id: "ta-guest",
    what: "2 1 1 of a stranger, sent behind the chain",
    chain: sent(({ intermediate, stranger }) => [intermediate, stranger]),
    tlsa: pinned("2 1 1", ({ stranger }) => stranger),
    ...refused,
    differs: {
      danetool: {
        verdict: "verified",
        because:
          "RFC 7671 §5.2: the anchor is where the way from the leaf ends. danetool is content to find it among what is sent",
      },
    },
  },
  {
    id: "ta-leaf",
    what: "2 1 1 of the leaf itself",
    chain: usual,
    tlsa: leaf("2 1 1"),
    ...refused,
  },
  {
    id: "ta-name",
    what: "2 1 1, a certificate for another host",
    chain: sent(
      ({ intermediate }) => [intermediate],
      () => ({ names: ["elsewhere.example.org"] }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...refusedTa,
    differs: { danetool: noName },
  },
  {
    id: "ta-wild",
    what: "2 1 1, *.example.org",
    chain: sent(
      ({ intermediate }) => [intermediate],
      () => ({ names: ["*.example.org"] }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...ok,
  },
  {
    id: "ta-cn",
    what: "2 1 1, the name as common name alone",
    chain: sent(
      ({ intermediate }) => [intermediate],
      (host) => ({ subject: `CN=${host}` }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...refusedTa,
    differs: {
      danetool: noName,
      openssl: { verdict: "verified", because: cnBecause },
      postfix: { verdict: "verified", because: cnBecause },
    },
  },
  {
    id: "ta-expired",
    what: "2 1 1, expired yesterday",
    chain: sent(
      ({ intermediate }) => [intermediate],
      (host) => ({ names: [host], ...expired }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
  {
    id: "ta-stale",
    what: "2 1 1 of an intermediate that has expired itself",
    chain: async ({ root }, host) => {
      const by = await authority("Stale", root, expired);
      return [await issue({ names: [host], by }), by];
    },
    tlsa: ([, issuer]) => [tlsaOf("2 1 1", issuer)],
    verdict: "verified",
    ours: ["warning cert-expiry"],
    differs: {
      danetool: {
        verdict: "refused",
        because:
          "RFC 5280 §6.1 does not ask for the dates of an anchor, and OpenSSL looks at them where it is a root; GnuTLS looks at all of them, for which `cert-expiry` warns",
      },
    },
  },
  {
    id: "ta-way",
    what: "2 1 1 of the root, an intermediate on the way has expired",
    chain: async ({ root }, host) => {
      const by = await authority("Stale", root, expired);
      return [await issue({ names: [host], by }), by, root];
    },
    tlsa: pinned("2 1 1", ({ root }) => root),
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
  {
    id: "ta-old-root",
    what: "2 1 1 of a root that has expired itself",
    chain: async (_, host) => {
      const old = await authority("Old root", undefined, expired);
      return [await issue({ names: [host], by: old }), old];
    },
    tlsa: ([, old]) => [tlsaOf("2 1 1", old)],
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
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
