// Schedule: the hourly `renew` as a systemd timer or a cron line: installed, shown, removed.
import { dirname } from "node:path";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import { otherScheduleHints, otherScheduleRefusal } from "../domain/other-schedule.ts";
import type {
  ScheduleFile,
  ScheduleJob,
  ScheduleKind,
  ScheduleRun,
  ScheduleState,
  Scheduler,
} from "../system/scheduler.ts";
import type { ScheduleDeps } from "./schedule-tools.ts";
import { isFor } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface InstallSchedule {
  readonly job: ScheduleJob;
  /** `auto`: systemd where it runs, else cron where it is installed, else none. */
  readonly schedule: ScheduleKind | "auto" | "none";
  readonly dryRun: boolean;
}

export interface ScheduleResult {
  readonly kind: ScheduleKind | "none";
  readonly change: "installed" | "updated" | "unchanged" | "none";
  readonly dryRun: boolean;
  readonly files: readonly ScheduleFile[];
  /** What the run that was started at once came to; absent where nothing changed. */
  readonly firstRun?: ScheduleRun;
  readonly next?: string;
  /** Files of the other kind that were taken away. */
  readonly removed: readonly string[];
  /** What a person should know, e.g. why there is none. */
  readonly note?: string;
}

/** How the program is started. */
export const programOf = ({
  nodePath,
  programPath,
  startsItself,
}: ScheduleDeps): Pick<ScheduleJob, "nodePath" | "programPath"> =>
  startsItself === true ? { programPath } : { nodePath, programPath };

/** The hourly job of this host: `renew` with this configuration and state, allowed to write where the run has to. */
export const scheduleJob = async (
  world: World,
  deps: ScheduleDeps,
  certificates: readonly CertificateConfig[],
): Promise<ScheduleJob> => {
  const servers = Object.entries(await world.servers());
  // One that cannot be looked at now must not keep the others from being renewed.
  const found = await Promise.all(servers.map(([, server]) => unlessFailure(() => server.detect())));
  const installations = found.flatMap((one) => (one instanceof Failure ? [] : one));
  const watched = servers.flatMap(([name, { upgrade }], index) => {
    const here = found[index];
    const installed = here instanceof Failure || (here?.length ?? 0) > 0;
    return upgrade && installed && certificates.some((one) => isFor(one, name)) ? upgrade.programs : [];
  });
  // A configuration that cannot be read must not keep a schedule from being taken away.
  const config = await unlessFailure(() => world.config.read());
  const writable = [
    world.store.dir,
    dirname(world.config.path),
    ...installations.flatMap(({ configDir, writes }) => [configDir, ...(writes ?? [])]),
    ...certificates.flatMap(({ bundle }) => bundle ?? []),
    ...certificates.flatMap(({ files = [] }) => files.flatMap(({ paths }) => Object.values(paths).map(dirname))),
    ...certificates.flatMap(({ issuer }) => (issuer.kind === "acme" ? (issuer.webroot ?? []) : [])),
    ...(await foldersOfLists(world)),
    ...writtenToTell(config instanceof Failure ? {} : config?.notify),
  ];
  return {
    ...programOf(deps),
    args: renewArguments(world),
    writable: [...new Set(writable)],
    notified: `${world.store.dir}/notified.json`,
    ...(watched.length > 0 ? { watched, repairArgs: [...repairWords, ...places(world)] } : {}),
    hostName: deps.hostName,
  };
};

/** Where copies of the lists of revoked certificates are kept (`ca crl --out`). A CA that cannot be read now keeps no other from it. */
const foldersOfLists = async (world: World): Promise<readonly string[]> => {
  const folders = await unlessFailure(async () => {
    const cas = await world.privateCas();
    const shown = [];
    for (const name of await cas.list()) shown.push(await unlessFailure(() => cas.show(name, world.now())));
    return shown.flatMap((ca) => (ca === undefined || ca instanceof Failure ? [] : ca.published.map(dirname)));
  });
  return folders instanceof Failure ? [] : folders;
};

/** The textfile's folder, and where the sendmail of Postfix, Exim and others puts what it is given. */
const writtenToTell = ({ prometheus, mail }: NotifySettings = {}): readonly string[] => [
  ...(prometheus === undefined ? [] : [dirname(prometheus)]),
  ...(mail === undefined ? [] : ["/var/spool/postfix", "/var/spool/exim4", "/var/log/exim4", "/var/spool/smtpd"]),
];

const choose = async (
  { schedulers }: ScheduleDeps,
  schedule: Exclude<InstallSchedule["schedule"], "none">,
): Promise<Scheduler | undefined> => {
  if (schedule === "auto") {
    for (const scheduler of [schedulers.systemd, schedulers.cron]) if (await scheduler.available()) return scheduler;
    return undefined;
  }
  if (await schedulers[schedule].available()) return schedulers[schedule];
  const why = schedule === "systemd" ? "systemd does not run this host" : "cron is not installed";
  const other = schedule === "systemd" ? "cron" : "systemd";
  throw new Failure("unavailable", `${why}: no schedule can be installed with it`, {
    hints: [(await schedulers[other].available()) ? `use --schedule ${other}` : withoutSchedule],
  });
};

/** What a person does where nothing on this host starts programs by the hour. */
const withoutSchedule =
  "install cron, or start `mailcert renew --quiet` every hour by other means; in a container: mailcert renew --every 1h";

/** Something could run it, or does. */
export const canRunHourly = async ({ schedulers, ownLoop }: ScheduleDeps): Promise<boolean> =>
  (await schedulers.systemd.available()) || (await schedulers.cron.available()) || ((await ownLoop?.()) ?? false);

/** @throws Failure `unavailable` where a person asked for a schedule and this host has nothing for it. */
export const refuseWithout = async (deps: ScheduleDeps): Promise<void> => {
  if (await canRunHourly(deps)) return;
  throw new Failure("unavailable", "no schedule can be installed: neither systemd nor cron is here", {
    hints: [withoutSchedule],
  });
};

const elsewhere = "have the program, and Node, where only root can write: the program in /usr/local/lib/mailcert, say";

const refuseUnsafe = async ({ findOffence, uid, nodePath, programPath }: ScheduleDeps): Promise<void> => {
  if (uid !== 0) {
    throw new Failure("no-permission", "a schedule that runs as root can only be changed by root", {
      hints: ["run the command as root"],
    });
  }
  const offence = await findOffence(nodePath, programPath);
  if (offence === undefined) return;
  throw new Failure(
    "config",
    `root must not run ${programPath} unattended: ${offence.path} can be written by ${offence.who}`,
    { hints: [...(offence.mend === undefined ? [] : [offence.mend]), elsewhere] },
  );
};

export const noneNote = `neither systemd nor cron is here: ${withoutSchedule}`;

/**
 * Installs what is missing, starts it once and waits for the result; where all is as it should be, nothing is changed or run.
 * The caller MUST NOT hold the state folder's lock: the first run takes it.
 * @throws Failure `no-permission`, `config` for a program that non-root can write or where another configuration's stands, `unavailable`, `cannot-create`.
 */
export const installSchedule = async (deps: ScheduleDeps, options: InstallSchedule): Promise<ScheduleResult> => {
  const { job, schedule, dryRun } = options;
  const nothing = { kind: "none", change: "none", dryRun, files: [], removed: [] } as const;
  if (schedule === "none") return nothing;
  const scheduler = await choose(deps, schedule);
  if (scheduler === undefined) return { ...nothing, note: noneNote };
  await refuseUnsafe(deps);
  const { kind } = scheduler;
  const states = await showSchedule(deps, job);
  const before = states.find((state) => state.kind === kind) ?? (await scheduler.state(job));
  refuseForeign(before);
  // The other kind would be taken away.
  refuseInstead(states);
  // A timer can be started; a cron daemon that does not run is nothing that writing its line again would mend.
  const stopped = kind === "systemd" && !before.active;
  const stale = before.files.some(({ state }) => state !== "current") || stopped;
  const change = !stale
    ? "unchanged"
    : before.files.every(({ state }) => state === "missing")
      ? "installed"
      : "updated";
  if (dryRun) return { kind, change, dryRun, files: before.files, removed: [] };
  const other = deps.schedulers[kind === "systemd" ? "cron" : "systemd"];
  if (stale) await scheduler.install(job);
  // After the new one stands: in between there are two, never none; the lock keeps them apart.
  const removed = await other.remove();
  const firstRun = stale ? await scheduler.runOnce(job) : undefined;
  const after = stale ? await scheduler.state(job) : before;
  return {
    kind,
    change,
    dryRun,
    files: after.files,
    removed,
    ...(firstRun === undefined ? {} : { firstRun }),
    ...(after.next === undefined ? {} : { next: after.next }),
    ...(after.problem === undefined ? {} : { note: withCommand(after) ?? after.problem }),
  };
};

export const withCommand = ({ problem, command }: ScheduleState): string | undefined =>
  command === undefined ? problem : `${problem ?? ""}; start it: ${command}`;

/** @throws Failure `config` where one of them renews what another configuration, or state folder, has. */
export const refuseInstead = (states: readonly ScheduleState[]): void => {
  const [instead] = states.flatMap((state) => state.instead ?? []);
  if (instead === undefined) return;
  throw new Failure("config", otherScheduleRefusal(instead), { hints: otherScheduleHints(instead) });
};

const refuseForeign = ({ files }: ScheduleState): void => {
  const foreign = files.find(({ state }) => state === "foreign");
  if (foreign === undefined) return;
  throw new Failure("cannot-create", `${foreign.path} exists and mailcert did not write it`, {
    hints: ["move it away, then run the command again"],
  });
};

/** Every kind as it stands on this host. */
export const showSchedule = async (deps: ScheduleDeps, job: ScheduleJob): Promise<readonly ScheduleState[]> =>
  Promise.all([deps.schedulers.systemd, deps.schedulers.cron].map((scheduler) => scheduler.state(job)));

const [, ...repairWords] = "mailcert deploy --repair".split(" ");

export const renewArguments = (world: World): readonly string[] => ["renew", ...places(world)];

const places = ({ config, store }: World): readonly string[] => ["--config", config.path, "--state", store.dir];

export interface RemovedSchedule {
  readonly dryRun: boolean;
  readonly removed: readonly string[];
}

/** Takes away whatever of ours there is, of both kinds. */
export const removeSchedule = async (
  deps: ScheduleDeps,
  job: ScheduleJob,
  dryRun: boolean,
): Promise<RemovedSchedule> => {
  if (dryRun) {
    const files = (await showSchedule(deps, job)).flatMap((state) => state.files);
    const ours = files.filter(({ state }) => state === "current" || state === "different");
    return { dryRun, removed: ours.map(({ path }) => path) };
  }
  if (deps.uid !== 0) {
    throw new Failure("no-permission", "a schedule that runs as root can only be removed by root", {
      hints: ["run the command as root"],
    });
  }
  return { dryRun, removed: [...(await deps.schedulers.systemd.remove()), ...(await deps.schedulers.cron.remove())] };
};
