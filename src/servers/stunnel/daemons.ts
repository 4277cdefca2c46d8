// The stunnels of this host: one daemon for each configuration file, found in /etc/stunnel and among the processes.
import { access } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { RunProgram } from "../../system/run.ts";
import { offenceOnTheWay } from "../../system/root-only.ts";
import { sendSignal } from "../../system/signal.ts";
import { changedAt } from "../changed-at.ts";
import { expand } from "../glob.ts";
import { commandLine } from "../command-line.ts";
import { daemonsCalled, identityOf, startedAt } from "../daemons.ts";
import { complaint, runIfInstalled } from "../program.ts";
import { startedByHand } from "../restart.ts";
import { runningPid } from "../running.ts";
import { isMainOfUnit, systemdRuns, unitOfProcess } from "../units.ts";
import { type OptionLine, type StunnelConfiguration, readStunnel, valueIn } from "./parse.ts";

export interface Daemon {
  /** `stunnel` for stunnel.conf, else `stunnel-mail` for mail.conf. */
  readonly id: string;
  readonly configuration: StunnelConfiguration;
  readonly pid: number | undefined;
}

const programs = ["stunnel4", "stunnel"] as const;
const script = "/etc/init.d/stunnel4";

/** undefined: not installed. */
export const findProgram = async (
  run: RunProgram,
): Promise<{ readonly program: string; readonly version: string } | undefined> => {
  for (const program of programs) {
    const asked = await runIfInstalled(run, program, ["-version"]);
    const version = /\bstunnel (\d+\.\d+)/.exec(`${asked?.stderr}\n${asked?.stdout}`)?.[1];
    if (version !== undefined) return { program, version };
  }
  return undefined;
};

const nameOf = (file: string): string => basename(file, ".conf");

const isDaemonOf =
  (file: string) =>
  (words: readonly string[]): boolean =>
    words.slice(1).includes(file);

/** What it gives up once it runs, which only root can. */
const givenUp = (global: readonly OptionLine[]): string | undefined =>
  ["setuid", "setgid", "chroot"].find((name) => (valueIn(global, name) ?? "") !== "");

/** Root's, systemd's own, or of the user whom its file gives it to: anybody may start a program, and name any file on its command line. */
const isOfSystem = async (run: RunProgram, pid: number, global: readonly OptionLine[]): Promise<boolean> => {
  const uid = (await identityOf(pid))?.uid;
  if (uid === undefined || uid === 0) return uid === 0;
  if (await isMainOfUnit(run, pid)) return true;
  const user = valueIn(global, "setuid") ?? "";
  return user !== "" && (user === String(uid) || (await run("id", ["-u", "--", user])).stdout.trim() === String(uid));
};

const pidOf = async (run: RunProgram, { file, global }: StunnelConfiguration): Promise<number | undefined> => {
  const pidFile = valueIn(global, "pid") ?? "";
  for (const program of programs) {
    // Only root, or the user that root gave it, writes where its file says.
    const noted =
      pidFile === "" ? undefined : await runningPid(join(valueIn(global, "chroot") ?? "/", pidFile), program);
    if (noted !== undefined) return noted;
    for (const pid of await daemonsCalled(program, isDaemonOf(file)))
      if (await isOfSystem(run, pid, global)) return pid;
  }
  return undefined;
};

/** Files that running daemons were started with, wherever they lie: those that root alone can change, for they are tried as root. */
const filesInUse = async (): Promise<readonly string[]> => {
  const words: string[] = [];
  for (const program of programs)
    for (const pid of await daemonsCalled(program)) words.push(...(await commandLine(pid)).slice(1));
  const files = [...new Set(words.filter((word) => /^\/.*\.conf$/.test(word)))];
  const offences = await Promise.all(files.map((file) => offenceOnTheWay(file).catch(() => true)));
  return files.filter((_, nth) => offences[nth] === undefined);
};

export const findDaemons = async (run: RunProgram): Promise<readonly Daemon[]> => {
  const files = new Set([...(await expand("/etc/stunnel/*.conf")), ...(await filesInUse())]);
  return Promise.all(
    [...files].map(async (file) => {
      const configuration = await readStunnel(file);
      const name = nameOf(file);
      return { id: name === "stunnel" ? name : `stunnel-${name}`, configuration, pid: await pidOf(run, configuration) };
    }),
  );
};

/** Which configuration includes the folder of a file of ours: stunnel does not start where it is gone. */
export const includedBy = async (run: RunProgram, path: string): Promise<string | undefined> => {
  const found = (await findDaemons(run)).find(({ configuration }) => configuration.includes.includes(dirname(path)));
  return found && `an include in ${found.configuration.file}`;
};

/**
 * The option that keeps it from reading its files again on SIGHUP: with other rights it loses its ports below 1024 and stops to listen,
 * in a chroot it does not find its files (tried with 5.74). It is restarted instead.
 */
export const needsRestart = ({ configuration: { global } }: Daemon): string | undefined => givenUp(global);

/** The group that reads its keys, where it was started as somebody else than root: nobody reads them for it. */
export const keyGroupOf = async (run: RunProgram, daemon: Daemon): Promise<string | undefined> => {
  if (daemon.pid === undefined || needsRestart(daemon) !== undefined) return undefined;
  const identity = await identityOf(daemon.pid);
  if (identity === undefined || identity.uid === 0) return undefined;
  const found = await run("getent", ["group", String(identity.gid)]);
  return /^([^:]+):/.exec(found.stdout)?.[1];
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** @throws Failure `unavailable` where nothing here can restart it, or the restart failed. */
const restart = async (
  run: RunProgram,
  { configuration: { file } }: Daemon,
  pid: number,
  why: string,
): Promise<void> => {
  const unit = await unitOfProcess(pid);
  if (unit === undefined && (await systemdRuns())) throw startedByHand(`the stunnel of ${file} (${why})`, pid);
  const debian = file === `/etc/stunnel/${nameOf(file)}.conf` && (await exists(script));
  const command = unit ? ["systemctl", "restart", unit] : debian ? [script, "restart", nameOf(file)] : undefined;
  const [program, ...args] = command ?? [];
  if (program === undefined) {
    throw new Failure("unavailable", `the stunnel of ${file} (${why}) must be restarted, and nothing here can do it`, {
      hints: ["restart it as it was started: it serves the old certificate until then"],
    });
  }
  const result = await run(program, args, { timeoutMs: 60_000 });
  if (result.status === 0) return;
  throw new Failure(
    "unavailable",
    `${[program, ...args].join(" ")} failed: ${complaint(`${result.stdout}\n${result.stderr}`)}`,
    {
      hints: ["look at its log, and start it again"],
    },
  );
};

/** Times of files are those of a clock that is a little behind. */
const marginMs = 100;

/** Whether anything that it reads has changed since it started: a restart ends sessions, and runs are repeated until all is proven. */
const isStale = async ({ configuration }: Daemon, pid: number): Promise<boolean> => {
  const { file, global, services } = configuration;
  const options = [...global, ...services.flatMap((service) => service.options)];
  // Logs and pid files change all the time.
  const named = options
    .filter(({ name }) => /^(cert|key|config|cafile|crlfile|dhparam)$/.test(name))
    .flatMap(({ value }) => /(?:^|:)(\/.*)$/.exec(value)?.[1] ?? []);
  const included = options.flatMap(({ path }) => (path === file ? [] : [path, dirname(path)]));
  const newest = Math.max(...(await Promise.all([...new Set([file, ...included, ...named])].map(changedAt))));
  return newest + marginMs > ((await startedAt(pid)) ?? 0);
};

export const reloadDaemon = async (run: RunProgram, daemon: Daemon): Promise<void> => {
  if (daemon.pid === undefined) return;
  const why = needsRestart(daemon);
  if (why === undefined) sendSignal(daemon.pid, "SIGHUP");
  else if (await isStale(daemon, daemon.pid)) await restart(run, daemon, daemon.pid, why);
};
