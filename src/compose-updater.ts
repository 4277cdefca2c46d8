// An updater as its settings file sets it up: found, read, checked, loaded. A part of compose.ts.
import { randomInt } from "node:crypto";
import { join } from "node:path";
import type { ConfiguredUpdater } from "./challenges/challenge.ts";
import type { DnsUpdater, UpdaterDeps } from "./dns/updaters/updater.ts";
import type { Host } from "./cli/host.ts";
import { dnsName } from "./domain/certificate-defaults.ts";
import { Failure } from "./domain/failure.ts";
import { clean } from "./domain/text.ts";

/** Changes through one updater come one after the other: many providers replace all values of a name at once. */
export type Turns = Map<string, Promise<unknown>>;

const inTurn = (updater: DnsUpdater, name: string, turns: Turns): DnsUpdater => {
  const one =
    (how: "add" | "remove"): DnsUpdater["add"] =>
    (record, signal) => {
      const before = turns.get(name) ?? Promise.resolve();
      const done = before.then(() => updater[how](record, signal));
      turns.set(
        name,
        done.catch(() => undefined),
      );
      return done;
    };
  const { check } = updater;
  return { add: one("add"), remove: one("remove"), ...(check ? { check } : {}) };
};

export interface OpenUpdaterOptions extends Pick<UpdaterDeps, "run"> {
  /** Of the configuration file. */
  readonly folder: string;
  readonly turns: Turns;
  readonly host: Pick<Host, "now" | "sleep" | "version">;
}

export const openUpdater = async (
  name: string,
  { folder, turns, run, host: { now, sleep, version } }: OpenUpdaterOptions,
): Promise<ConfiguredUpdater> => {
  if (!dnsName.test(name)) throw new Failure("config", `dns: "${clean(name, 63)}" is not the name of an updater`);
  const [{ updaters }, { noUpdaterFile, readUpdaterFile }, { readSecretFile }] = await Promise.all([
    import("./dns/updaters/index.ts"),
    import("./config/secrets.ts"),
    import("./system/secret-file.ts"),
  ]);
  const path = join(folder, "secrets", `${name}.yaml`);
  const text = await readSecretFile(path);
  if (text === undefined) throw noUpdaterFile(path, name, updaters);
  const { provider, settings, propagationTimeout } = readUpdaterFile({ path, text }, name, updaters);
  const factory = await updaters[provider as keyof typeof updaters].load();
  const deps = { run, now, sleep, userAgent: `mailcert/${version}`, randomId: () => randomInt(65_536) };
  return { ...inTurn(factory(settings, deps), name, turns), propagationMs: propagationTimeout * 1000 };
};
