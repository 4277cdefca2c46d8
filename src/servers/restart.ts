// Restarts a daemon that reads its certificates only when it starts: through systemd where that runs it, else by its init script.
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../domain/failure.ts";
import { exists } from "../system/exists.ts";
import type { RunProgram } from "../system/run.ts";
import { output } from "./program.ts";
import { systemdRuns, unitOfProcess } from "./units.ts";

export interface Restartable {
  /** As people call it: `OpenSMTPD`. */
  readonly name: string;
  /** Names of its init script, the usual one first. */
  readonly scripts: readonly string[];
  /** Process id of the daemon now; undefined: it does not run. */
  readonly pid: () => Promise<number | undefined>;
  /** The first lines of its log. */
  readonly log: string;
}

/** Its init script stops within seconds, and a start lasts as long. */
const patienceMs = 20_000;
const stepMs = 50;

const until = async (holds: () => Promise<boolean>): Promise<boolean> => {
  for (let waited = 0; waited < patienceMs; waited += stepMs) {
    if (await holds()) return true;
    await wait(stepMs);
  }
  return holds();
};

/**
 * An init script would start it inside of the unit that we run in, confined as we are, and ended with us; systemd's own unit would start a second one
 * beside it.
 */
export const startedByHand = (name: string, pid: number): Failure =>
  new Failure("unavailable", `${name} must be restarted, and its process ${pid} belongs to no unit of systemd`, {
    hints: [
      "restart it as it was started (or end it and start its unit), then run: mailcert renew; it serves the old certificate until then",
    ],
  });

/** @throws Failure `unavailable` where nothing is known that starts it (it is left running), or where it does not come back. */
export const restart = async (run: RunProgram, { name, scripts, pid: find, log }: Restartable): Promise<void> => {
  const pid = await find();
  if (pid === undefined) return;
  const unit = await unitOfProcess(pid);
  if (unit === undefined && (await systemdRuns())) throw startedByHand(name, pid);
  const script = (
    await Promise.all(scripts.map(async (one) => ((await exists(`/etc/init.d/${one}`)) ? [`/etc/init.d/${one}`] : [])))
  ).flat()[0];
  if (unit !== undefined) await output(run, "systemctl", ["restart", "--", unit], "unavailable");
  else if (script !== undefined) {
    // Not the script's own `restart`: Debian's for OpenSMTPD starts while the old process still ends, and leaves none.
    await run(script, ["stop"]);
    await until(async () => (await find()) === undefined && !(await exists(`/proc/${pid}`)));
    await output(run, script, ["start"], "unavailable");
  } else {
    throw new Failure(
      "unavailable",
      `${name} reads certificates only when it starts, and nothing is known to restart it`,
      {
        hints: ["restart it, then run: mailcert renew"],
      },
    );
  }
  if (await until(async () => (await find()) !== undefined)) return;
  throw new Failure("unavailable", `${name} was stopped to be restarted, and does not run now`, {
    hints: [`start it (${unit ? `systemctl start ${unit}` : `${script} start`}); its log says why it did not: ${log}`],
  });
};
