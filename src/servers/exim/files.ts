// The files that Exim's configuration is made of, and who of them looks names up in our map.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { type Configuration, effective } from "./configuration.ts";
import { localMacros, macroFile } from "./macros.ts";
import { mapFile } from "./names.ts";

/** The files that a configuration is made of, ours left out. */
export const filesOf = async (configuration: Configuration, ownFile: string): Promise<readonly string[]> => {
  const { scheme, configDir } = configuration;
  if (scheme === "own") return [ownFile];
  if (scheme === "unsplit") return [localMacros(configDir), join(configDir, "exim4.conf.template")];
  const folder = join(configDir, "conf.d/main");
  const names = await readdir(folder).catch(() => []);
  return names
    .toSorted((a, b) => a.localeCompare(b))
    .map((name) => join(folder, name))
    .filter((path) => path !== macroFile(configuration));
};

/** A line that looks into our map, by its place: `/etc/exim4/conf.d/main/000_localmacros line 3`. */
const lookUpIn = async (paths: readonly string[], map: string): Promise<string | undefined> => {
  for (const path of paths) {
    const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
    const line = text.split("\n").findIndex((one) => !/^\s*#/.test(one) && one.includes(`{${map}}`));
    if (line >= 0) return `${path} line ${line + 1}`;
  }
  return undefined;
};

/** A line of somebody else's that looks into our map; undefined: there is none. `file`: what Exim reads, for a configuration of its own. */
export const foreignLookUp = async (configuration: Configuration, file: string): Promise<string | undefined> =>
  lookUpIn(await filesOf(configuration, file), mapFile(configuration.configDir));

/** Whatever looks into our map after the next reload, in words; undefined: nothing does. */
export const lookUpOfMap = async (
  run: RunProgram,
  configuration: Configuration,
  file: string,
): Promise<string | undefined> => {
  const map = mapFile(configuration.configDir);
  const names = ["tls_certificate", "tls_privatekey"];
  const options = await effective(run, configuration, names);
  const option = names.find((name) => options.get(name)?.includes(`{${map}}`));
  if (option === undefined) return undefined;
  const paths = [macroFile(configuration), ...(await filesOf(configuration, file))];
  return (await lookUpIn(paths, map)) ?? `${option} in Exim's configuration`;
};
