// What runs another client on this host: its systemd timers, and lines of crontabs that call it. Looked at, never changed.
import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { clean } from "../domain/text.ts";
import type { RunProgram } from "../system/run.ts";

export interface ForeignSchedule {
  readonly kind: "timer" | "cron";
  /** The timer's name, or the file that has the line. */
  readonly where: string;
  /** The command that switches it off. */
  readonly command: string;
}

export interface ScheduleSearch {
  readonly run: RunProgram;
  readonly timers: readonly string[];
  readonly cronLine: RegExp;
  /** Default `/`. */
  readonly root?: string;
}

const enabledTimers = async ({ run, timers }: ScheduleSearch): Promise<readonly ForeignSchedule[]> => {
  const found: ForeignSchedule[] = [];
  for (const timer of timers) {
    try {
      const { stdout } = await run("systemctl", ["is-enabled", "--", timer], { timeoutMs: 10_000 });
      if (/^(?:enabled|enabled-runtime|static|linked)/.test(stdout.trim()))
        found.push({ kind: "timer", where: timer, command: `systemctl disable --now ${timer}` });
    } catch (error) {
      // No systemd here, or one that does not answer: then no timer runs either.
      if (!(error instanceof Failure)) throw error;
      return found;
    }
  }
  return found;
};

/** Nobody but root may read a crontab of root's: what cannot be read is not seen. */
const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => !/^\s*(?:#|$)/.test(line));

const jobs = async ({ cronLine, root = "/" }: ScheduleSearch): Promise<readonly ForeignSchedule[]> => {
  const found: ForeignSchedule[] = [];
  const calls = async (path: string): Promise<readonly string[]> =>
    linesOf(await textOf(join(root, path))).filter((line) => cronLine.test(line));
  const takeOut = (path: string): string => `take the line out of ${path}`;
  if ((await calls("/etc/crontab")).length > 0)
    found.push({ kind: "cron", where: "/etc/crontab", command: takeOut("/etc/crontab") });
  for (const name of await namesIn(join(root, "/etc/cron.d"))) {
    const path = `/etc/cron.d/${name}`;
    const mine = (await calls(path)).filter((line) => !/^\s*\w+\s*=/.test(line));
    if (mine.length === 0) continue;
    const others = linesOf(await textOf(join(root, path))).filter(
      (line) => !/^\s*\w+\s*=/.test(line) && !cronLine.test(line),
    );
    const away = `mv ${shellWord(path)} ${shellWord(`/root/${basename(path)}.cron`)}`;
    found.push({ kind: "cron", where: path, command: others.length === 0 ? away : takeOut(path) });
  }
  for (const folder of ["hourly", "daily", "weekly", "monthly"].map((each) => `/etc/cron.${each}`)) {
    for (const name of await namesIn(join(root, folder))) {
      const path = `${folder}/${name}`;
      if ((await calls(path)).length > 0)
        found.push({ kind: "cron", where: path, command: `chmod -x ${shellWord(path)}` });
    }
  }
  for (const path of ["/var/spool/cron/crontabs/root", "/var/spool/cron/root"]) {
    for (const line of await calls(path)) {
      const plain = clean(line, 500);
      const command =
        plain === line.trim()
          ? `crontab -u root -l | grep -vxF -- ${shellWord(line)} | crontab -u root -`
          : "crontab -u root -e";
      found.push({ kind: "cron", where: "root's crontab", command });
    }
  }
  return found;
};

export const findForeignSchedules = async (search: ScheduleSearch): Promise<readonly ForeignSchedule[]> => [
  ...(await enabledTimers(search)),
  ...(await jobs(search)),
];
