// The certificate that was downloaded (RFC 8555 §7.4.2), taken apart and held to what was asked for before anyone stores it.
import { X509Certificate } from "node:crypto";
import { Failure } from "../../domain/failure.ts";
import { canonicalIp } from "../../domain/ip.ts";
import { clean } from "../../domain/text.ts";

const wrong = (what: string): Failure =>
  new Failure("unavailable", `the CA's certificate chain is not used: ${what}`, {
    hints: ["run the command again later: it fetches the chain again without a new order"],
    facts: { code: "BAD_CHAIN" },
  });

/** Whole, and somebody else's: the CA mixed two orders up, or something in between two replies. */
const anothers = (what: string): Failure =>
  new Failure("unavailable", `the CA's certificate chain is not used: ${what}`, {
    hints: ["run the command again: it looks once more, and places a new order where it is the same still"],
    facts: { code: "BAD_CHAIN", anothers: true },
  });

/** Was it this? To fetch it again and again would not help. */
export const isAnothers = (error: unknown): boolean => error instanceof Failure && error.facts?.["anothers"] === true;

const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----/g;

/** Every PEM block, each with one newline at its end. RFC 8555 §9.1: certificates only, nothing else in between. */
export const splitChain = (text: string): readonly string[] => {
  const blocks = [...text.matchAll(block)];
  const rest = text.replaceAll(block, "").trim();
  if (rest.startsWith("-----BEGIN") || rest.includes("\n-----BEGIN"))
    throw wrong("it ends in the middle of a certificate");
  if (blocks.length === 0) throw wrong("there is no certificate in it");
  if (rest !== "") throw wrong("there is something else than certificates in it");
  if (blocks.some(([, label]) => label !== "CERTIFICATE"))
    throw wrong("there is something else than certificates in it");
  // A certificate that is sent twice would be a broken chain to some clients, and one that is left out harms none.
  return [...new Set(blocks.map(([pem]) => `${pem.replaceAll("\r", "")}\n`))];
};

const read = (pem: string, index: number): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch {
    throw wrong(`certificate ${index + 1} in it cannot be read`);
  }
};

/** `DNS:a, IP Address:192.0.2.1`; entries with anything unusual in them come quoted and match nothing. */
const sanOf = (leaf: X509Certificate): ReadonlySet<string> =>
  new Set(
    (leaf.subjectAltName ?? "").split(", ").map((entry) => {
      const [, kind, value = ""] = /^(DNS|IP Address):(.*)$/.exec(entry) ?? [];
      return kind === "DNS" ? value.toLowerCase() : (canonicalIp(value) ?? "");
    }),
  );

/** @throws Failure `unavailable` when the chain is not one for these names and this key, leaf first, each signed by the next. */
export const readChain = (
  text: string,
  names: readonly string[],
  spki: Buffer,
): { leaf: string; chain: readonly string[] } => {
  const [leaf, ...chain] = splitChain(text);
  if (leaf === undefined) throw wrong("there is no certificate in it");
  const path = [leaf, ...chain].map(read);
  const [first] = path;
  if (first === undefined || !spki.equals(first.publicKey.export({ type: "spki", format: "der" })))
    throw anothers("its first certificate is for another key");
  const san = sanOf(first);
  const missing = names.filter((name) => !san.has(name));
  if (missing.length > 0) throw anothers(`it lacks ${missing.map((name) => clean(name, 253)).join(", ")}`);
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1];
    if (issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
      throw wrong(`certificate ${index + 1} in it is not signed by the one that follows`);
  }
  return { leaf, chain };
};
