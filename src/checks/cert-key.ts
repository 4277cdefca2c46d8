// Keys are strong enough: RSA from 2048 bits, elliptic curves from P-256, in every certificate sent but roots.
import type { CertificateFacts } from "../domain/certificate.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "cert-key",
  summary: "RSA keys have 2048 bits or more, elliptic-curve keys P-256 or better",
  clients: 'New programs refuse the connection, with words about a weak key or "key too small".',
  servers:
    "A new key: `mailcert issue --key ecdsa --new-key`, then `mailcert deploy`; publish its TLSA record first where DANE is in use.",
  reference: "RFC 9325 §4.5",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

const curves: readonly string[] = ["P-256", "P-384", "P-521"];

const weakness = ({ key }: CertificateFacts): string | undefined => {
  switch (key.type) {
    case "rsa":
      return key.bits < 2048 ? `an RSA key of ${key.bits} bits` : undefined;
    case "ec":
      return curves.includes(key.curve) ? undefined : `an elliptic-curve key on ${clean(key.curve, 40)}`;
    case "other":
      return "a key of a kind that TLS clients do not take";
    case "ed25519":
    case "ed448":
      return undefined;
  }
};

export const certKey: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) =>
    facts.chain.flatMap((certificate, index) => {
      const weak = index > 0 && certificate.selfSigned ? undefined : weakness(certificate);
      if (weak === undefined) return [];
      return index === 0
        ? say(base, facts.role, {
            message: `the certificate has ${weak}`,
            hint: "make a new key: `mailcert issue --key ecdsa --new-key`, then `mailcert deploy`",
          })
        : say(base, facts.role, {
            message: `the issuer ${clean(certificate.subject, 80)} has ${weak}`,
            hint: "ask the CA for a chain with a stronger issuer, or change the CA",
          });
    }),
};
