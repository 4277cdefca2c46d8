// Ctrl-C in a command that only looks: it ends as the others do, without the promise that something was kept.
import { Failure } from "../domain/failure.ts";
import type { Host } from "./host.ts";

/** @throws Failure `try-later` when it was stopped from outside; what `run` throws otherwise. */
export const keepingNothing = async <Result>(
  { signal }: Pick<Host, "signal">,
  run: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await run();
  } catch (error) {
    if (!signal.aborted || error instanceof Failure) throw error;
    throw new Failure("try-later", "stopped before the end; there is no report", { cause: error });
  }
};
