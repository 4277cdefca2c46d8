// Which of the CA's chains is used (RFC 8555 §7.4.2): the default, or the alternate that the configuration prefers.
import { createHash, X509Certificate } from "node:crypto";
import { clean } from "../../domain/text.ts";
import type { Reply } from "./transport.ts";

/** Let's Encrypt has three; more is nonsense. */
const mostAlternates = 8;

/** RFC 8288: `<https://ca.example/cert/1/1>;rel="alternate"`; Node joins several headers by commas. */
export const alternatesOf = ({ headers }: Pick<Reply, "headers">, base: string): readonly string[] => {
  const { link } = headers as { readonly link?: string | readonly string[] };
  const text = typeof link === "string" ? link : (link ?? []).join(", ");
  const found = [...text.matchAll(/<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^\s",;]*))*)/g)];
  return found
    .filter(([, , parameters = ""]) =>
      /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?alternate(?:\s[^"]*)?"|alternate\b)/i.test(parameters),
    )
    .flatMap(([, target = ""]) => (URL.canParse(target, base) ? [new URL(target, base).href] : []))
    .slice(0, mostAlternates);
};

const commonName = (name: string): string => /^CN=(.*)$/m.exec(name)?.[1] ?? "";

const spkiOf = (certificate: X509Certificate): string =>
  createHash("sha256")
    .update(certificate.publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");

/** The names at the chain's top: who signed its last certificate, and that certificate itself. */
export const topOf = (chain: readonly string[]): readonly string[] => {
  const last = chain.at(-1);
  if (last === undefined) return [];
  const certificate = new X509Certificate(last);
  return [...new Set([commonName(certificate.issuer), commonName(certificate.subject)])].map((name) =>
    clean(name, 100),
  );
};

/** `preferred`: a common name at the chain's top, or `sha256:HEX` of the SubjectPublicKeyInfo of a certificate in it. `chain`: PEM, without the leaf. */
export const isPreferred = (chain: readonly string[], preferred: string): boolean => {
  const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(preferred) ?? [];
  if (hex === undefined) return topOf(chain).includes(preferred);
  return chain.some((pem) => spkiOf(new X509Certificate(pem)) === hex.toLowerCase());
};
