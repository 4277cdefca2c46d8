// Troubles that may be over a moment later: a server error, a connection that broke, a page that is not the CA's. To look again costs and changes nothing there.
import { Failure } from "../../domain/failure.ts";
import type { Patience } from "./poll.ts";
import { ProblemError, isProblemOfServer } from "./problem.ts";
import type { Reply } from "./transport.ts";

const broken = new Set<unknown>(["ECONNRESET", "EPIPE", "ECONNABORTED", "ECONNREFUSED", "NOT_ACME"]);

const codeOf = (error: unknown): unknown => (error instanceof Failure ? error.facts?.["code"] : undefined);

/** A wait outlives these, and a time-out. */
export const mayPass = (error: unknown): boolean =>
  error instanceof ProblemError
    ? isProblemOfServer(error.problem)
    : broken.has(codeOf(error)) || codeOf(error) === "ETIMEDOUT";

/** Not where the CA said when to come back, and not where a whole deadline has passed already. */
const worthAnother = (error: unknown): boolean =>
  error instanceof ProblemError
    ? isProblemOfServer(error.problem) && error.problem.retryAfter === undefined
    : broken.has(codeOf(error)) || codeOf(error) === "BAD_CHAIN";

const waitsMs: readonly number[] = [500, 2_000];

/** `look`: a POST-as-GET (RFC 8555 §6.3), signed anew each time. */
export const lookAgain = async <T>(
  look: () => Promise<Reply>,
  read: (reply: Reply) => T,
  { sleep, signal }: Pick<Patience, "sleep" | "signal">,
): Promise<T> => {
  for (const wait of waitsMs) {
    try {
      return read(await look());
    } catch (error) {
      if (!worthAnother(error)) throw error;
      await sleep(wait, signal);
      signal.throwIfAborted();
    }
  }
  return read(await look());
};
