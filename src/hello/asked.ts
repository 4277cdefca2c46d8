// What was asked for a profile and what came of it, and which refusals count.
import { type ProtocolVersion, protocolVersions } from "../domain/tls-profile.ts";
import type { HelloAnswer, ServerHello } from "./answer.ts";
import { type Offer, extensions } from "./client-hello.ts";
import { isWeak } from "./groups.ts";
import { type BadKind, suitesOf } from "./questions.ts";
import { dheSuites, isCbc, isDhe, kindOf } from "./suite-kinds.ts";
import { suiteName } from "./suites.ts";

/** `versions`: a refusal is one of every version that was offered, up to the highest. */
export type Topic = "versions" | "suites" | "today" | "group" | "hybrid";

export interface Asked {
  readonly about: Topic;
  readonly offer: Offer;
  readonly answer: HelloAnswer;
}

export const isHello = (answer: HelloAnswer | undefined): answer is ServerHello => answer?.kind === "hello";
/** It said something in TLS, be it no. */
export const spoke = (answer: HelloAnswer | undefined): boolean =>
  isHello(answer) || (answer?.kind === "refused" && answer.how === "alert");

/**
 * Closing without a word is a no only from a server that still talks to others (verify.md §5): before it spoke once more, or where `alive`,
 * another exchange after all of these.
 */
export const believedRefusals = (asked: readonly Asked[], alive: boolean): readonly Asked[] => {
  const last = alive ? asked.length : asked.findLastIndex(({ answer }) => spoke(answer));
  return asked.filter(({ answer }, index) => answer.kind === "refused" && (answer.how === "alert" || index < last));
};

/** Whether some refusal waits for a word of the server to count. */
export const inDoubt = (asked: readonly Asked[]): boolean =>
  asked.some(({ answer }) => answer.kind === "refused") &&
  asked.filter(({ answer }) => answer.kind === "refused").length > believedRefusals(asked, false).length;

/** CBC does no harm where encrypt-then-MAC (RFC 7366) is agreed to. */
const isPhaseOut = ({ suite, extensions: sent }: ServerHello): boolean =>
  !isCbc(suite) ||
  isDhe(suite) ||
  /_ARIA_|_CAMELLIA_|_SEED_/.test(suiteName(suite)) ||
  !sent.has(extensions.encryptThenMac);

/** `anonymous` suites are among the broken ones, whoever asked for them. */
export const badKindOf = (hello: ServerHello): BadKind | undefined => {
  if (hello.version === "TLSv1.3") return undefined;
  const kind = kindOf(suiteName(hello.suite));
  if (kind === "broken" || kind === "anonymous") return "broken";
  if (kind === "weak") return "weak";
  return kind === "phase-out" && isPhaseOut(hello) ? "phase-out" : undefined;
};

/** A suite of this kind that was agreed to; null for a no; undefined: nobody can say. */
export const suiteOfKind = (
  asked: readonly Asked[],
  refused: readonly Asked[],
  kind: BadKind,
  anonymous: boolean,
): number | null | undefined => {
  const hellos = asked.flatMap(({ answer }) => (isHello(answer) ? [answer] : []));
  const agreed = hellos.find((hello) => badKindOf(hello) === kind);
  if (agreed) return agreed.suite;
  const wanted = suitesOf(kind, anonymous);
  const denied = deniedSuites(refused);
  if (wanted.every((suite) => denied.has(suite))) return null;
  // CBC with encrypt-then-MAC out of them all, and no Diffie-Hellman: nothing against it.
  const harmless = asked.some(
    ({ about, offer, answer }) =>
      about === "suites" &&
      isHello(answer) &&
      badKindOf(answer) === undefined &&
      wanted.every((suite) => offer.suites.includes(suite)),
  );
  return harmless && !openDhe(asked, refused) ? null : undefined;
};

const deniedSuites = (refused: readonly Asked[]): ReadonlySet<number> =>
  new Set(
    refused
      .filter(({ offer }) => offer.version === "TLSv1.2")
      // Without strong groups it is no refusal of suites on curves.
      .flatMap(({ about, offer }) =>
        about === "suites" ? offer.suites : about === "group" ? offer.suites.filter(isDhe) : [],
      ),
  );

/** Whether nobody knows yet if finite-field Diffie-Hellman is taken. */
export const openDhe = (asked: readonly Asked[], refused: readonly Asked[]): boolean => {
  const denied = deniedSuites(refused);
  return (
    asked.every(({ answer }) => !isHello(answer) || !dheSuites.includes(answer.suite)) &&
    !dheSuites.every((suite) => denied.has(suite))
  );
};

/** Whether each version is there, of those that were asked about. */
export const versionsOf = (
  asked: readonly Asked[],
  refused: readonly Asked[],
): Readonly<Partial<Record<ProtocolVersion, boolean>>> => {
  const versions: Partial<Record<ProtocolVersion, boolean>> = {};
  for (const one of asked) {
    const { about, offer, answer } = one;
    const highest = protocolVersions.indexOf(offer.version);
    if (isHello(answer)) {
      versions[answer.version] = true;
      if (about !== "versions" && about !== "today") continue;
      // Servers take the highest that they have.
      for (const version of protocolVersions.slice(protocolVersions.indexOf(answer.version) + 1, highest + 1))
        versions[version] ??= false;
    } else if (refused.includes(one)) {
      if (about === "versions")
        for (const version of protocolVersions.slice(0, highest + 1)) versions[version] ??= false;
      if (about === "today") versions[offer.version] ??= false;
    }
  }
  return versions;
};

export const weakGroupOf = (asked: readonly Asked[]): number | undefined =>
  asked.flatMap(({ answer }) =>
    isHello(answer) && answer.group !== undefined && isWeak(answer.group) ? [answer.group] : [],
  )[0];

/** TLS 1.3 and nothing else: then there is nothing that an older suite or curve could be agreed to in. */
export const modernOnly = (versions: Readonly<Partial<Record<ProtocolVersion, boolean>>>): boolean =>
  protocolVersions.every((version) => version === "TLSv1.3" || versions[version] === false);

/** The smallest prime of finite-field Diffie-Hellman. Of suites that authenticate: what an anonymous or export one has, says nothing of the others. */
export const dhBitsOf = (asked: readonly Asked[]): number | undefined => {
  const bits = asked.flatMap(({ answer }) =>
    isHello(answer) && isDhe(answer.suite) && kindOf(suiteName(answer.suite)) !== "broken" ? (answer.dhBits ?? []) : [],
  );
  return bits.length === 0 ? undefined : Math.min(...bits);
};
