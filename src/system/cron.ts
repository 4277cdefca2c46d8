// The hourly run as a line for cron, where systemd is not PID 1.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { ownFileState, refuseOddPaths, removeOwnFiles, writeOwnFiles } from "./own-files.ts";
import type { RunProgram } from "./run.ts";
import { type ScheduleJob, type Scheduler, isGoodStatus } from "./scheduler.ts";
import type { RenderTemplate } from "./templates.ts";

export interface CronOptions {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  /** Default /etc/cron.d. */
  readonly folder?: string;
  /** Where cron's daemon may be; default: the usual places of cron, crond and busybox's crond. */
  readonly daemons?: readonly string[];
}

const usualDaemons = ["/usr/sbin/cron", "/usr/sbin/crond", "/usr/bin/crond", "/sbin/crond", "/usr/sbin/fcron"];

/** Always the same minute for a host, spread over the hour for many. */
export const minuteOf = (hostName: string): number =>
  createHash("sha256").update(hostName).digest().readUInt32BE(0) % 60;

const firstRunTimeoutMs = 3600_000;

export const createCron = ({ run, render, folder = "/etc/cron.d", daemons = usualDaemons }: CronOptions): Scheduler => {
  // cron reads only names of letters, digits, hyphens and underscores.
  const path = join(folder, "mailcert");

  const contentOf = ({ nodePath, programPath, args, hostName }: ScheduleJob): string => {
    refuseOddPaths([nodePath, programPath, ...args]);
    return render(
      "cron",
      { minute: minuteOf(hostName), node: nodePath, program: programPath, args: args.map((value) => ({ value })) },
      "shell",
    );
  };

  const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;
  const available = async (): Promise<boolean> => {
    for (const daemon of daemons) if (await exists(daemon)) return exists(folder);
    return false;
  };

  return {
    kind: "cron",
    available,
    state: async (job) => {
      const file = await ownFileState(path, contentOf(job));
      const there = file.state === "current" || file.state === "different";
      const runs = await available();
      return {
        kind: "cron",
        files: [file],
        active: there && runs,
        ...(there && !runs ? { problem: "cron is not installed" } : {}),
      };
    },
    install: async (job) => {
      const content = contentOf(job);
      if (!(await exists(folder))) {
        throw new Failure("cannot-create", `there is no ${folder}: cron is not installed`, {
          hints: [`install cron (${dirname(folder)} must have cron.d), or use --schedule none`],
        });
      }
      await writeOwnFiles(new Map([[path, content]]));
    },
    runOnce: async ({ nodePath, programPath, args }) => {
      const { status, stdout, stderr } = await run(nodePath, [programPath, ...args, "--quiet"], {
        timeoutMs: firstRunTimeoutMs,
      });
      if (isGoodStatus(status)) return { status, ok: true };
      const lines = `${stderr}\n${stdout}`.split("\n").slice(0, 40);
      const output = lines.map((line) => clean(line, 300)).filter((line) => line !== "");
      return { status, ok: false, output: output.join("\n") };
    },
    remove: () => removeOwnFiles([path]),
  };
};
