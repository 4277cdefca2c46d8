// The way from a leaf to a root that is trusted, whatever the dates say: OpenSSL keeps one error, and one about a date would hide that nobody trusts it.
import { X509Certificate } from "node:crypto";
import { type CertificateFacts, readCertificate } from "./certificate.ts";
import { pathLengthOf, readFields } from "./certificate-fields.ts";
import { DerProblem } from "./der.ts";

export interface TrustPath {
  /** It ends in a root among the anchors, and each certificate was signed by the next, which may do so (RFC 5280 §6.1, dates left out). */
  readonly anchored: boolean;
  /** Leaf first. Anchored: the last is the anchor, sent or not. Else as far as a way leads. */
  readonly members: readonly CertificateFacts[];
}

/** More is nonsense, or meant to keep us busy. */
const mostMembers = 16;
const mostSteps = 100;
const mostPaths = 8;

interface Known {
  readonly facts: CertificateFacts;
  readonly x509: X509Certificate;
}

const attempt = <Result>(what: () => Result): Result | undefined => {
  try {
    return what();
  } catch {
    return undefined;
  }
};

/** By subject, read once for a set of anchors: there are 140 in a system's. */
type Anchors = ReadonlyMap<string, readonly X509Certificate[]>;
const read = new WeakMap<readonly string[], Anchors>();

const anchorsOf = (pems: readonly string[]): Anchors => {
  const known = read.get(pems);
  if (known) return known;
  const found = new Map<string, X509Certificate[]>();
  for (const pem of pems) {
    const x509 = attempt(() => new X509Certificate(pem));
    if (x509) found.set(x509.subject, [...(found.get(x509.subject) ?? []), x509]);
  }
  read.set(pems, found);
  return found;
};

const signed = (child: Known, parent: Known): boolean =>
  child.x509.checkIssued(parent.x509) && attempt(() => child.x509.verify(parent.x509.publicKey)) === true;

/** A CA (an old root has no extensions that could say so), and not too far up for what it allows below itself. */
const maySign = ({ facts }: Known, below: number, anchor: boolean): boolean => {
  try {
    const fields = readFields(facts.der);
    if (!facts.isCa && !(anchor && facts.selfSigned && fields.extensions.size === 0)) return false;
    return below <= (pathLengthOf(fields) ?? below);
  } catch (error) {
    if (error instanceof DerProblem) return false;
    throw error;
  }
};

const inTime = (members: readonly CertificateFacts[], now: Date): boolean =>
  members.every(({ notBefore, notAfter }) => notBefore <= now && now <= notAfter);

/** `sent`: leaf first, the others in any order; at least one. `anchors`: PEM. Of several ways rather one that is within its dates. */
export const trustPath = (sent: readonly CertificateFacts[], anchors: readonly string[], now: Date): TrustPath => {
  const trusted = anchorsOf(anchors);
  const isAnchor = ({ facts, x509 }: Known): boolean =>
    facts.selfSigned && (trusted.get(x509.subject)?.some(({ raw }) => raw.equals(facts.der)) ?? false);
  const known = (x509: X509Certificate): Known | undefined => {
    const facts = attempt(() => readCertificate(x509.raw));
    return facts && { facts, x509 };
  };
  const pool = sent.flatMap((facts): readonly Known[] => {
    const x509 = attempt(() => new X509Certificate(facts.der));
    return x509 ? [{ facts, x509 }] : [];
  });
  const found: (readonly CertificateFacts[])[] = [];
  let longest: readonly CertificateFacts[] = sent.slice(0, 1);
  let steps = 0;
  const walk = (path: readonly Known[]): void => {
    const last = path.at(-1);
    if (!last || found.length >= mostPaths) return;
    const members = path.map(({ facts }) => facts);
    if (members.length > longest.length) longest = members;
    if (isAnchor(last)) return void found.push(members);
    if (last.facts.selfSigned || path.length >= mostMembers) return;
    const named = trusted.get(last.x509.issuer) ?? [];
    const candidates = [...named.flatMap((one) => known(one) ?? []), ...pool];
    const tried = new Set(members.map(({ sha256 }) => sha256));
    for (const next of candidates) {
      if (next.x509.subject !== last.x509.issuer || tried.has(next.facts.sha256)) continue;
      tried.add(next.facts.sha256);
      steps += 1;
      if (steps > mostSteps) return;
      const anchor = named.some(({ raw }) => raw.equals(next.facts.der));
      if (maySign(next, path.length - 1, anchor) && signed(last, next)) walk([...path, next]);
    }
  };
  walk(pool.slice(0, 1));
  const best = found.find((members) => inTime(members, now)) ?? found[0];
  return best ? { anchored: true, members: best } : { anchored: false, members: longest };
};
