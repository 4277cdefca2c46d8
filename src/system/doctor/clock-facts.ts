// Whether something keeps this host's clock right: what systemd (timedatectl) or chrony says, where there is one.
import { Failure } from "../../domain/failure.ts";
import type { RunProgram } from "../run.ts";

export interface ClockFacts {
  readonly synchronised: boolean;
  /** Something is installed and switched on that sets it. */
  readonly kept: boolean;
  /** `timedatectl set-ntp true` can switch something on. */
  readonly canKeep: boolean;
  readonly program: "timedatectl" | "chronyc";
}

const ask = async (run: RunProgram, program: string, args: readonly string[]): Promise<string | undefined> => {
  try {
    const { status, stdout } = await run(program, args, { timeoutMs: 5_000 });
    return status === 0 ? stdout : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};

/** undefined: neither of them is here, or neither answers. */
export const clockFacts = async (run: RunProgram): Promise<ClockFacts | undefined> => {
  const shown = await ask(run, "timedatectl", ["show", "--property=NTP,NTPSynchronized,CanNTP"]);
  const synchronised = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? "")?.[1];
  if (shown !== undefined && synchronised !== undefined) {
    const is = (name: string): boolean => new RegExp(`^${name}=yes$`, "m").test(shown);
    return { synchronised: synchronised === "yes", kept: is("NTP"), canKeep: is("CanNTP"), program: "timedatectl" };
  }
  const tracking = await ask(run, "chronyc", ["-n", "tracking"]);
  const leap = /^Leap status\s*:\s*(.+)$/m.exec(tracking ?? "")?.[1];
  if (leap === undefined) return undefined;
  return { synchronised: leap.trim() !== "Not synchronised", kept: true, canKeep: true, program: "chronyc" };
};
