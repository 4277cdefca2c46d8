// OCSP answers (RFC 6960 §4.2.1), as they come with a handshake: what one says about a certificate, and why it may say nothing.
import { X509Certificate, createHash, verify } from "node:crypto";
import { type CertificateFacts, readCertificate } from "./certificate.ts";
import { readFields } from "./certificate-fields.ts";
import { type DerElement, DerProblem, childrenOf, expectTag, readElement, readOid, readTime, tags } from "./der.ts";
import { issuedBy } from "./chain.ts";
import { hashes, signatureAlgorithms } from "./oids.ts";
import { plainSerial } from "./serial-number.ts";

/** What an answer is worth for a certificate; `useless` says why in words that go behind "the answer". */
export type OcspVerdict =
  | { readonly kind: "good" }
  | { readonly kind: "revoked"; readonly at: Date }
  | { readonly kind: "useless"; readonly why: string };

interface Single {
  readonly serial: string;
  readonly hash: string;
  readonly issuerName: string;
  readonly status: DerElement;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

interface Answer {
  readonly singles: readonly Single[];
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
  readonly certificates: readonly Buffer[];
}

/** RFC 6960 §4.2.1, OCSPResponseStatus. */
const refusals: Readonly<Record<number, string>> = {
  1: "malformedRequest",
  2: "internalError",
  3: "tryLater",
  5: "sigRequired",
  6: "unauthorized",
};
const enumerated = 0x0a;
const basic = "1.3.6.1.5.5.7.48.1.1";

const inside = (element: DerElement | undefined, what: string): readonly DerElement[] =>
  childrenOf(expectTag(element, tags.sequence, what));

const readSingle = (element: DerElement): Single => {
  const [id, status, thisUpdate, next] = inside(element, "an answer");
  const [algorithm, name, , serial] = inside(id, "the certificate's id");
  if (!status) throw new DerProblem("it says no status");
  return {
    serial: plainSerial(expectTag(serial, tags.integer, "the serial number").content.toString("hex")),
    hash: readOid(expectTag(inside(algorithm, "the hash")[0], tags.oid, "the hash")),
    issuerName: expectTag(name, tags.octetString, "the issuer's name").content.toString("hex"),
    status,
    thisUpdate: readTime(thisUpdate),
    ...(next?.tag === 0xa0 ? { nextUpdate: readTime(readElement(next.content)) } : {}),
  };
};

/** @throws DerProblem. A text: the responder's refusal. */
const readAnswer = (der: Buffer): Answer | string => {
  const [status, bytes] = inside(readElement(der), "the answer");
  const code = expectTag(status, enumerated, "the status").content[0] ?? 0;
  if (code !== 0) return refusals[code] ?? `status ${code}`;
  if (bytes?.tag !== 0xa0) throw new DerProblem("it has no content");
  const [type, content] = inside(readElement(bytes.content), "the content");
  if (readOid(expectTag(type, tags.oid, "the kind of answer")) !== basic) throw new DerProblem("it is of another kind");
  const [data, algorithm, signature, extra] = inside(
    readElement(expectTag(content, tags.octetString, "the content").content),
    "the signed answer",
  );
  const parts = inside(data, "what is signed");
  // version [0] and responderID [1] or [2] stand before producedAt and the answers.
  const responses = parts.find(({ tag }) => tag === tags.sequence);
  return {
    singles: inside(responses, "the answers").map(readSingle),
    signed: expectTag(data, tags.sequence, "what is signed").raw,
    algorithm: readOid(expectTag(inside(algorithm, "the algorithm")[0], tags.oid, "the algorithm")),
    signature: expectTag(signature, tags.bitString, "the signature").content.subarray(1),
    certificates: extra?.tag === 0xa0 ? inside(readElement(extra.content), "certificates").map(({ raw }) => raw) : [],
  };
};

const attempt = <Result>(what: () => Result): Result | undefined => {
  try {
    return what();
  } catch {
    return undefined;
  }
};

/** By the issuer itself, or by whom it made for that (RFC 6960 §4.2.2.2). undefined: an algorithm that is not known here. */
const isSigned = (answer: Answer, issuer: CertificateFacts): boolean | undefined => {
  const name = signatureAlgorithms[answer.algorithm] ?? "";
  const hash = /sha\d+/i.exec(name)?.[0].toLowerCase() ?? null;
  if (hash === null && !name.startsWith("Ed")) return undefined;
  const delegates = answer.certificates.slice(0, 4).flatMap((der) => attempt(() => readCertificate(der)) ?? []);
  const signers = [
    issuer,
    ...delegates.filter((one) => one.extendedKeyUsage?.includes("OCSPSigning") && issuedBy(one, issuer)),
  ];
  return signers.some((signer) =>
    attempt(() => verify(hash, answer.signed, new X509Certificate(signer.der).publicKey, answer.signature)),
  );
};

const isAbout = (leaf: CertificateFacts, { serial, hash, issuerName }: Single): boolean => {
  const name = hashes[hash]?.toLowerCase();
  if (serial !== leaf.serial || name === undefined) return false;
  return createHash(name).update(readFields(leaf.der).issuer.raw).digest("hex") === issuerName;
};

/** Clocks differ. */
const skewMs = 5 * 60_000;

/** `issuer`: of the leaf; undefined: it is not known, and whether it signed the answer is not looked at. */
export const judgeOcsp = (
  der: Buffer,
  leaf: CertificateFacts,
  issuer: CertificateFacts | undefined,
  now: Date,
): OcspVerdict => {
  const useless = (why: string): OcspVerdict => ({ kind: "useless", why });
  try {
    const answer = readAnswer(der);
    if (typeof answer === "string") return useless(`is none: the CA's responder said "${answer}"`);
    const about = answer.singles.find((single) => isAbout(leaf, single));
    if (!about) return useless("is about another certificate");
    if (issuer && isSigned(answer, issuer) === false) return useless("is not signed by the certificate's issuer");
    if (about.thisUpdate.getTime() - skewMs > now.getTime()) return useless("is of the future");
    if (about.nextUpdate && about.nextUpdate.getTime() + skewMs < now.getTime())
      return useless(`is out of date since ${about.nextUpdate.toISOString().slice(0, 10)}`);
    // good [0], revoked [1] with its time, unknown [2].
    if (about.status.tag === 0xa1) return { kind: "revoked", at: readTime(childrenOf(about.status)[0]) };
    return about.status.tag === 0x80 ? { kind: "good" } : useless("says that the CA does not know the certificate");
  } catch (error) {
    if (error instanceof DerProblem) return useless("cannot be read");
    throw error;
  }
};
