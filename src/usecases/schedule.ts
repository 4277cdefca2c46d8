// Schedule: the hourly `renew` as a systemd timer or a cron line: what it is to do on this host, and how it stands.
import { dirname } from "node:path";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import type { SchedulePlaces } from "../domain/other-schedule.ts";
import type { ScheduleJob, ScheduleKind, ScheduleState } from "../system/scheduler.ts";
import type { ScheduleDeps } from "./schedule-tools.ts";
import { isFor } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** How the program is started. */
const programOf = ({
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

/** Every kind as it stands on this host. */
export const showSchedule = async (deps: ScheduleDeps, job: ScheduleJob): Promise<readonly ScheduleState[]> =>
  Promise.all([deps.schedulers.systemd, deps.schedulers.cron].map((scheduler) => scheduler.state(job)));

const [, ...repairWords] = "mailcert deploy --repair".split(" ");

const renewArguments = (world: World): readonly string[] => ["renew", ...places(world)];

const places = ({ config, store }: World): readonly string[] => ["--config", config.path, "--state", store.dir];

/** Something here could start it. */
export const canSchedule = async ({ schedulers: { systemd, cron } }: ScheduleDeps): Promise<boolean> =>
  (await systemd.available()) || (await cron.available());

/** The same, or it runs by itself. */
export const canRunHourly = async (deps: ScheduleDeps): Promise<boolean> =>
  (await canSchedule(deps)) || ((await deps.ownLoop?.()) ?? false);

export const withCommand = ({ problem, command }: ScheduleState): string | undefined =>
  command === undefined ? problem : `${problem ?? ""}; start it: ${command}`;

/** What renews on this host without anybody doing anything. */
export interface HourlyRun {
  readonly renews: boolean;
  /** `loop`: `renew --every`, in a container. */
  readonly kind?: ScheduleKind | "loop";
  /** ISO date of the next run, where it is known. */
  readonly next?: string;
  /** The last run failed, with this status. */
  readonly failed?: number;
  /** Why nothing renews although something is installed. */
  readonly problem?: string;
  /** It renews another configuration, or with another state folder. */
  readonly instead?: SchedulePlaces;
  /** Files of it that are not what `schedule install` would write now; absent: none, or nobody looked. */
  readonly behind?: readonly string[];
  /** ISO date of the last `renew`, where notifications are configured and this user may know it. */
  readonly lastRun?: string;
}

/** A quick look, without asking the servers what a timer run may write to. `whole`: what is installed is compared with it. */
export const hourlyRun = async (world: World, whole?: ScheduleJob): Promise<HourlyRun> => {
  const [hourly, lastRun] = [await installedRun(world, whole), await lastRunOf(world)];
  return { ...hourly, ...(lastRun === undefined ? {} : { lastRun }) };
};

const lastRunOf = async (world: World): Promise<string | undefined> => {
  if (!(await world.config.read())?.notify) return undefined;
  const memory = await unlessFailure(async () => (await world.notifying()).memory.read());
  return memory instanceof Failure ? undefined : memory.lastRun;
};

/** For a look that asks no server: what it may write to is not compared. */
export const quickJob = (world: World, deps: ScheduleDeps): ScheduleJob => ({
  ...programOf(deps),
  args: renewArguments(world),
  writable: [],
  hostName: deps.hostName,
});

const installedRun = async (world: World, whole?: ScheduleJob): Promise<HourlyRun> => {
  const deps = await world.scheduling();
  const job = whole ?? quickJob(world, deps);
  try {
    const states = await showSchedule(deps, job);
    const active = states.find((state) => state.active);
    const idle = states.find(({ problem }) => problem !== undefined);
    if (active === undefined) {
      if (await deps.ownLoop?.()) return { renews: true, kind: "loop" };
      if (idle === undefined) return { renews: false };
      const { kind, instead } = idle;
      return { renews: false, kind, problem: withCommand(idle) ?? "", ...(instead ? { instead } : {}) };
    }
    const { kind, next, last } = active;
    const behind = whole ? active.files.filter(({ state }) => state === "different").map(({ path }) => path) : [];
    return {
      renews: true,
      kind,
      ...(next === undefined ? {} : { next }),
      ...(last === undefined || last.ok ? {} : { failed: last.status }),
      ...(behind.length > 0 ? { behind } : {}),
    };
  } catch (failure) {
    if (failure instanceof Failure) return { renews: false, problem: failure.message };
    throw failure;
  }
};
