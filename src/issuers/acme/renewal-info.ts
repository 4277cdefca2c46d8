// Renewal information (RFC 9773): one unauthenticated GET for a leaf. Whatever the CA or the network does is an answer, never a failure.
import { type RenewalInfo, readWindow } from "../../domain/ari.ts";
import { renewalInfoId } from "../../domain/ari-id.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { retryAfterDate } from "../../domain/retry-after.ts";
import { clean } from "../../domain/text.ts";
import type { RenewalInfoRequest } from "../issuer.ts";
import type { Directory } from "./directory.ts";
import type { Line } from "./line.ts";
import { ProblemError, describeProblem, isProblemOfServer } from "./problem.ts";
import { isLater } from "./problem-failure.ts";
import { type Lines, type ReachOptions, lineTo, reachCa } from "./reach-ca.ts";
import type { Transport } from "./transport.ts";

export interface RenewalInfoOptions extends ReachOptions {
  /** Milliseconds for one HTTP request; default 10 s: the CA is asked again anyway. */
  readonly timeoutMs?: number;
}

/** A window with a date or two and a URL. */
const maxReplyBytes = 1 << 18;

/** A CA that was silent that often in this run is not asked again by it. */
const mostSilent = 2;

/** A silent CA is a temporary matter (RFC 9773 §4.3.3); what it says wrongly is not. */
const whyNot = (error: unknown): RenewalInfo => {
  if (error instanceof ProblemError) {
    const { problem } = error;
    const retryAfter = problem.retryAfter === undefined ? {} : { retryAfter: new Date(problem.retryAfter) };
    const kind = isLater(problem) || isProblemOfServer(problem) ? "later" : "none";
    // What a refusal says of Retry-After counts for "later" only: RFC 9773 §4.3.3 has six hours for the rest.
    return { kind, why: clean(describeProblem(problem), 300), ...(kind === "later" ? retryAfter : {}) };
  }
  if (!(error instanceof Failure)) throw error;
  const foreign = error.facts?.["code"] === "NOT_ACME" || error.facts?.["code"] === "REDIRECT";
  return { kind: foreign ? "none" : "later", why: clean(error.message, 300) };
};

const ask = async (transport: Transport, directory: Directory, leaf: string, now: () => Date): Promise<RenewalInfo> => {
  if (directory.renewalInfo === undefined) return { kind: "none", why: "the CA's directory lists no renewalInfo" };
  const id = renewalInfoId(leaf);
  if (id === undefined) return { kind: "none", why: "the certificate has no authority key identifier" };
  const reply = await transport.request(`${directory.renewalInfo.replace(/\/$/, "")}/${id}`, "get");
  const data = typeof reply.data === "object" && reply.data !== null ? new Map(Object.entries(reply.data)) : undefined;
  const window = readWindow(data?.get("suggestedWindow"));
  if ("why" in window) return { kind: "none", why: window.why };
  const page: unknown = data?.get("explanationURL");
  const shown = typeof page === "string" && /^https?:\/\//.test(page) ? { explanationUrl: clean(page, 500) } : {};
  const retryAfter = retryAfterDate(reply.headers, now());
  return { kind: "window", window, ...shown, ...(retryAfter === undefined ? {} : { retryAfter }) };
};

/** All calls share the lines to their CAs. */
export const renewalInfoReader = (
  o: RenewalInfoOptions,
  lines: Lines,
): ((request: RenewalInfoRequest<AcmeSettings>) => Promise<RenewalInfo>) => {
  const silences = new Map<Line, number>();
  const bounds = { timeoutMs: o.timeoutMs ?? 10_000, maxBytes: maxReplyBytes };
  const askBy = async (line: Line, request: RenewalInfoRequest<AcmeSettings>): Promise<RenewalInfo> => {
    const { transport, directory } = await reachCa(o, line, request.settings, request, bounds);
    return ask(transport, directory, request.leaf, o.now);
  };
  return async (request) => {
    let line: Line | undefined;
    try {
      line = await lineTo(lines, request.settings);
      if ((silences.get(line) ?? 0) >= mostSilent)
        return { kind: "later", why: "the CA did not answer before in this run" };
      const info = await askBy(line, request);
      silences.delete(line);
      return info;
    } catch (error) {
      request.signal.throwIfAborted();
      const info = whyNot(error);
      if (line !== undefined && info.kind === "later") silences.set(line, (silences.get(line) ?? 0) + 1);
      return info;
    }
  };
};
