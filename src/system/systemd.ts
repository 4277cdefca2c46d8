// The hourly run as a systemd service and timer, with a unit that tells root when it fails.
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
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
    const { nodePath, programPath, args, writable } = job;
    refuseOddPaths([nodePath, programPath, ...args, ...writable]);
    const view = {
      node: nodePath,
      program: programPath,
      args: args.map((value) => ({ value })),
      // "-": a folder that is not there (any more) must not keep the run from starting.
      writable: writable.map((path) => ({ value: `-${path}` })),
    };
    return new Map([service, timer, failure].map((unit) => [join(units, unit), render(unit, view, "systemd")]));
  };

  /** In UTC, so that its dates can be read. */
  const ask = async (unit: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const args = ["TZ=UTC", "systemctl", "show", "--no-pager", `--property=${names.join(",")}`, unit];
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

  return {
    kind: "systemd",
    available: async () => (await stat(booted).catch(() => undefined))?.isDirectory() ?? false,
    state: async (job) => {
      const files = await Promise.all([...filesOf(job)].map(([path, content]) => ownFileState(path, content)));
      if (files.every(({ state }) => state === "missing" || state === "foreign")) {
        return { kind: "systemd", files, active: false };
      }
      const facts = await isActive();
      const running = facts.get("ActiveState") === "active" && facts.get("UnitFileState") === "enabled";
      const whole = files.every(({ state }) => state === "current" || state === "different");
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
      const written = await writeOwnFiles(filesOf(job));
      if (written.length > 0) await systemctl("daemon-reload");
      await systemctl("enable", "--now", timer);
      // A timer that was changed goes on with its old plan until it is started anew.
      if (written.some((path) => path.endsWith(timer))) await systemctl("restart", timer);
    },
    runOnce: async () => {
      const { status, stderr } = await run("systemctl", ["start", service], { timeoutMs: startTimeoutMs });
      const last = await lastRun();
      if (last !== undefined) return last;
      return { status, ok: status === 0, ...(status === 0 ? {} : { output: clean(stderr, 300) }) };
    },
    remove: async () => {
      const paths = [timer, service, failure].map((unit) => join(units, unit));
      const found = await Promise.all(paths.map((path) => ownFileState(path, "")));
      if (!found.some(({ state }) => state === "different")) return [];
      // A timer of that name that somebody else wrote keeps its links and goes on.
      const ourTimer = found[0]?.state !== "foreign";
      const live = (await stat(booted).catch(() => undefined)) !== undefined;
      // A run that is under way is left to its end: it may be between two steps.
      if (live && ourTimer) await run("systemctl", ["disable", "--now", timer]);
      const removed = await removeOwnFiles(paths);
      if (ourTimer) {
        await rm(join(units, "timers.target.wants", timer), { force: true });
        await rm(join(stamps, `stamp-${timer}`), { force: true });
      }
      if (live) {
        await systemctl("daemon-reload");
        await run("systemctl", ["reset-failed", service, "mailcert-failure@*.service"]);
      }
      return removed;
    },
  };
};
