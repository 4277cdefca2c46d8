// A CA's error, said as a Failure: what was being done, what the CA said, what to do next. The problem document goes along whole.
import { comeBackHint } from "../../domain/come-back.ts";
import { Failure, type FailureKind } from "../../domain/failure.ts";
import { own } from "../../domain/own.ts";
import { type Problem, describeProblem, shortType } from "./problem.ts";

export interface ProblemContext {
  /** "the CA would not take the order" */
  readonly doing: string;
  readonly now: Date;
  readonly hints?: readonly string[];
}

/** Minutes until the next attempt where a "later" carries no Retry-After. */
const defaultWait: Readonly<Record<number, number>> = { 429: 60, 503: 10 };

const kinds: Readonly<Record<string, FailureKind>> = {
  rejectedIdentifier: "data",
  unsupportedIdentifier: "data",
  badCSR: "data",
  badPublicKey: "data",
  invalidContact: "config",
  unsupportedContact: "config",
  externalAccountRequired: "config",
  userActionRequired: "config",
  invalidProfile: "config",
  rateLimited: "try-later",
};

const hintsFor: Readonly<Record<string, readonly string[]>> = {
  rejectedIdentifier: ["leave the refused names out, or use another CA: issuer: CA (--issuer CA)"],
  unsupportedIdentifier: ["leave the refused names out, or use another CA: issuer: CA (--issuer CA)"],
  badCSR: ["the CA does not take this request; another kind of key may help: key: KIND (--key KIND)"],
  badPublicKey: [
    "the CA does not take this key: make another one: mailcert setup NAME --new-key, or another kind: key: KIND (--key KIND)",
  ],
  invalidContact: ["give an e-mail address that can receive mail: email: ADDRESS (--email ADDRESS)"],
  unsupportedContact: ["give an e-mail address that can receive mail: email: ADDRESS (--email ADDRESS)"],
  badNonce: ["look for a proxy or several CA servers that do not share their nonces; run the command again later"],
  serverInternal: ["the fault is the CA's: run the command again later"],
};

/** Is this a "come back later" rather than a "no"? RFC 8555 §6.6; 503 is how CAs shed load. */
export const isLater = (problem: Problem): boolean =>
  problem.status === 429 || problem.status === 503 || shortType(problem) === "rateLimited";

export const problemFailure = (problem: Problem, { doing, now, hints = [] }: ProblemContext): Failure => {
  const short = shortType(problem);
  const message = `${doing}: ${describeProblem(problem)}`;
  if (isLater(problem)) {
    const minutes = defaultWait[problem.status] ?? 60;
    const retryAt = problem.retryAfter ?? new Date(now.getTime() + minutes * 60_000).toISOString();
    return new Failure("try-later", message, {
      hints: [comeBackHint(retryAt)],
      facts: { problem, retryAt },
    });
  }
  const page = problem.instance === undefined ? [] : [`the CA explains: ${problem.instance}`];
  const server = problem.status >= 500 && short === "" ? (hintsFor["serverInternal"] ?? []) : [];
  // RFC 8555 §6.7: an ACME server says what is wrong.
  const between =
    problem.from !== undefined && problem.status < 500
      ? ["this came without a problem document: look for a proxy in between, or run the command again later"]
      : [];
  const kind = (short === "" ? undefined : own(kinds, short)) ?? "unavailable";
  return new Failure(kind, message, {
    hints: [...hints, ...(own(hintsFor, short) ?? []), ...server, ...between, ...page],
    // A server in trouble may say how long it lasts.
    facts:
      problem.status >= 500 && problem.retryAfter !== undefined
        ? { problem, retryAt: problem.retryAfter }
        : { problem },
  });
};
