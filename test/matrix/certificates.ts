// The certificates of the matrix: one healthy chain, and each way in which one can be wrong. Keys live in memory only.
import type { SecureContextOptions } from "node:tls";
import { type Issued, type Pki, day, issue, makePki, sanWith, served } from "../fakes/pki.ts";

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
  | "malformed"
  | "second"
  | "wildcard"
  | "partialWildcard"
  | "domainOnly"
  | "withDomain"
  | "withService"
  | "serviceOnly"
  | "chatAddress"
  | "rsaOtherName"
  | "noSignature"
  | "noPurpose"
  | "edwards"
  | "caItself"
  | "constrained";

const at = (days: number): Date => new Date(Date.now() + days * day);

/** Extensions: signed certificate timestamps (RFC 6962), TLS feature with status_request (RFC 7633). */
const timestamps = ["1.3.6.1.4.1.11129.2.4.2", "04020000"] as const;
/** Basic constraints: a CA (RFC 5280 §4.2.1.9). */
const flagged = ["2.5.29.19", "30030101ff"] as const;
const mustStaple = ["1.3.6.1.5.5.7.1.24", "3003020105"] as const;

export const makeCertificates = async (): Promise<Certificates> => {
  const pki = await makePki();
  const names = ["mail.example.org"];
  const by = pki.intermediate;
  const leaf = (more: Parameters<typeof issue>[0] = {}): Promise<Issued> => issue({ names, by, ...more });
  // NameConstraints: permittedSubtrees, dNSName example.com (RFC 5280 §4.2.1.10).
  const constraint = ["2.5.29.30", "3011a00f300d820b6578616d706c652e636f6d"] as const;
  const constrained = await issue({ subject: "CN=Test Constrained", ca: true, by: pki.root, raw: [constraint] });
  const leaves: Readonly<Record<Bad, Promise<Issued>>> = {
    expired: leaf({ notBefore: at(-90), notAfter: at(-3) }),
    early: leaf({ notBefore: at(2), notAfter: at(90) }),
    otherName: leaf({ names: ["other.example"] }),
    commonNameOnly: leaf({ names: [], subject: "CN=mail.example.org" }),
    selfSigned: issue({ names }),
    clientOnly: leaf({ eku: ["1.3.6.1.5.5.7.3.2"] }),
    smallKey: leaf({ key: "RSA-1024" }),
    sha1: leaf({ hash: "SHA-1" }),
    threeYears: leaf({ notAfter: at(3 * 365) }),
    logged: leaf({ notAfter: at(390), raw: [timestamps] }),
    mustStaple: leaf({ raw: [mustStaple] }),
    malformed: leaf({ raw: [[mustStaple[0], "3005"]] }),
    second: leaf(),
    wildcard: leaf({ names: ["*.example.org"] }),
    partialWildcard: leaf({ names: ["mail*.example.org"] }),
    domainOnly: leaf({ names: ["example.org"] }),
    withDomain: leaf({ names: ["mail.example.org", "example.org"] }),
    withService: leaf({ names: [], raw: [sanWith({ dns: names, srv: ["_imaps.example.org"] })] }),
    serviceOnly: leaf({ names: [], subject: "CN=x", raw: [sanWith({ srv: ["_imaps.example.org"] })] }),
    chatAddress: leaf({ names: [], subject: "CN=x", raw: [sanWith({ xmpp: ["mail.example.org"] })] }),
    rsaOtherName: leaf({ key: "RSA-2048", names: ["other.example"] }),
    noSignature: leaf({ signs: false }),
    noPurpose: leaf({ eku: [] }),
    edwards: leaf({ key: "Ed25519" }),
    caItself: leaf({ plain: true, raw: [flagged] }),
    constrained: leaf({ by: constrained }),
  };
  const made = await Promise.all(Object.entries(leaves).map(async ([name, one]) => [name, await one] as const));
  const rsa = await leaf({ key: "RSA-2048" });
  return {
    pki,
    anchors: [pki.root.pem],
    healthy: pki.served,
    rsa,
    both: pair(pki.leaf, rsa, by),
    constrained,
    bad: Object.fromEntries(made) as Record<Bad, Issued>,
    chained: (one) => served(one, by),
  };
};

/** Two leaves of different kinds, each with the same intermediate. */
export const pair = (first: Issued, second: Issued, by: Issued): SecureContextOptions => {
  const [one, two] = [served(first, by), served(second, by)];
  return { key: [one.key, two.key], cert: [one.cert, two.cert] };
};
