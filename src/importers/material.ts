// PEM texts of another client's, held to be what they should: a key and a valid certificate that belong together.
import { type JsonWebKey, type KeyObject, createPrivateKey } from "node:crypto";
import { type CertificateFacts, readCertificate, splitPem } from "../domain/certificate.ts";
import { sortChain } from "../domain/chain.ts";
import { Failure } from "../domain/failure.ts";
import { keyMatches } from "../domain/key-match.ts";
import { algorithmOf } from "../domain/keys.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import { clean } from "../domain/text.ts";
import type { Lineage } from "./importer.ts";

/** A phrase to go after what it is about: `has expired`. */
export interface Problem {
  readonly problem: string;
}

const exported = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

/** The first private key of a text as PKCS#8 PEM: others begin with `EC PARAMETERS`. @throws Failure `data` */
export const keyOf = (text: string): string => {
  const [block = ""] = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[\s\S]*?-----END \1?PRIVATE KEY-----/.exec(text) ?? [];
  return exported(readPrivateKey(block));
};

/** Of a JSON Web Key (RFC 7517). @throws Failure `data`; nothing of the key travels on. */
export const keyOfJwk = (text: string): string => {
  try {
    return exported(createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: "jwk" }));
  } catch {
    throw new Failure("data", "the account key is no JSON Web Key that can be read");
  }
};

/** Keys that requests to a CA can be signed with (RFC 7518 §3.1). */
export const signsRequests = (pem: string): boolean => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = readPrivateKey(pem);
  if (type === "rsa") return (details?.modulusLength ?? 0) >= 2048;
  return type === "ec" && ["prime256v1", "secp384r1", "secp521r1"].includes(details?.namedCurve ?? "");
};

const kindOf = ({ key }: CertificateFacts): string =>
  key.type === "rsa" ? `RSA with ${key.bits} bits` : key.type === "ec" ? `ECDSA on ${key.curve}` : key.type;

const namesOf = (leaf: CertificateFacts, main: string): readonly string[] => {
  const names = [...new Set([...leaf.dnsNames, ...leaf.ipNames].map(canonicalName))];
  return names.includes(main) ? [main, ...names.filter((name) => name !== main)] : names;
};

export type Material = Pick<
  Lineage,
  "names" | "algorithm" | "privateKey" | "leaf" | "chain" | "notBefore" | "notAfter"
>;

/** `certificates`: the leaf first, then its chain. `main`: the client's word for its first name. */
export const readMaterial = (
  texts: { readonly key: string | undefined; readonly certificates: string },
  main: string,
  now: Date,
): Material | Problem => {
  if (texts.key === undefined) return { problem: "has no private key beside it" };
  try {
    const [leaf, ...others] = splitPem(texts.certificates).map(readCertificate);
    if (leaf === undefined) return { problem: "has no certificate in it" };
    if (leaf.notAfter <= now) return { problem: `expired on ${leaf.notAfter.toISOString().slice(0, 10)}` };
    const privateKey = keyOf(texts.key);
    if (!keyMatches(privateKey, leaf.pem))
      return { problem: "is broken: the private key is that of another certificate" };
    const algorithm = algorithmOf(privateKey);
    if (algorithm === undefined)
      return {
        problem: `has a key that mailcert has no place for (${kindOf(leaf)}): it takes P-256, P-384, RSA 2048, 3072 and 4096`,
      };
    if (leaf.selfSigned) return { problem: "is self-signed: no CA issued it" };
    const chain = sortChain([leaf, ...others], leaf).slice(1);
    if (chain.length === 0) return { problem: "is broken: the certificate that issued it is not in its chain" };
    const names = namesOf(leaf, main);
    if (names.length === 0) return { problem: "names no host" };
    return {
      names,
      algorithm,
      privateKey,
      leaf: leaf.pem,
      chain: chain.filter(({ selfSigned }) => !selfSigned).map(({ pem }) => pem),
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    };
  } catch (error) {
    if (error instanceof Failure || error instanceof NameProblem)
      return { problem: `is broken: ${clean(error.message, 200)}` };
    throw error;
  }
};

const canonicalOr = (text: string): string => {
  try {
    return canonicalName(text);
  } catch {
    return text;
  }
};

/** The name of a lineage as a host name: clients write `_.example.org` for a wildcard. */
export const mainName = (text: string): string => canonicalOr(text.replace(/^_\./, "*."));
