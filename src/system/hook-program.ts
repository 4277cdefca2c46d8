// Runs a hook: a program of the admin's own that only root can change, without a shell, with its document on standard input.
import { Failure } from "../domain/failure.ts";
import type { Hook } from "../domain/hook.ts";
import { lastWords } from "../domain/last-words.ts";
import { clean, holdsKey } from "../domain/text.ts";
import type { RunProgram, RunResult } from "./run.ts";
import { refuseUnsafeCommand } from "./safe-program.ts";

/** @throws Failure `config` that names what is wrong and the command that mends it. */
export const checkHook = (hook: Hook): Promise<void> => refuseUnsafeCommand(hook.run);

/** Its words may end up in mails: a few lines of them are enough to keep. */
const mostOutput = 65_536;

export const createHookRunner =
  (run: RunProgram) =>
  async (hook: Hook, input: string, signal: AbortSignal): Promise<void> => {
    if (holdsKey(input)) throw new Error("a hook must never be told a key");
    await checkHook(hook);
    const [program = "", ...args] = hook.run;
    const shown = clean(program, 200);
    let result: RunResult;
    try {
      const timeoutMs = hook.timeout * 1000;
      result = await run(program, args, { input, timeoutMs, signal, ownGroup: true, maxOutput: mostOutput });
    } catch (error) {
      if (signal.aborted) throw new Failure("try-later", `${shown} was stopped along with this run`, { cause: error });
      if (!(error instanceof Failure)) throw error;
      const { code } = error.facts ?? {};
      const hints =
        code === "ENOENT" || code === "EACCES" ? ["look at its first line: #!/bin/sh, or another interpreter"] : [];
      throw new Failure(error.kind, error.message, { cause: error, hints, facts: { ...error.facts, command: shown } });
    }
    const { status, stderr } = result;
    if (status === 0) return;
    throw new Failure("unavailable", `${shown} ended with status ${status}: ${lastWords(stderr)}`, {
      facts: { code: `EXIT_${status}`, command: shown },
    });
  };
