// An ACME problem document (RFC 8555 §6.7, RFC 7807), kept whole and fit to print.
import { clean } from "../../domain/text.ts";

interface Subproblem {
  readonly type: string;
  readonly detail: string;
  /** The name it is about, where the CA says so (RFC 8555 §6.7.1). */
  readonly identifier?: string;
}

export interface Problem {
  /** As sent: `urn:ietf:params:acme:error:rateLimited`; `about:blank` where the reply was no problem document. */
  readonly type: string;
  readonly detail: string;
  /** HTTP status of the reply, or the document's own. */
  readonly status: number;
  readonly subproblems: readonly Subproblem[];
  /** ISO date, where the reply said when to come back. */
  readonly retryAfter?: string;
  /** What was asked for, where the reply was no problem document: something in between may have sent it. */
  readonly from?: string;
  /** A page for people (RFC 8555 §7.3.3, userActionRequired; Boulder also for rate limits). */
  readonly instance?: string;
}

/** A reply that is an error; index.ts turns it into a Failure that says what was being done. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly url: string;

  constructor(problem: Problem, url: string) {
    super(`${problem.type}: ${problem.detail}`);
    this.name = "ProblemError";
    this.problem = problem;
    this.url = url;
  }
}

const prefix = "urn:ietf:params:acme:error:";

/** `rateLimited` for an ACME error, "" for any other. */
export const shortType = (problem: Pick<Problem, "type">): string =>
  problem.type.startsWith(prefix) ? problem.type.slice(prefix.length) : "";

const text = (value: unknown, max: number): string => (typeof value === "string" ? clean(value, max) : "");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readSubproblem = (value: unknown): Subproblem | undefined => {
  if (!isRecord(value)) return undefined;
  const name = isRecord(value["identifier"]) ? text(value["identifier"]["value"], 253) : "";
  const read = { type: text(value["type"], 120) || "about:blank", detail: text(value["detail"], 500) };
  return name === "" ? read : { ...read, identifier: name };
};

/** `value` is the parsed body (anything), `status` the reply's. Nothing in it is trusted to have its right type. */
export const readProblem = (value: unknown, status: number, retryAt?: Date, url?: string): Problem => {
  const body = isRecord(value) ? value : {};
  const listed = Array.isArray(body["subproblems"]) ? body["subproblems"].slice(0, 100) : [];
  const instance = text(body["instance"], 500);
  const own = typeof body["status"] === "number" ? body["status"] : 0;
  const type = text(body["type"], 120) || "about:blank";
  return {
    type,
    detail: text(body["detail"], 1000) || text(body["title"], 200),
    status: status || own,
    subproblems: listed.map(readSubproblem).filter((sub) => sub !== undefined),
    ...(retryAt === undefined ? {} : { retryAfter: retryAt.toISOString() }),
    ...(url === undefined || type !== "about:blank" ? {} : { from: url }),
    ...(instance.startsWith("https://") ? { instance } : {}),
  };
};

/** One line: type, detail, and each subproblem with its name. */
export const describeProblem = (problem: Problem): string => {
  const subs = problem.subproblems.map(
    (sub) => `${sub.identifier === undefined ? "" : `${sub.identifier}: `}${sub.type}: ${sub.detail}`,
  );
  const shown = subs.length > 10 ? [...subs.slice(0, 10), `and ${subs.length - 10} more`] : subs;
  const bare = `HTTP ${problem.status}${problem.from === undefined ? "" : ` from ${problem.from}`}`;
  const head = problem.type === "about:blank" ? bare : problem.type;
  return [`${head}${problem.detail === "" ? "" : `: ${problem.detail}`}`, ...shown].join("; ");
};

/** A fault of the server that may pass while we wait; a 503 is a "later" and does not count. */
export const isProblemOfServer = (problem: Problem): boolean => problem.status >= 500 && problem.status !== 503;
