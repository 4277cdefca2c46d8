// Sends a signal to a daemon whose process id was just looked up.
import { Failure } from "../domain/failure.ts";

/** A process that has ended meanwhile is no trouble. @throws Failure `no-permission` where this user may not. */
export const sendSignal = (pid: number, signal: "SIGHUP" | "SIGUSR2"): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return;
    throw new Failure("no-permission", `cannot send ${signal} to process ${pid}`, {
      cause: error,
      hints: ["run mailcert as root"],
    });
  }
};
