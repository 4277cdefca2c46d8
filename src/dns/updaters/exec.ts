// The updater for everything else: a program of the admin's own is started for each change, and reads on standard input what to do.
import { Failure } from "../../domain/failure.ts";
import { lastWords } from "../../domain/last-words.ts";
import { clean } from "../../domain/text.ts";
import type { RunResult } from "../../system/run.ts";
import { refuseUnsafeProgram } from "../../system/safe-program.ts";
import { settingFailure } from "./api-settings.ts";
import type { TxtRecord, UpdaterFactory } from "./updater.ts";

const provider = "exec";
const usualSeconds = 60;
const mostSeconds = 600;
/** sysexits.h EX_TEMPFAIL: not now, but later. */
const tryLater = 75;
const laterMs = 600_000;

export const createExec: UpdaterFactory = (settings, { run, now }) => {
  const command = settings["command"] ?? "";
  if (!command.startsWith("/")) throw settingFailure(provider, "command must be the absolute path of a program");
  const seconds = Number(settings["timeout"] ?? usualSeconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > mostSeconds)
    throw settingFailure(provider, `timeout must be seconds, from 1 to ${mostSeconds}`);
  const shown = clean(command, 200);

  const change = async (action: "add" | "remove", record: TxtRecord, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await refuseUnsafeProgram(command);
    const { name, value, zone } = record;
    const input = `${JSON.stringify({ schema: "mailcert.dns-hook/1", action, name, value, zone })}\n`;
    let result: RunResult;
    try {
      result = await run(command, [], { input, timeoutMs: seconds * 1000, signal, ownGroup: true });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const { code } = error.facts ?? {};
      const hints =
        code === "ENOENT" || code === "EACCES" ? ["look at its first line: #!/bin/sh, or another interpreter"] : [];
      throw new Failure(error.kind, `${provider}: ${error.message} (${action} ${name})`, {
        cause: error,
        hints,
        facts: { ...error.facts, command: shown, action, name },
      });
    }
    signal.throwIfAborted();
    const { status, stderr } = result;
    if (status === 0) return;
    const facts = { code: `EXIT_${status}`, command: shown, action, name };
    const message = `${provider}: ${shown} ended with status ${status} (${action} ${name}): ${lastWords(stderr)}`;
    if (status !== tryLater) throw new Failure("unavailable", message, { facts });
    const retryAt = new Date(now().getTime() + laterMs).toISOString();
    throw new Failure("try-later", message, { facts: { ...facts, retryAt } });
  };

  return {
    add: (record, signal) => change("add", record, signal),
    remove: (record, signal) => change("remove", record, signal),
    // It is not run: what it would do is the admin's.
    check: () => refuseUnsafeProgram(command),
  };
};
