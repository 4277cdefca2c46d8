// Answers to the questions of a profile, put together: what the server takes, what it does not, and what nobody can say.
import { type ProtocolVersion, type Tls12Facts, type TlsProfile, protocolVersions } from "../domain/tls-profile.ts";
import type { HelloAnswer, ServerHello } from "./answer.ts";
import { extensions } from "./client-hello.ts";
import { groupName, isHybridName, isWeak } from "./groups.ts";
import type { KnownTls } from "./profile.ts";
import { isCbc, isDhe, kindOf } from "./suite-kinds.ts";
import { suiteName } from "./suites.ts";

type Answer = HelloAnswer | undefined;

export interface Answers {
  /** The highest version that was offered, each with its answer. */
  readonly old: readonly (readonly [ProtocolVersion, Answer])[];
  readonly broken: Answer;
  readonly weak: Answer;
  readonly phaseOut: Answer;
  readonly dh: Answer;
  readonly hybrid: Answer;
  readonly group: Answer;
  readonly large12: Answer;
  readonly large13?: Answer;
  readonly small12?: Answer;
}

interface Run {
  readonly connections: number;
  readonly stopped: string | undefined;
}

const isHello = (answer: Answer): answer is ServerHello => answer?.kind === "hello";
/** It said something in TLS, be it no. */
const spoke = (answer: Answer): boolean => isHello(answer) || (answer?.kind === "refused" && answer.how === "alert");

export const profileFrom = (answers: Answers, known: KnownTls, { connections, stopped }: Run): TlsProfile => {
  const { large12, large13, small12 } = answers;
  // Closing without a word is a no only from a server that still talks to others (verify.md §5).
  const alive = [large12, large13, small12].some(spoke);
  const refused = (answer: Answer): boolean => answer?.kind === "refused" && (answer.how === "alert" || alive);
  /** What was agreed to, null for a no, nothing where nobody can say. */
  const settled = <Field extends string>(
    field: Field,
    answer: Answer,
    agreed: (hello: ServerHello) => string | null,
  ): Partial<Record<Field, string | null>> => {
    if (isHello(answer)) return { [field]: agreed(answer) } as Record<Field, string | null>;
    return refused(answer) ? ({ [field]: null } as Record<Field, null>) : {};
  };
  const suite = (hello: ServerHello): string => suiteName(hello.suite);
  const ended =
    stopped ??
    (alive || large12 === undefined
      ? undefined
      : "in the end the server closed every connection, also for what it agreed to before");
  const large = largeHello(answers, known);
  return {
    connections,
    versions: versionsOf(answers, known, refused),
    ...settled("brokenSuite", answers.broken, suite),
    ...settled("weakSuite", answers.weak, suite),
    ...settled("phaseOutSuite", answers.phaseOut, (hello) => (isPhaseOut(hello) ? suite(hello) : null)),
    ...(isHello(answers.dh) && answers.dh.dhBits !== undefined ? { dhBits: answers.dh.dhBits } : {}),
    ...settled("weakGroup", answers.group, ({ group }) =>
      group !== undefined && isWeak(group) ? groupName(group) : null,
    ),
    ...(known.group !== undefined && isHybridName(known.group)
      ? { hybridGroup: known.group }
      : settled("hybridGroup", answers.hybrid, ({ group }) => (group === undefined ? null : groupName(group)))),
    ...(large === undefined ? {} : { largeHello: large }),
    ...tls12Of(isHello(large12) ? large12 : isHello(small12) ? small12 : undefined),
    ...(ended === undefined ? {} : { stopped: ended }),
  };
};

/** CBC does no harm where encrypt-then-MAC (RFC 7366) is agreed to. */
const isPhaseOut = ({ suite, extensions: sent }: ServerHello): boolean =>
  kindOf(suiteName(suite)) === "phase-out" &&
  (!isCbc(suite) ||
    isDhe(suite) ||
    /_ARIA_|_CAMELLIA_|_SEED_/.test(suiteName(suite)) ||
    !sent.has(extensions.encryptThenMac));

const versionsOf = (
  answers: Answers,
  known: KnownTls,
  refused: (answer: Answer) => boolean,
): Readonly<Partial<Record<ProtocolVersion, boolean>>> => {
  const versions: Partial<Record<ProtocolVersion, boolean>> = {};
  for (const [offered, answer] of answers.old) {
    const highest = protocolVersions.indexOf(offered);
    const chosen = isHello(answer) ? protocolVersions.indexOf(answer.version) : -1;
    if (chosen < 0 && !refused(answer)) continue;
    for (const version of protocolVersions.slice(chosen + 1, highest + 1)) versions[version] = false;
    if (isHello(answer)) versions[answer.version] = true;
  }
  for (const answer of [answers.small12, answers.large12]) {
    if (isHello(answer)) versions[answer.version] = true;
    else if (refused(answer)) versions["TLSv1.2"] ??= false;
  }
  if (isHello(answers.large13) || isHello(answers.hybrid)) versions["TLSv1.3"] = true;
  // Its own client offers both of these, and servers take the highest.
  if (known.version === "TLSv1.2") versions["TLSv1.3"] ??= false;
  const seen = protocolVersions.find((version) => version === known.version);
  if (seen) versions[seen] = true;
  return versions;
};

const largeHello = ({ large12, large13, small12 }: Answers, { version, group }: KnownTls): boolean | undefined => {
  if (spoke(large12) || spoke(large13)) return true;
  if (isHello(small12)) return false;
  return version === "TLSv1.3" && isHybridName(group ?? "") ? true : undefined;
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

const tls12Of = (hello: ServerHello | undefined): Pick<TlsProfile, "tls12"> => {
  if (hello?.version !== "TLSv1.2") return {};
  const hash = hello.signature === undefined ? undefined : hashOf(hello.signature);
  const tls12: Tls12Facts = {
    extendedMasterSecret: hello.extensions.has(extensions.extendedMasterSecret),
    secureRenegotiation: hello.extensions.has(extensions.renegotiationInfo),
    compression: hello.compression !== 0,
    ...(hash === undefined ? {} : { signatureHash: hash }),
  };
  return { tls12 };
};
