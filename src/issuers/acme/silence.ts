// A CA that does not answer, or says that it is overloaded, is left alone for a while: not every certificate of a run has to find that out by itself.
import { Failure } from "../../domain/failure.ts";
import type { Line } from "./line.ts";

/** After a deadline that passed in silence. */
const silentMs = 60_000;
/** However long the CA asks for: a loop (`--every`) goes on for months, and states have their own next attempts. */
const longestMs = 3_600_000;

/** Milliseconds for which there is no use in asking; 0: others may fare better. */
const quietFor = ({ facts }: Failure, now: Date): number => {
  if (facts?.["code"] === "ETIMEDOUT") return silentMs;
  const { status } = (facts?.["problem"] ?? {}) as { readonly status?: unknown };
  // 429 may be about these names or this kind of request alone.
  if (status !== 503) return 0;
  return Math.min(Math.max(Date.parse(String(facts?.["retryAt"])) - now.getTime(), 0), longestMs);
};

const told = ({ kind, message, hints, facts }: Failure): Failure =>
  new Failure(kind, `${message} (so it was a moment ago; it was not asked again)`, {
    hints,
    ...(facts === undefined ? {} : { facts }),
  });

/** `elapsed`: milliseconds of a clock that never goes back. @throws what `job` throws, or threw a moment ago on this line. */
export const unlessSilent = async <T>(
  line: Line,
  { elapsed, now }: { readonly elapsed: () => number; readonly now: () => Date },
  job: () => Promise<T>,
): Promise<T> => {
  if (line.silence !== undefined && elapsed() < line.silence.until) throw told(line.silence.failure);
  try {
    return await job();
  } catch (error) {
    const quiet = error instanceof Failure ? quietFor(error, now()) : 0;
    if (quiet > 0) line.silence = { failure: error as Failure, until: elapsed() + quiet };
    throw error;
  }
};
