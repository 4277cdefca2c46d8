// What setup does once the certificate is served: the schedule, and the files for clients. Runs without the lock: the schedule's first run takes it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { type BundleResult, bundle, isBundleBehind } from "./bundle.ts";
import { type OtherClient, otherClients } from "./other-client.ts";
import { type InstallSchedule, type ScheduleResult, installSchedule } from "./install-schedule.ts";
import { scheduleJob } from "./schedule.ts";
import { recordInstalled } from "./schedule-events.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface AfterSetup {
  readonly schedule: ScheduleResult;
  readonly bundle?: BundleResult;
  /** They renew it, too. */
  readonly otherClients?: readonly OtherClient[];
  /** Why there is no schedule or bundle although one was wanted: the certificate is served all the same. */
  readonly failures: readonly Failure[];
}

export interface AfterSetupOptions {
  readonly schedule: InstallSchedule["schedule"];
  readonly dryRun: boolean;
}

/** The files for clients are made where the configuration or --bundle names a folder. */
export const refreshBundle = async (
  world: World,
  certificate: CertificateConfig,
  dryRun: boolean,
): Promise<BundleResult | undefined> =>
  certificate.bundle === undefined
    ? undefined
    : bundle(world, await world.bundles(), certificate, { dir: certificate.bundle, dryRun });

/** The same after an earlier run that could not: only where the folder's list does not name what is live. Costs nothing where no folder is named. */
export const refreshLateBundle = async (
  world: World,
  certificate: CertificateConfig,
): Promise<BundleResult | undefined> =>
  certificate.bundle !== undefined &&
  (await isBundleBehind(world, await world.bundles(), certificate, certificate.bundle))
    ? refreshBundle(world, certificate, false)
    : undefined;

export const afterSetup = async (
  world: World,
  certificate: CertificateConfig,
  { schedule, dryRun }: AfterSetupOptions,
): Promise<AfterSetup> => {
  const failures: Failure[] = [];
  const attempt = async <Result>(job: () => Promise<Result>): Promise<Result | undefined> => {
    const result = await unlessFailure(job);
    if (!(result instanceof Failure)) return result;
    failures.push(result);
    return undefined;
  };
  if (!dryRun && schedule !== "none") world.progress?.("the schedule, with its first run");
  const made = dryRun ? undefined : await attempt(() => refreshBundle(world, certificate, false));
  const installed = await attempt(async () => {
    const deps = await world.scheduling();
    const all = (await world.config.read())?.certificates ?? [certificate];
    const result = await installSchedule(deps, { job: await scheduleJob(world, deps, all), schedule, dryRun });
    await recordInstalled(world, result);
    return result;
  });
  const none: ScheduleResult = {
    kind: "none",
    change: "none",
    dryRun,
    files: [],
    removed: [],
    note: "see the fault below",
  };
  // What cannot be looked at is no reason to say that setup failed.
  const others = dryRun ? [] : await unlessFailure(() => otherClients(world, certificate));
  const told = others instanceof Failure || others.length === 0 ? {} : { otherClients: others };
  return { schedule: installed ?? none, ...told, ...(made ? { bundle: made } : {}), failures };
};
