// Finds the Exim that listens: by its pid file, else among the processes (with -oX and without -oP it writes none).
import { daemonsCalled } from "../daemons.ts";
import { runningPid } from "../running.ts";

export const isDaemon = (words: readonly string[]): boolean => words.includes("-bd") || words.includes("-bdf");

/** `name`: `exim4`, as the kernel knows it. */
export const daemonPid = async (pidFile: string, name: string): Promise<number | undefined> =>
  (await runningPid(pidFile, name)) ?? (await daemonsCalled(name, isDaemon))[0];
