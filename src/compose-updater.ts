// An updater as its settings file sets it up: found, read, checked, loaded. A part of compose.ts.
import { join } from "node:path";
import type { ConfiguredUpdater } from "./challenges/challenge.ts";
import type { UpdaterDeps } from "./dns/updaters/updater.ts";
import { dnsName } from "./domain/certificate-defaults.ts";
import { Failure } from "./domain/failure.ts";
import { clean } from "./domain/text.ts";

/** @param folder of the configuration file. */
export const openUpdater = async (folder: string, name: string, deps: UpdaterDeps): Promise<ConfiguredUpdater> => {
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
  return { ...factory(settings, deps), propagationMs: propagationTimeout * 1000 };
};
