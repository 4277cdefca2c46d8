// Which questions are asked, in what order and how many; the answers as facts. Asks through a function: no I/O here.
import { type ProtocolVersion, type TlsProfile, protocolVersions } from "../domain/tls-profile.ts";
import type { HelloAnswer } from "./answer.ts";
import type { Offer } from "./client-hello.ts";
import { isHybridName } from "./groups.ts";
import { type Answers, profileFrom } from "./profile-facts.ts";
import { broken, diffieHellman, hybridGroup, oldVersions, phaseOut, today, weak, weakGroup } from "./questions.ts";
import { isDhe } from "./suite-kinds.ts";

export type AskHello = (offer: Offer) => Promise<HelloAnswer>;

/** What the ordinary handshake showed. */
export interface KnownTls {
  readonly version: string;
  readonly group?: string;
  /** The leaf's key is on an elliptic curve. */
  readonly onCurve: boolean;
  /** Whether suites without authentication are a matter here; on port 25 they are by design (RFC 7672 §8.2). */
  readonly anonymousMatters: boolean;
  /** Ordinary handshakes that were made: one, or one for each kind of key. */
  readonly handshakes: number;
}

/** For everything that is looked at at one entry point, ordinary handshakes included. */
export const mostConnections = 10;

/** Kept for the last question, without which no refusal counts. */
const reserve = 1;

/**
 * Asks one after the other and stops at the first silence. Never more than `mostConnections`; where the server agrees to much, the last
 * questions of least weight are not asked.
 */
export const tlsProfile = async (ask: AskHello, known: KnownTls): Promise<TlsProfile> => {
  let connections = 0;
  let stopped: string | undefined;
  const most = mostConnections - known.handshakes;
  const question = async (offer: Offer, kept = reserve): Promise<HelloAnswer | undefined> => {
    if (stopped !== undefined || connections >= most - kept) return undefined;
    connections += 1;
    const answer = await ask(offer);
    if (answer.kind === "none") stopped = answer.why;
    return answer;
  };

  const old: (readonly [ProtocolVersion, HelloAnswer | undefined])[] = [];
  for (let version: ProtocolVersion | undefined = "TLSv1.1"; version !== undefined;) {
    const answer = await question(oldVersions(version));
    old.push([version, answer]);
    version = answer?.kind === "hello" ? before(answer.version) : undefined;
  }
  const brokenAnswer = await question(broken(known.anonymousMatters));
  const weakAnswer = await question(weak);
  const phaseOutAnswer = await question(phaseOut);
  const hybridAnswer =
    known.version === "TLSv1.3" && !isHybridName(known.group ?? "") ? await question(hybridGroup) : undefined;
  const groupAnswer = await question(weakGroup(known.onCurve));
  // Where the server's own order counts, it chose another one although it may know this too.
  const dhAnswer =
    phaseOutAnswer?.kind === "hello" && !isDhe(phaseOutAnswer.suite) ? await question(diffieHellman) : phaseOutAnswer;

  const answers: Answers = {
    old,
    broken: brokenAnswer,
    weak: weakAnswer,
    phaseOut: phaseOutAnswer,
    dh: dhAnswer,
    hybrid: hybridAnswer,
    group: groupAnswer,
    ...(await lastQuestions((offer) => question(offer, 0))),
  };
  return profileFrom(answers, known, { connections, stopped });
};

const before = (version: ProtocolVersion): ProtocolVersion | undefined =>
  protocolVersions[protocolVersions.indexOf(version) - 1];

/** Two packets first. A server of TLS 1.3 alone refuses TLS 1.2 in whatever size, which is seen by asking for TLS 1.3. */
const lastQuestions = async (
  question: (offer: Offer) => Promise<HelloAnswer | undefined>,
): Promise<Pick<Answers, "large12" | "large13" | "small12">> => {
  const large12 = await question(today("TLSv1.2", true));
  if (large12?.kind !== "refused") return { large12 };
  const large13 = await question(today("TLSv1.3", true));
  if (large12.how === "alert" || large13?.kind !== "refused" || large13.how === "alert") return { large12, large13 };
  return { large12, large13, small12: await question(today("TLSv1.2", false)) };
};
