// Whether somebody has taken a service out of what this host starts by itself: systemctl disable or mask, update-rc.d disable.
import { readdir, stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import type { RunProgram } from "./run.ts";

export interface HostOfServices {
  /** Exists where systemd is PID 1; default /run/systemd/system. */
  readonly booted?: string;
  /** Folder of the runlevels' folders; default /etc. */
  readonly runlevels?: string;
}

const levels = ["rc2.d", "rc3.d", "rc4.d", "rc5.d"];

const unitFileState = async (run: RunProgram, service: string): Promise<string> => {
  try {
    const { stdout } = await run("systemctl", [
      "show",
      "--property=UnitFileState",
      "--value",
      "--",
      `${service}.service`,
    ]);
    return stdout.trim();
  } catch (error) {
    if (error instanceof Failure) return "";
    throw error;
  }
};

/** In words, as the rest of a sentence about the server; undefined: nobody has, or nobody can tell. */
export const switchedOff = async (
  run: RunProgram,
  service: string,
  { booted = "/run/systemd/system", runlevels = "/etc" }: HostOfServices = {},
): Promise<string | undefined> => {
  if (await stat(booted).catch(() => undefined)) {
    const state = await unitFileState(run, service);
    return state === "disabled" || state.startsWith("masked") ? `${service}.service is ${state}` : undefined;
  }
  const links = (await Promise.all(levels.map((level) => readdir(`${runlevels}/${level}`).catch(() => [])))).flat();
  const mine = links.filter((link) => link.slice(3) === service);
  const isStarted = mine.some((link) => link.startsWith("S"));
  return mine.length > 0 && !isStarted ? `${service} is disabled in every runlevel (update-rc.d)` : undefined;
};
