// The hourly run as a systemd service and timer, with a unit that tells root when it fails.
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { otherSchedule } from "./other-schedule.ts";
import { ownFileState, refuseOddPaths, removeOwnFiles, writeOwnFiles } from "./own-files.ts";
import type { RunProgram, RunResult } from "./run.ts";
import { type ScheduleJob, type ScheduleRun, type Scheduler, isGoodStatus } from "./scheduler.ts";
import type { RenderTemplate } from "./templates.ts";

export interface SystemdOptions {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  /** Where an administrator's units live; default /etc/systemd/system. */
  readonly units?: string;
  /** Exists where systemd is PID 1 (sd_booted(3)); default /run/systemd/system. */
  readonly booted?: string;
  /** Where Persistent= keeps its stamp; default /var/lib/systemd/timers. */
  readonly stamps?: string;
}

const service = "mailcert.service";
const timer = "mailcert.timer";
const failure = "mailcert-failure@.service";
const repair = "mailcert-dovecot.service";
const repairPath = "mailcert-dovecot.path";

/** What is enabled, and by which target's link: the repair also runs once when the host starts, which may have been upgraded while it was off. */
const wantedBy: Readonly<Record<string, string>> = {
  [timer]: "timers.target",
  [repairPath]: "paths.target",
  [repair]: "multi-user.target",
};

/** A run over many certificates takes its time; systemd's own limit is in the unit. */
const startTimeoutMs = 4 * 3600_000;

/** `Fri 2026-11-20 12:17:00 UTC` -> ISO; undefined for "n/a", "" and 0. */
export const systemdDate = (text: string | undefined): string | undefined => {
  const parts = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? UTC$/.exec(text ?? "");
  return parts ? `${parts[1]}T${parts[2]}.000Z` : undefined;
};

const properties = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );

export const createSystemd = (options: SystemdOptions): Scheduler => {
  const { run, render } = options;
  const { units = "/etc/systemd/system", booted = "/run/systemd/system", stamps = "/var/lib/systemd/timers" } = options;

  const filesOf = (job: ScheduleJob): ReadonlyMap<string, string> => {
    const { nodePath, programPath, args, writable, watched = [], repairArgs = [], notified } = job;
    const told = notified === undefined ? [] : [notified];
    const node = nodePath === undefined ? [] : [nodePath];
    refuseOddPaths([...node, programPath, ...args, ...writable, ...watched, ...repairArgs, ...told]);
    const view = {
      node: node.map((value) => ({ value })),
      program: programPath,
      args: args.map((value) => ({ value })),
      // "-": a folder that is not there (any more) must not keep the run from starting.
      writable: writable.map((path) => ({ value: `-${path}` })),
      watched: watched.map((value) => ({ value })),
      repairArgs: repairArgs.map((value) => ({ value })),
      notified: told.map((value) => ({ value })),
    };
    const wanted = [service, timer, failure, ...(watched.length > 0 ? [repairPath, repair] : [])];
    return new Map(wanted.map((unit) => [join(units, unit), render(unit, view, "systemd")]));
  };

  /** In UTC, so that its dates can be read. */
  const ask = async (unit: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const args = ["TZ=UTC", "systemctl", "show", "--no-pager", `--property=${names.join(",")}`, "--", unit];
    const { status, stdout } = await run("env", args);
    return status === 0 ? properties(stdout) : new Map();
  };

  const systemctl = async (...args: readonly string[]): Promise<RunResult> => {
    const result = await run("systemctl", args);
    if (result.status === 0) return result;
    throw new Failure(
      "unavailable",
      `systemctl ${args.join(" ")}: ${clean(result.stderr, 300) || `exit ${result.status}`}`,
    );
  };

  /** What this one run said; where it did not get so far, what systemd says of the unit. */
  const saidBy = async (invocation: string): Promise<string> => {
    // What was written a moment ago may still be on its way.
    await run("journalctl", ["--sync"]);
    const programs = [`_SYSTEMD_INVOCATION_ID=${invocation}`, "SYSLOG_IDENTIFIER=mailcert"];
    for (const which of [...(invocation === "" ? [] : [programs]), [`--unit=${service}`]]) {
      const { stdout } = await run("journalctl", ["--no-pager", "--quiet", "--output=cat", "--lines=40", ...which]);
      // Their indentation makes the lines a block.
      const lines = stdout.split("\n").map((line) => `${/^ {0,8}/.exec(line)?.[0] ?? ""}${clean(line, 300)}`);
      const text = lines.filter((line) => line.trim() !== "").join("\n");
      if (text !== "") return text;
    }
    return "";
  };

  const lastRun = async (): Promise<ScheduleRun | undefined> => {
    const facts = await ask(service, ["Result", "ExecMainStatus", "ExecMainExitTimestamp", "InvocationID"]);
    const at = systemdDate(facts.get("ExecMainExitTimestamp"));
    const result = facts.get("Result") ?? "";
    // Result speaks of runs that never got as far as an exit status, too: timeout, resources, a folder that cannot be mounted.
    if (at === undefined && (result === "success" || result === "")) return undefined;
    const status = Number(facts.get("ExecMainStatus") ?? "0");
    const ok = result === "success" && isGoodStatus(status);
    const base = { ...(at === undefined ? {} : { at }), status, ok };
    if (ok) return base;
    const words = await saidBy(facts.get("InvocationID") ?? "");
    return { ...base, output: words || `the unit ended with "${clean(result, 40)}"` };
  };

  const isActive = async (): Promise<ReadonlyMap<string, string>> =>
    ask(timer, ["ActiveState", "UnitFileState", "NextElapseUSecRealtime"]);

  /** Ours only: a unit of that name that somebody else wrote keeps its links and goes on. A run under way is left to its end: it may be between two steps. */
  const retire = async (names: readonly string[], live: boolean): Promise<readonly string[]> => {
    const removed: string[] = [];
    for (const unit of names) {
      const path = join(units, unit);
      if ((await ownFileState(path, "")).state === "foreign") continue;
      const target = wantedBy[unit];
      if (live && target !== undefined) {
        await run("systemctl", ["disable", ...(unit.endsWith(".service") ? [] : ["--now"]), "--", unit]);
      }
      removed.push(...(await removeOwnFiles([path])));
      if (target === undefined) continue;
      await rm(join(units, `${target}.wants`, unit), { force: true });
      if (unit === timer) await rm(join(stamps, `stamp-${timer}`), { force: true });
    }
    return removed;
  };

  return {
    kind: "systemd",
    available: async () => (await stat(booted).catch(() => undefined))?.isDirectory() ?? false,
    state: async (job) => {
      const other = await otherSchedule("systemd", join(units, service), job);
      if (other) return other;
      const files = await Promise.all([...filesOf(job)].map(([path, content]) => ownFileState(path, content)));
      if (files.every(({ state }) => state === "missing" || state === "foreign")) {
        return { kind: "systemd", files, active: false };
      }
      const facts = await isActive();
      const running = facts.get("ActiveState") === "active" && facts.get("UnitFileState") === "enabled";
      // Renewal does not need the watch for upgrades.
      const needed = files.filter(({ path }) => !path.includes("/mailcert-dovecot."));
      const whole = needed.every(({ state }) => state === "current" || state === "different");
      const [next, last] = [systemdDate(facts.get("NextElapseUSecRealtime")), await lastRun()];
      const problem = whole ? `${timer} is not enabled and started` : "not all of its files are there";
      return {
        kind: "systemd",
        files,
        active: running && whole,
        ...(running && whole ? {} : { problem }),
        ...(next === undefined ? {} : { next }),
        ...(last === undefined ? {} : { last }),
      };
    },
    install: async (job) => {
      const files = filesOf(job);
      const written = await writeOwnFiles(files);
      const retired = files.has(join(units, repairPath)) ? [] : await retire([repairPath, repair], true);
      if (written.length > 0 || retired.length > 0) await systemctl("daemon-reload");
      for (const unit of [timer, repairPath, repair]) {
        if (!files.has(join(units, unit))) continue;
        await systemctl("enable", ...(unit === repair ? [] : ["--now"]), "--", unit);
        // One that was changed goes on with its old plan until it is started anew.
        if (unit !== repair && written.includes(join(units, unit))) await systemctl("restart", "--", unit);
      }
    },
    runOnce: async () => {
      const { status, stderr } = await run("systemctl", ["start", "--", service], { timeoutMs: startTimeoutMs });
      const last = await lastRun();
      if (last !== undefined) return last;
      return { status, ok: status === 0, ...(status === 0 ? {} : { output: clean(stderr, 300) }) };
    },
    remove: async () => {
      const all = [timer, repairPath, repair, service, failure];
      const found = await Promise.all(all.map((unit) => ownFileState(join(units, unit), "")));
      if (!found.some(({ state }) => state === "different")) return [];
      const live = (await stat(booted).catch(() => undefined)) !== undefined;
      const removed = await retire(all, live);
      if (live) {
        await systemctl("daemon-reload");
        await run("systemctl", ["reset-failed", "--", service, repair, "mailcert-failure@*.service"]);
      }
      return removed;
    },
  };
};
