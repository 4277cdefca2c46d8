// Answers to the questions of a profile, put together: what the server takes, what it does not, and what nobody can say.
import type { Tls12Facts, TlsProfile } from "../domain/tls-profile.ts";
import { clean } from "../domain/text.ts";
import type { HelloAnswer, ServerHello } from "./answer.ts";
import {
  type Asked,
  believedRefusals,
  dhBitsOf,
  isHello,
  modernOnly,
  spoke,
  suiteOfKind,
  versionsOf,
  weakGroupOf,
} from "./asked.ts";
import { extensions } from "./client-hello.ts";
import { groupName, isHybridName } from "./groups.ts";
import type { KnownTls } from "./profile.ts";
import type { BadKind } from "./questions.ts";
import { isDhe } from "./suite-kinds.ts";
import { suiteName } from "./suites.ts";

interface Run {
  /** The server spoke TLS after all of it. */
  readonly alive: boolean;
  readonly known: KnownTls;
  readonly stopped: string | undefined;
}

export const profileFrom = (asked: readonly Asked[], { alive, known, stopped }: Run): TlsProfile => {
  const refused = believedRefusals(asked, alive);
  const versions = allVersions(asked, refused, known);
  const modern = modernOnly(versions);
  const suite = <Field extends string>(field: Field, kind: BadKind): Partial<Record<Field, string | null>> => {
    const found = modern ? null : suiteOfKind(asked, refused, kind, known.anonymousMatters);
    if (found === undefined) return {};
    return { [field]: found === null ? null : suiteName(found) } as Record<Field, string | null>;
  };
  const answerTo = (about: Asked["about"]): HelloAnswer | undefined => {
    const one = asked.findLast((other) => other.about === about);
    return one && (one.answer.kind !== "refused" || refused.includes(one)) ? one.answer : undefined;
  };
  const dhBits = dhBitsOf(asked);
  const large = largeHello(asked, known);
  const tls12 = asked.flatMap(({ about, offer, answer }) =>
    about === "today" && offer.version === "TLSv1.2" && isHello(answer) && answer.version === "TLSv1.2" ? [answer] : [],
  )[0];
  return {
    connections: asked.length,
    versions,
    ...suite("brokenSuite", "broken"),
    ...suite("weakSuite", "weak"),
    ...suite("phaseOutSuite", "phase-out"),
    ...(dhBits === undefined ? {} : { dhBits }),
    ...(modern ? { weakGroup: null } : weakGroup(asked, answerTo("group"))),
    ...hybridGroup(answerTo("hybrid"), known),
    ...(large === undefined ? {} : { largeHello: large }),
    ...(tls12 ? { tls12: tls12Of(tls12) } : {}),
    ...alpnOf(asked),
    ...(stopped === undefined ? {} : { stopped }),
  };
};

const allVersions = (asked: readonly Asked[], refused: readonly Asked[], known: KnownTls): TlsProfile["versions"] => {
  const versions = { ...versionsOf(asked, refused) };
  // Its own client offers both of these, and servers take the highest.
  if (known.version === "TLSv1.2") versions["TLSv1.3"] ??= false;
  if (known.version === "TLSv1.2" || known.version === "TLSv1.3") versions[known.version] = true;
  return versions;
};

const weakGroup = (asked: readonly Asked[], answer: HelloAnswer | undefined): Pick<TlsProfile, "weakGroup"> => {
  const found = weakGroupOf(asked);
  if (found !== undefined) return { weakGroup: groupName(found) };
  // Diffie-Hellman without curves was in the same hello.
  const other = isHello(answer) && isDhe(answer.suite);
  return answer === undefined || answer.kind === "none" || other ? {} : { weakGroup: null };
};

const hybridGroup = (answer: HelloAnswer | undefined, { group }: KnownTls): Pick<TlsProfile, "hybridGroup"> => {
  if (group !== undefined && isHybridName(group)) return { hybridGroup: group };
  if (answer === undefined || answer.kind === "none") return {};
  return { hybridGroup: isHello(answer) && answer.group !== undefined ? groupName(answer.group) : null };
};

const largeHello = (asked: readonly Asked[], { version, group }: KnownTls): boolean | undefined => {
  const today = asked.filter(({ about }) => about === "today");
  if (today.some(({ offer, answer }) => offer.padTo !== undefined && spoke(answer))) return true;
  const small = today.some(({ offer, answer }) => offer.padTo === undefined && isHello(answer));
  // Only where the two differ in nothing but their size, or where it is the only difference that is left.
  const refused = today.some(
    ({ offer, answer }) => offer.padTo !== undefined && offer.unnamed !== true && answer.kind === "refused",
  );
  if (small && refused) return false;
  return version === "TLSv1.3" && isHybridName(group ?? "") ? true : undefined;
};

/** What was chosen where ALPN was offered up to TLS 1.2, which is where it can be read. */
const alpnOf = (asked: readonly Asked[]): Pick<TlsProfile, "alpn"> => {
  const answer = asked.find(({ offer }) => offer.alpn !== undefined)?.answer;
  if (!isHello(answer) || answer.version === "TLSv1.3") return {};
  return { alpn: answer.alpn === undefined ? null : clean(answer.alpn, 40) };
};

const hashes: Readonly<Record<number, string>> = {
  1: "MD5",
  2: "SHA-1",
  3: "SHA-224",
  4: "SHA-256",
  5: "SHA-384",
  6: "SHA-512",
};

/** Schemes from 0x0800 on bring their own hash, none of them a weak one. */
const hashOf = (signature: number): string | undefined => hashes[signature >> 8];

const tls12Of = (hello: ServerHello): Tls12Facts => {
  const hash = hello.signature === undefined ? undefined : hashOf(hello.signature);
  return {
    suite: suiteName(hello.suite),
    extendedMasterSecret: hello.extensions.has(extensions.extendedMasterSecret),
    secureRenegotiation: hello.extensions.has(extensions.renegotiationInfo),
    compression: hello.compression !== 0,
    ...(hash === undefined ? {} : { signatureHash: hash }),
  };
};
