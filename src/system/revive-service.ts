// Starts a server that failed to come up; one that somebody stopped, masked or disabled stays as it is.
import { stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import type { RunProgram, RunResult } from "./run.ts";

export interface ServiceToRevive {
  /** Of systemd's unit and of the init script: `dovecot`. */
  readonly service: string;
  /** It ran when it was last looked at; asked only where no init system remembers how it ended. */
  readonly ranBefore: boolean;
  readonly runs: () => Promise<boolean>;
  /** Exists where systemd is PID 1; default /run/systemd/system. */
  readonly booted?: string;
}

const startTimeoutMs = 120_000;

const refuse = (service: string, words: string, command: string): never => {
  throw new Failure("unavailable", `${service} does not start: ${words}`, {
    hints: [`see why and mend it, then: ${command}`],
  });
};

const throughSystemd = async (run: RunProgram, service: string): Promise<"running" | "started" | "stopped"> => {
  const unit = `${service}.service`;
  const state = async (): Promise<string> =>
    (await run("systemctl", ["show", "--property=ActiveState", "--value", "--", unit])).stdout.trim();
  const now = await state();
  if (now !== "failed") return now === "inactive" || now === "deactivating" ? "stopped" : "running";
  const file = (await run("systemctl", ["show", "--property=UnitFileState", "--value", "--", unit])).stdout.trim();
  if (file === "disabled" || file.startsWith("masked")) return "stopped";
  // Else systemd may refuse: it was started too often just now.
  await run("systemctl", ["reset-failed", "--", unit]);
  const { status, stderr } = await run("systemctl", ["start", "--", unit], { timeoutMs: startTimeoutMs });
  if (status !== 0)
    refuse(service, clean(stderr, 300) || `systemctl start ended with ${status}`, `systemctl start ${service}`);
  return "started";
};

/** Debian's way to an init script: it keeps to the runlevel's links and to policy-rc.d. undefined: there is none. */
const startScript = async (run: RunProgram, service: string): Promise<RunResult | undefined> => {
  try {
    return await run("invoke-rc.d", ["--disclose-deny", service, "start"], { timeoutMs: startTimeoutMs });
  } catch (error) {
    if (error instanceof Failure && error.facts?.["code"] === "ENOENT") return undefined;
    throw error;
  }
};

/** @throws Failure `unavailable` with its words where it does not start. */
export const reviveService = async (
  run: RunProgram,
  { service, ranBefore, runs, booted = "/run/systemd/system" }: ServiceToRevive,
): Promise<"running" | "started" | "stopped"> => {
  if (await stat(booted).catch(() => undefined)) return throughSystemd(run, service);
  if (await runs()) return "running";
  if (!ranBefore) return "stopped";
  const result = await startScript(run, service);
  if (await runs()) return "started";
  const command = `service ${service} start`;
  if (result === undefined) return refuse(service, "nothing here knows how to start it", command);
  // 101: policy-rc.d, or the runlevel, is against it.
  if (result.status === 101) return "stopped";
  return refuse(service, clean(result.stderr, 300) || `invoke-rc.d ended with ${result.status}`, command);
};
