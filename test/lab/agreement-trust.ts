// Deployments that independent judges are asked about: what is served, who accepts it, and why somebody does not. docs/agreement.md is made of it.
import { writeNameConstraints } from "../../src/domain/name-constraints.ts";
import { type Issued, type IssueOptions, day, issue } from "../fakes/pki.ts";
import type { Suite } from "./parts.ts";

export const trustJudges = ["openssl", "gnutls", "postfix"] as const;
export type TrustJudge = (typeof trustJudges)[number];

/** What the lab's images hold; the beginning of what each program says of itself. */
export const judgeVersions: Readonly<Record<Suite, Readonly<Record<TrustJudge, string>>>> = {
  bookworm: { openssl: "3.0", gnutls: "3.7", postfix: "3.7" },
  trixie: { openssl: "3.5", gnutls: "3.8", postfix: "3.10" },
};

export interface Difference {
  readonly accepted: boolean;
  /** Who is right, and by what. */
  readonly because: string;
  /** Default: in all versions. */
  readonly only?: Suite;
}

/** What a judge says of a deployment in one of the lab's images. */
export const differenceIn = <One extends { readonly only?: Suite }>(
  difference: One | undefined,
  suite: Suite,
): One | undefined => (difference?.only === undefined || difference.only === suite ? difference : undefined);

export interface Deployment {
  /** The host's label below example.org. */
  readonly id: string;
  readonly what: string;
  /** What a client was told; default `ID.example.org`. */
  readonly target?: string;
  /** As sent, leaf first. */
  readonly chain: (pki: TrustPki, host: string) => Promise<readonly Issued[]>;
  /** mailcert's findings, among the checks of name, trust, chain, dates and purpose; a fault refuses. */
  readonly ours: readonly string[];
  readonly differs?: Partial<Readonly<Record<TrustJudge, Difference>>>;
}

export interface TrustPki {
  /** Its root is given to each judge. */
  readonly root: Issued;
  readonly intermediate: Issued;
  /** Its root is in the system's store. */
  readonly publicRoot: Issued;
  readonly publicIntermediate: Issued;
  /** Nobody's. */
  readonly stranger: Issued;
  /** Trusted as it stands. */
  readonly trustedLeaf: Issued;
}

const ca = (subject: string, by?: Issued, more: IssueOptions = {}): Promise<Issued> =>
  issue({ subject: `CN=${subject}`, ca: true, ...(by ? { by } : {}), ...more });

export const makeTrustPki = async (): Promise<TrustPki> => {
  const root = await ca("Private root");
  const publicRoot = await ca("Public root");
  return {
    root,
    publicRoot,
    intermediate: await ca("Private issuer", root),
    publicIntermediate: await ca("Public issuer", publicRoot),
    stranger: await ca("Stranger"),
    trustedLeaf: await issue({ names: ["known.example.org"] }),
  };
};

const over = (days: readonly [number, number]): Pick<IssueOptions, "notBefore" | "notAfter"> => ({
  notBefore: new Date(Date.now() + days[0] * day),
  notAfter: new Date(Date.now() + days[1] * day),
});

/** A leaf of the private issuer, with the chain that servers should send. */
const plain =
  (options: (host: string) => IssueOptions = (host) => ({ names: [host] })): Deployment["chain"] =>
  async ({ intermediate }, host) => [await issue({ ...options(host), by: intermediate }), intermediate];

/** A right leaf of the private issuer, and whatever is sent behind it. */
const behind =
  (rest: (pki: TrustPki) => readonly Issued[]): Deployment["chain"] =>
  async (pki, host) => [await issue({ names: [host], by: pki.intermediate }), ...rest(pki)];

/** A right leaf of an issuer of its own. */
const issuedBy =
  (issuer: (pki: TrustPki) => Promise<Issued>): Deployment["chain"] =>
  async (pki, host) => {
    const by = await issuer(pki);
    return [await issue({ names: [host], by }), by];
  };

const cnBecause =
  "RFC 9525 §2, §6.3: a common name is no reference; NSS (Thunderbird), Go and browsers refuse it, while these three fall back to it where there is no SAN. mailcert says what the strictest client does";

export const deployments: readonly Deployment[] = [
  { id: "good", what: "a private CA, whose root is given", chain: plain(), ours: [] },
  {
    id: "public",
    what: "a CA of the system's store",
    chain: async ({ publicIntermediate: by }, host) => [await issue({ names: [host], by }), by],
    ours: [],
  },
  {
    id: "rooted",
    what: "the root is sent, too",
    chain: behind(({ intermediate, root }) => [intermediate, root]),
    ours: [],
  },
  {
    id: "other",
    what: "a certificate for another host",
    chain: plain(() => ({ names: ["elsewhere.example.org"] })),
    ours: ["fault cert-name"],
  },
  {
    id: "wild",
    what: "*.example.org for a host right below",
    chain: plain(() => ({ names: ["*.example.org"] })),
    ours: [],
  },
  {
    id: "a.deep",
    what: "*.example.org for a host two labels below",
    chain: plain(() => ({ names: ["*.example.org"] })),
    ours: ["fault cert-name"],
  },
  {
    id: "bare",
    what: "*.bare.example.org for bare.example.org itself",
    chain: plain(() => ({ names: ["*.bare.example.org"] })),
    ours: ["fault cert-name"],
  },
  {
    id: "mx1",
    what: "mx*.example.org: a star for part of a label",
    chain: plain(() => ({ names: ["mx*.example.org"] })),
    ours: ["fault cert-name"],
    differs: {
      openssl: {
        accepted: true,
        because:
          "RFC 9525 §6.3: the star is the whole left-most label. OpenSSL takes part of one unless X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS is set; GnuTLS, Postfix and mailcert do not",
      },
    },
  },
  {
    id: "case",
    what: "the name in other letters: CASE.Example.ORG",
    chain: plain(() => ({ names: ["CASE.Example.ORG"] })),
    ours: [],
  },
  {
    id: "xn--bcher-kva",
    what: "an A-label, asked for as a U-label: b\u00fccher.example.org",
    target: "b\u00fccher.example.org",
    chain: plain(() => ({ names: ["xn--bcher-kva.example.org"] })),
    ours: [],
  },
  {
    id: "cn",
    what: "the name as common name alone, no SAN",
    chain: plain((host) => ({ subject: `CN=${host}` })),
    ours: ["fault cert-name"],
    differs: {
      openssl: { accepted: true, because: cnBecause },
      gnutls: { accepted: true, because: cnBecause },
      postfix: { accepted: true, because: cnBecause },
    },
  },
  {
    id: "san",
    what: "the right SAN, another common name",
    chain: plain((host) => ({ names: [host], subject: "CN=elsewhere.example.org" })),
    ours: [],
  },
  {
    id: "ip",
    what: "an IP address, in the SAN as such",
    target: "192.0.2.10",
    chain: plain(() => ({ ips: ["192.0.2.10"] })),
    ours: [],
  },
  {
    id: "expired",
    what: "expired yesterday",
    chain: plain((host) => ({ names: [host], ...over([-30, -1]) })),
    ours: ["fault cert-expiry"],
  },
  {
    id: "early",
    what: "valid from tomorrow",
    chain: plain((host) => ({ names: [host], ...over([1, 30]) })),
    ours: ["fault cert-expiry"],
  },
  {
    id: "stale",
    what: "its issuer has expired",
    chain: issuedBy(({ root }) => ca("Stale issuer", root, over([-30, -1]))),
    ours: ["fault cert-expiry"],
  },
  {
    id: "leaf-only",
    what: "the intermediate is missing",
    chain: behind(() => []),
    ours: ["fault cert-chain", "fault cert-trust"],
  },
  {
    id: "mixed",
    what: "in the wrong order: leaf, root, intermediate",
    chain: behind(({ intermediate, root }) => [root, intermediate]),
    ours: ["warning cert-chain"],
  },
  {
    id: "twice",
    what: "the intermediate is sent twice",
    chain: behind(({ intermediate }) => [intermediate, intermediate]),
    ours: ["warning cert-chain"],
  },
  {
    id: "guest",
    what: "a stranger's certificate between leaf and issuer",
    chain: behind(({ intermediate, stranger }) => [stranger, intermediate]),
    ours: ["warning cert-chain"],
  },
  {
    id: "own",
    what: "self-signed",
    chain: async (_, host) => [await issue({ names: [host] })],
    ours: ["fault cert-trust"],
  },
  { id: "known", what: "self-signed, and trusted itself", chain: async ({ trustedLeaf }) => [trustedLeaf], ours: [] },
  {
    id: "foreign",
    what: "a root that nobody trusts, sent with the chain",
    chain: async ({ stranger }, host) => [await issue({ names: [host], by: stranger }), stranger],
    ours: ["fault cert-trust"],
  },
  {
    id: "forged",
    what: "an issuer of the right name and another key",
    chain: async ({ intermediate }, host) => {
      const twin = await ca("Private issuer");
      return [await issue({ names: [host], by: twin }), intermediate];
    },
    ours: ["fault cert-chain", "fault cert-trust"],
  },
  {
    id: "no-ca",
    what: "signed by a certificate that is no CA",
    chain: issuedBy(({ intermediate: by }) => issue({ subject: "CN=No CA", by })),
    ours: ["fault cert-trust"],
  },
  {
    id: "client",
    what: "for clients only (EKU)",
    chain: plain((host) => ({ names: [host], eku: ["1.3.6.1.5.5.7.3.2"] })),
    ours: ["fault cert-eku"],
  },
  { id: "no-eku", what: "no EKU at all", chain: plain((host) => ({ names: [host], eku: [] })), ours: [] },
  {
    id: "outside",
    what: "outside its issuer's name constraints",
    chain: issuedBy(({ root }) =>
      ca("Constrained issuer", root, {
        raw: [["2.5.29.30", writeNameConstraints({ domains: ["example.net"], addresses: [] }).toString("hex")]],
      }),
    ),
    ours: ["fault cert-trust"],
  },
];
