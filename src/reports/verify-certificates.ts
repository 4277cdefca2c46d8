// The certificates that a run saw, each once and numbered: leaves first, then what was sent with them.
import type { CertificateFacts, PublicKeyFacts } from "../domain/certificate.ts";
import { groupBy } from "../domain/group-by.ts";
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { daysLeft } from "./verify-json.ts";
import { minute } from "./dates.ts";
import { count } from "./verify-told.ts";

export interface NumberedCertificate {
  readonly number: number;
  readonly certificate: CertificateFacts;
  /** Where it was served as the leaf. */
  readonly served: readonly VerifiedEntry[];
  /** SHA-256 of what was sent behind it where it was the leaf. */
  readonly sentWith: readonly string[];
  /** When it was seen, for the days left. */
  readonly seen: Date;
}

/** By SHA-256. */
export const numberCertificates = ({ entries }: VerifyResult): ReadonlyMap<string, NumberedCertificate> => {
  const leaves = entries.flatMap(({ chain, observation }) =>
    chain.slice(0, 1).map((certificate) => ({ certificate, seen: observation.startedAt })),
  );
  const others = entries.flatMap(({ chain, observation }) =>
    chain.slice(1).map((certificate) => ({ certificate, seen: observation.startedAt })),
  );
  const servedWhere = groupBy(
    entries.filter(({ chain }) => chain.length > 0),
    ({ chain }) => chain[0]?.sha256 ?? "",
  );
  const numbered = new Map<string, NumberedCertificate>();
  for (const { certificate, seen } of [...leaves, ...others]) {
    if (numbered.has(certificate.sha256)) continue;
    const served = servedWhere.get(certificate.sha256) ?? [];
    const sentWith = served.flatMap(({ chain }) => chain.slice(1).map(({ sha256 }) => sha256));
    const number = numbered.size + 1;
    numbered.set(certificate.sha256, { number, certificate, served, sentWith: [...new Set(sentWith)], seen });
  }
  return numbered;
};

const keyWords = (key: PublicKeyFacts): string => {
  if (key.type === "ec") return `ECDSA ${key.curve}`;
  if (key.type === "rsa") return `RSA ${key.bits} bits`;
  return key.type;
};

/** Whoever sends certificates decides how many names stand in one. */
const mostNames = 50;

const some = (all: readonly string[]): string =>
  all.length > mostNames ? `${all.slice(0, mostNames).join(", ")} and ${all.length - mostNames} more` : all.join(", ");

const left = ({ certificate, seen }: NumberedCertificate): string => {
  const days = daysLeft(certificate, seen);
  return days < 0 || certificate.notAfter <= seen ? "expired" : `${count(days, "day")} left`;
};

const nameOf = ({ subject, commonName }: CertificateFacts): string => commonName || subject || "unnamed";

export const certificateView = (
  one: NumberedCertificate,
  all: ReadonlyMap<string, NumberedCertificate>,
  placeOf: (entry: VerifiedEntry) => string,
): object => {
  const { certificate, served, sentWith, number } = one;
  const names = [...certificate.dnsNames, ...certificate.ipNames];
  const services = [...(certificate.srvNames ?? []), ...(certificate.xmppNames ?? []).map((one) => `${one} (XMPP)`)];
  const chain = sentWith.flatMap((sha256) => all.get(sha256) ?? []);
  const places = [...new Set(served.map(placeOf))];
  return {
    number,
    subject: nameOf(certificate),
    facts: [
      ...(places.length > 0 ? [{ fact: "Served by", value: some(places) }] : []),
      ...(names.length > 0 ? [{ fact: "Names", value: some(names) }] : []),
      ...(services.length > 0 ? [{ fact: "Services", value: some(services) }] : []),
      { fact: "Subject", value: certificate.subject || "none" },
      { fact: "Issuer", value: certificate.selfSigned ? "itself" : certificate.issuer || "unnamed" },
      { fact: "Valid", value: `${minute(certificate.notBefore)} to ${minute(certificate.notAfter)} (${left(one)})` },
      { fact: "Key", value: keyWords(certificate.key) },
      { fact: "Signature", value: certificate.signatureAlgorithm },
    ],
    hashes: [
      { fact: "Serial", value: certificate.serial },
      { fact: "SHA-256", value: certificate.sha256 },
      { fact: "Key, SHA-256", value: certificate.spkiSha256 },
    ],
    links:
      chain.length > 0
        ? [
            {
              fact: "Sent with it",
              to: chain.map((other, index) => ({
                target: other.number,
                text: nameOf(other.certificate),
                more: index < chain.length - 1,
              })),
            },
          ]
        : [],
  };
};
