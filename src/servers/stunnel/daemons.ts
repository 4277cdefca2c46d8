// The stunnels of this host: one daemon for each configuration file, found in /etc/stunnel and among the processes.
import { basename, dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { exists } from "../../system/exists.ts";
import type { RunProgram } from "../../system/run.ts";
import { sendSignal } from "../../system/signal.ts";
import { hasChangedSinceStart } from "../changed-at.ts";
import { expand } from "../glob.ts";
import { commandLine } from "../command-line.ts";
import { daemonsCalled } from "../daemons.ts";
import { groupOf } from "../key-group.ts";
import { listens } from "../listening.ts";
import { complaint, runIfInstalled } from "../program.ts";
import { startedByHand } from "../restart.ts";
import { runningPid } from "../running.ts";
import { mainUnitOf, systemdRuns, unitOfProcess } from "../units.ts";
import {
  type Doubt,
  isConfiguration,
  isOfAccount,
  isRoots,
  isRootsFile,
  refuseDoubted,
  userOf,
} from "../whose-words.ts";
import { wellKnown } from "../addresses.ts";
import { type OptionLine, type StunnelConfiguration, readStunnel, valueIn } from "./parse.ts";
import { acceptOf } from "./services.ts";

export interface Daemon {
  /** `stunnel` for stunnel.conf of /etc/stunnel, `stunnel-mail` for mail.conf there, `stunnel/opt/x/mail` for /opt/x/mail.conf. */
  readonly id: string;
  readonly configuration: StunnelConfiguration;
  readonly pid: number | undefined;
  /** It serves, and its word is not taken. */
  readonly doubt?: Doubt;
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

const folder = "/etc/stunnel";

/** Two files may have one name: what is remembered of one is not the other's. */
const idOf = (file: string): string => {
  const name = nameOf(file);
  if (dirname(file) !== folder) return `stunnel${join(dirname(file), name)}`;
  return name === "stunnel" ? name : `stunnel-${name}`;
};

const isDaemonOf =
  (file: string) =>
  (words: readonly string[]): boolean =>
    words.slice(1).includes(file);

/** What it gives up once it runs, which only root can. */
const givenUp = (global: readonly OptionLine[]): string | undefined =>
  ["setuid", "setgid", "chroot"].find((name) => (valueIn(global, name) ?? "") !== "");

/** Root's, of a unit that starts stunnels, or of the user whom its file gives it to, else of the account that is called so: anybody may start a program by any name, and name any file on its command line. */
const isOfSystem = async (
  run: RunProgram,
  program: string,
  pid: number,
  global: readonly OptionLine[],
): Promise<boolean> => {
  if (await isRoots(program, pid)) return true;
  if (/\bstunnel/.test((await mainUnitOf(run, pid))?.start ?? "")) return true;
  const [uid, user] = [await userOf(pid), valueIn(global, "setuid") ?? ""];
  if (uid === undefined) return false;
  if (user === "") return isOfAccount(run, pid, programs);
  return user === String(uid) || (await run("id", ["-u", "--", user])).stdout.trim() === String(uid);
};

/** The ports of its services. */
const portsOf = ({ services }: StunnelConfiguration): readonly number[] =>
  services.flatMap(({ options }) => {
    const accept = valueIn(options, "accept");
    const port = accept === undefined ? undefined : acceptOf(accept)?.port;
    return port === undefined ? [] : [wellKnown[port] ?? Number(port)].filter((one) => one > 0);
  });

const doubtOf = async (pid: number, file: string): Promise<Doubt> => ({
  pid,
  why: `nothing of root's says that it works as uid ${(await userOf(pid)) ?? "of several"}`,
  mend: `start it by a unit (stunnel@${nameOf(file)}), or name its user (setuid) and its pid file (pid) in ${file}`,
});

const pidOf = async (run: RunProgram, configuration: StunnelConfiguration): Promise<Pick<Daemon, "pid" | "doubt">> => {
  const { file, global } = configuration;
  const doubted: number[] = [];
  const pidFile = valueIn(global, "pid") ?? "";
  for (const program of programs) {
    // Only root, or the user that root gave it, writes where its file says.
    const noted =
      pidFile === "" ? undefined : await runningPid(join(valueIn(global, "chroot") ?? "/", pidFile), program);
    if (noted !== undefined) return { pid: noted };
    const daemons = await daemonsCalled(program, isDaemonOf(file));
    for (const pid of daemons) if (await isOfSystem(run, program, pid, global)) return { pid };
    doubted.push(...daemons);
  }
  // Anybody may start one by that name: one that serves listens at the ports that the file names.
  if (dirname(file) === folder)
    for (const pid of doubted)
      if (await listens(pid, portsOf(configuration))) return { pid, doubt: await doubtOf(pid, file) };
  return { pid: undefined };
};

const begins = /^\s*(?:\[[^\]]+\]|[A-Za-z][\w.]*\s*=)/;

/** Files that running daemons were started with, wherever they lie: root's words, and what root alone can change and they could have read themselves, for it is tried as root. */
const filesInUse = async (run: RunProgram): Promise<readonly string[]> => {
  const found = new Set<string>();
  for (const program of programs)
    for (const pid of await daemonsCalled(program)) {
      const roots = await isRoots(program, pid);
      for (const path of (await commandLine(pid)).slice(1).filter((word) => /^\/.*\.conf$/.test(word)))
        if (roots || ((await isRootsFile(path)) && (await isConfiguration(run, { path, pid, begins, home: folder }))))
          found.add(path);
    }
  return [...found];
};

export const findDaemons = async (run: RunProgram): Promise<readonly Daemon[]> => {
  const standing = await expand(`${folder}/*.conf`);
  const found = await Promise.all(
    [...new Set([...standing, ...(await filesInUse(run))])].map(async (file) => {
      const configuration = await readStunnel(file);
      return { id: idOf(file), configuration, ...(await pidOf(run, configuration)) };
    }),
  );
  // What only somebody's own process names is none of this host's.
  return found.filter(({ pid, configuration: { file } }) => pid !== undefined || standing.includes(file));
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
  if (daemon.pid === undefined || daemon.doubt || needsRestart(daemon) !== undefined) return undefined;
  return groupOf(run, daemon.pid);
};

/** @throws Failure `unavailable` where nothing here can restart it, or the restart failed. */
const restart = async (
  run: RunProgram,
  { configuration: { file } }: Daemon,
  pid: number,
  why: string,
): Promise<void> => {
  const unit = await unitOfProcess(pid);
  if (unit === undefined && (await systemdRuns())) throw startedByHand(`the stunnel of ${file} (${why})`, pid);
  const debian = file === `${folder}/${nameOf(file)}.conf` && (await exists(script));
  const command = unit ? ["systemctl", "restart", "--", unit] : debian ? [script, "restart", nameOf(file)] : undefined;
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

/** Whether anything that it reads has changed since it started. */
const isStale = async ({ configuration }: Daemon, pid: number): Promise<boolean> => {
  const { file, global, services } = configuration;
  const options = [...global, ...services.flatMap((service) => service.options)];
  // Logs and pid files change all the time.
  const named = options
    .filter(({ name }) => /^(cert|key|config|cafile|crlfile|dhparam)$/.test(name))
    .flatMap(({ value }) => /(?:^|:)(\/.*)$/.exec(value)?.[1] ?? []);
  const included = options.flatMap(({ path }) => (path === file ? [] : [path, dirname(path)]));
  return hasChangedSinceStart(pid, [...new Set([file, ...included, ...named])]);
};

export const reloadDaemon = async (run: RunProgram, daemon: Daemon): Promise<void> => {
  if (daemon.pid === undefined) return;
  if (daemon.doubt) {
    if (await isStale(daemon, daemon.pid)) refuseDoubted(daemon.id, daemon.doubt);
    return;
  }
  const why = needsRestart(daemon);
  if (why === undefined) sendSignal(daemon.pid, "SIGHUP");
  else if (await isStale(daemon, daemon.pid)) await restart(run, daemon, daemon.pid, why);
};
