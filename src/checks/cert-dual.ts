// A name that has an RSA and an ECDSA certificate has both everywhere, and both stand for the same names.
import { type CertificateFacts } from "../domain/certificate.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { certificateMatcher } from "../domain/name-match.ts";
import { askedName } from "../domain/probe-host.ts";
import { clean } from "../domain/text.ts";
import type { EntryFacts, RunCheck } from "./check.ts";
import { portOf, say } from "./finding.ts";

const base = {
  id: "cert-dual",
  summary: "where there is a certificate for RSA and one for ECDSA, both are everywhere and have the same names",
  clients:
    "Old programs and new ones are shown different certificates: one of them complains, and nobody else sees why.",
  servers:
    "Give both certificates the same names and both to every server: `mailcert setup NAME --key ecdsa --key rsa` keeps the pair together.",
  reference: "RFC 9325 §3.9, RFC 8446 §4.4.2.2",
  severity: { mta: "warning", mua: "warning", internal: "info" },
} as const;

type KeyType = "ec" | "rsa";
const words: Readonly<Record<KeyType, string>> = { ec: "ECDSA", rsa: "RSA" };

const typeOf = ({ chain }: EntryFacts): KeyType | undefined => {
  const type = chain[0]?.key.type;
  return type === "ec" || type === "rsa" ? type : undefined;
};

const namesOf = (leaf: CertificateFacts): readonly string[] => [...leaf.dnsNames, ...leaf.ipNames];

/** Names of `one` that `other` does not stand for. */
const missing = (one: CertificateFacts, other: CertificateFacts): readonly string[] => {
  const standsFor = certificateMatcher(other);
  return namesOf(one).filter((name) => !standsFor(name));
};

const compare = (facts: readonly EntryFacts[]): readonly Finding[] => {
  const leafOf = (type: KeyType): EntryFacts | undefined => facts.find((one) => typeOf(one) === type);
  const [ec, rsa] = [leafOf("ec"), leafOf("rsa")];
  const [ecLeaf, rsaLeaf] = [ec?.chain[0], rsa?.chain[0]];
  if (!ec || !ecLeaf || !rsaLeaf) return [];
  const lacks = (type: KeyType, names: readonly string[]): readonly Finding[] =>
    names.length === 0
      ? []
      : say(base, ec.role, {
          message: `on ${portOf(ec.observation.entry)} the ${words[type]} certificate does not stand for ${names
            .slice(0, 4)
            .map((name) => clean(name, 80))
            .join(", ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}, which the other one has`,
          hint: "issue both with the same names (`mailcert setup NAME OTHER-NAME --key ecdsa --key rsa`), then `mailcert deploy`",
        });
  return [...lacks("rsa", missing(ecLeaf, rsaLeaf)), ...lacks("ec", missing(rsaLeaf, ecLeaf))];
};

const pairOf = (facts: readonly EntryFacts[]): string =>
  [...new Set(facts.map(({ chain }) => chain[0]?.sha256 ?? ""))].toSorted().join(" ");

const place = ({ observation: { entry, address } }: EntryFacts): string =>
  JSON.stringify([entry.protocol, entry.mode, entry.port, address]);

/** All entry points of a host were asked in the same way: that one lacks a kind is its server's doing. */
const ofHost = (host: string, facts: readonly EntryFacts[]): readonly Finding[] => {
  const places = [...groupBy(facts, place).values()];
  const both = places.filter((place) => new Set(place.map(typeOf)).size > 1);
  if (both.length === 0) return [];
  const single = places.filter((place) => !both.includes(place));
  const by = (type: KeyType): readonly EntryFacts[] =>
    single.flatMap(([one]) => (one && typeOf(one) === type ? [one] : []));
  const alone = (["ec", "rsa"] as const).flatMap((type) => {
    const [first, ...others] = by(type);
    if (!first) return [];
    const ports = [...new Set([first, ...others].map(({ observation }) => portOf(observation.entry)))].join(", ");
    return say(base, first.role, {
      message: `${askedName(host)} has certificates for ECDSA and RSA, but on ${ports} only the one for ${words[type]}`,
      hint: "configure both there, or none of them twice (Postfix: both in smtpd_tls_chain_files; Dovecot: ssl_cert and ssl_alt_cert, 2.4: ssl_server_cert_file and ssl_server_alt_cert_file): `mailcert deploy` does it",
    });
  });
  // The same two certificates on ten ports are compared once.
  const pairs = [...groupBy(both, pairOf).values()].flatMap(([first]) => (first ? [first] : []));
  const unlike = pairs.flatMap(compare);
  // The same sentence for ten ports is said for the first.
  return [...alone, ...unlike.slice(0, 2)];
};

export const certDual: RunCheck = {
  ...base,
  scope: "run",
  judge: (all) =>
    [
      ...groupBy(
        all.filter((facts) => typeOf(facts) !== undefined),
        ({ observation }) => observation.entry.host,
      ),
    ].flatMap(([host, facts]) => ofHost(host, facts)),
};
