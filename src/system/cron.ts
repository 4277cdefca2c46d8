// The hourly run as a line for cron, where systemd is not PID 1.
import { createHash } from "node:crypto";
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { otherSchedule } from "./other-schedule.ts";
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
  /** Where the kernel lists processes; default /proc. */
  readonly proc?: string;
  /** Default /etc/init.d. */
  readonly scripts?: string;
  /** A folder that is there where systemd is PID 1; default /run/systemd/system. */
  readonly booted?: string;
}

const usualDaemons = ["/usr/sbin/cron", "/usr/sbin/crond", "/usr/bin/crond", "/sbin/crond", "/usr/sbin/fcron"];

/** What its process is called, by program: Debian's cron, cronie's and busybox's crond, fcron, bcron. */
const processes: ReadonlySet<string> = new Set(["cron", "crond", "fcron", "bcron-sched"]);

const notRunning = "cron is not running";

/**
 * Whether some process has a cron daemon's name (/proc/PID/comm). Where the kernel hides others' processes (hidepid) nobody can tell:
 * then it is taken to run.
 */
const isDaemonRunning = async (proc: string): Promise<boolean> => {
  const nameOf = (pid: string): Promise<string | undefined> =>
    readFile(join(proc, pid, "comm"), "utf8").then(
      (text) => text.trim(),
      () => undefined,
    );
  if ((await nameOf("1")) === undefined) return true;
  for (const pid of (await readdir(proc)).filter((name) => /^\d+$/.test(name))) {
    if (processes.has((await nameOf(pid)) ?? "")) return true;
  }
  return false;
};

/** Always the same minute for a host, spread over the hour for many. */
export const minuteOf = (hostName: string): number =>
  createHash("sha256").update(hostName).digest().readUInt32BE(0) % 60;

const firstRunTimeoutMs = 3600_000;

export const createCron = (options: CronOptions): Scheduler => {
  const { run, render, folder = "/etc/cron.d", daemons = usualDaemons, proc = "/proc" } = options;
  const { scripts = "/etc/init.d", booted = "/run/systemd/system" } = options;
  // cron reads only names of letters, digits, hyphens and underscores.
  const path = join(folder, "mailcert");

  const contentOf = ({ nodePath, programPath, args, hostName }: ScheduleJob): string => {
    const node = nodePath === undefined ? [] : [nodePath];
    refuseOddPaths([...node, programPath, ...args]);
    return render(
      "cron",
      {
        minute: minuteOf(hostName),
        node: node.map((value) => ({ value })),
        program: programPath,
        args: args.map((value) => ({ value })),
      },
      "shell",
    );
  };

  const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;
  const installedDaemon = async (): Promise<string | undefined> => {
    for (const daemon of daemons) if (await exists(daemon)) return daemon;
    return undefined;
  };
  const available = async (): Promise<boolean> => (await installedDaemon()) !== undefined && exists(folder);
  /** As this host starts services: a service is called what its program is. */
  const starting = async (daemon: string): Promise<string> => {
    const name = basename(daemon);
    if (await exists(booted)) return `systemctl start ${name}`;
    return (await exists(join(scripts, name))) ? `service ${name} start` : daemon;
  };

  return {
    kind: "cron",
    available,
    state: async (job) => {
      const other = await otherSchedule("cron", path, job);
      if (other) return other;
      const file = await ownFileState(path, contentOf(job));
      const there = file.state === "current" || file.state === "different";
      if (!there) return { kind: "cron", files: [file], active: false };
      const idle = { kind: "cron", files: [file], active: false } as const;
      const daemon = await installedDaemon();
      if (daemon === undefined) return { ...idle, problem: "cron is not installed" };
      if (await isDaemonRunning(proc)) return { ...idle, active: true };
      return { ...idle, problem: notRunning, command: await starting(daemon) };
    },
    install: async (job) => {
      const content = contentOf(job);
      if (!(await exists(folder))) {
        throw new Failure("cannot-create", `there is no ${folder}: cron is not installed`, {
          hints: [
            `install cron (${dirname(folder)} must have cron.d), or start \`mailcert renew --quiet\` every hour by other means`,
          ],
        });
      }
      await writeOwnFiles(new Map([[path, content]]));
    },
    runOnce: async ({ nodePath, programPath, args }) => {
      const [program, ...before] = nodePath === undefined ? [programPath] : [nodePath, programPath];
      const { status, stdout, stderr } = await run(program ?? programPath, [...before, ...args, "--quiet"], {
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
