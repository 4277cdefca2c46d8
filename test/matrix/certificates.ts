// The certificates of the matrix: one healthy chain, and each way in which one can be wrong. Keys live in memory only.
import type { SecureContextOptions } from "node:tls";
import { type Issued, type Pki, day, issue, makePki, served } from "../fakes/pki.ts";

export interface Certificates {
  readonly pki: Pki;
  readonly anchors: readonly string[];
  /** The healthy leaf and its intermediate. */
  readonly healthy: SecureContextOptions;
  /** A second healthy pair for the same name, with an RSA key. */
  readonly rsa: Issued;
  readonly both: SecureContextOptions;
  /** A CA that may issue for example.com alone. */
  readonly constrained: Issued;
  /** Leaves that are wrong in one way each. */
  readonly bad: Readonly<Record<Bad, Issued>>;
  /** `leaf` with the healthy intermediate behind it. */
  readonly chained: (leaf: Issued) => SecureContextOptions;
}

type Bad =
  | "expired"
  | "early"
  | "otherName"
  | "commonNameOnly"
  | "selfSigned"
  | "clientOnly"
  | "smallKey"
  | "sha1"
  | "threeYears"
  | "logged"
  | "mustStaple"
  | "second"
  | "wildcard"
  | "partialWildcard"
  | "domainOnly"
  | "rsaOtherName"
  | "noSignature"
  | "constrained";

const at = (days: number): Date => new Date(Date.now() + days * day);

/** Extensions: signed certificate timestamps (RFC 6962), TLS feature with status_request (RFC 7633). */
const timestamps = ["1.3.6.1.4.1.11129.2.4.2", "04020000"] as const;
const mustStaple = ["1.3.6.1.5.5.7.1.24", "3003020105"] as const;

export const makeCertificates = async (): Promise<Certificates> => {
  const pki = await makePki();
  const names = ["mail.example.org"];
  const by = pki.intermediate;
  const leaf = (more: Parameters<typeof issue>[0] = {}): Promise<Issued> => issue({ names, by, ...more });
  // NameConstraints: permittedSubtrees, dNSName example.com (RFC 5280 §4.2.1.10).
  const constraint = ["2.5.29.30", "3011a00f300d820b6578616d706c652e636f6d"] as const;
  const constrained = await issue({ subject: "CN=Test Constrained", ca: true, by: pki.root, raw: [constraint] });
  const made = await Promise.all([
    leaf({ key: "RSA-2048" }),
    leaf({ notBefore: at(-90), notAfter: at(-3) }),
    leaf({ notBefore: at(2), notAfter: at(90) }),
    leaf({ names: ["other.example"] }),
    leaf({ names: [], subject: "CN=mail.example.org" }),
    issue({ names }),
    leaf({ eku: ["1.3.6.1.5.5.7.3.2"] }),
    leaf({ key: "RSA-1024" }),
    leaf({ hash: "SHA-1" }),
    leaf({ notAfter: at(3 * 365) }),
    leaf({ notAfter: at(390), raw: [timestamps] }),
    leaf({ raw: [mustStaple] }),
    leaf(),
    leaf({ names: ["*.example.org"] }),
    leaf({ names: ["mail*.example.org"] }),
    leaf({ names: ["example.org"] }),
    leaf({ key: "RSA-2048", names: ["other.example"] }),
    leaf({ signs: false }),
    leaf({ by: constrained }),
  ]);
  const [rsa, ...others] = made;
  const [expired, early, otherName, commonNameOnly, selfSigned, clientOnly, smallKey, sha1, threeYears] = others;
  const [logged, stapling, second, wildcard, partialWildcard, domainOnly, rsaOtherName, noSignature, of] =
    others.slice(9);
  const bad = { expired, early, otherName, commonNameOnly, selfSigned, clientOnly, smallKey, sha1, threeYears };
  const more = {
    logged,
    mustStaple: stapling,
    second,
    wildcard,
    partialWildcard,
    domainOnly,
    rsaOtherName,
    noSignature,
  };
  const chained = (one: Issued): SecureContextOptions => served(one, by);
  return {
    pki,
    anchors: [pki.root.pem],
    healthy: pki.served,
    rsa: rsa as Issued,
    both: pair(pki.leaf, rsa as Issued, by),
    constrained,
    bad: { ...bad, ...more, constrained: of } as Record<Bad, Issued>,
    chained,
  };
};

/** Two leaves of different kinds, each with the same intermediate. */
export const pair = (first: Issued, second: Issued, by: Issued): SecureContextOptions => {
  const [one, two] = [served(first, by), served(second, by)];
  return { key: [one.key, two.key], cert: [one.cert, two.cert] };
};
