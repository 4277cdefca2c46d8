// Names that another map of tls_server_sni_maps gives another certificate.
import { sniNames } from "../../domain/sni-names.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Override } from "../server.ts";
import { entriesOf, textMaps } from "./indexed.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import type { PostfixWish } from "./plan.ts";
import { mapName, mapsIn } from "./sni.ts";

/** Keys in the order in which smtpd asks for them: the name, then each parent with its dot (TLS_README); each in all maps before the next. */
const keysOf = (name: string): readonly string[] => {
  const labels = name.replace(/^\*\./, "").split(".");
  const from = name.startsWith("*.") ? 0 : 1;
  const parents = labels.flatMap((_, index) => (index < from ? [] : [`.${labels.slice(index).join(".")}`]));
  return name.startsWith("*.") ? parents : [name, ...parents];
};

/** What a map says of these keys: its source where it has one, else what `postmap -q` finds, of which only the keys are looked at (values can hold a private key). */
const answersOf = async (
  run: RunProgram,
  configDir: string,
  map: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string | undefined>> => {
  const [plain] = textMaps(map);
  const text = plain && (await readTextIfPresent(plain.path).catch(() => undefined));
  if (text !== undefined) return entriesOf(text);
  const asked = await run("postmap", ["-c", configDir, "-q", "-", map], {
    input: `${keys.join("\n")}\n`,
    maxOutput: 64 << 20,
  });
  return new Map(
    asked.stdout.split("\n").flatMap((line) => (line === "" ? [] : [[line.split(/\s/)[0] ?? "", undefined]])),
  );
};

/** Whether each of these keys is in one of the maps. */
export const tablesAnswer = async (
  run: RunProgram,
  configDir: string,
  value: string,
  keys: readonly string[],
): Promise<boolean> => {
  const found = new Set<string>();
  for (const map of mapsIn(value).filter((one) => one.includes(":") && !one.includes("{")))
    for (const key of (await answersOf(run, configDir, map, keys)).keys()) found.add(key);
  return keys.every((key) => found.has(key));
};

export const sniOverrides = async (
  run: RunProgram,
  { configDir, main, bySni }: PostfixWish,
  value: string,
  /** A program fills the tables without a source of their own: what they say is what it was given. */
  filled: boolean,
): Promise<readonly Override[]> => {
  const mine = sniNames(main, bySni);
  const wanted = (main ? [main, ...bySni] : bySni).flatMap((certificate) =>
    (mine.get(certificate.name) ?? []).map((name) => ({ name, certificate, keys: keysOf(name) })),
  );
  const allKeys = [...new Set(wanted.flatMap(({ keys }) => keys))];
  const maps: { readonly map: string; readonly answers: ReadonlyMap<string, string | undefined> }[] = [];
  for (const map of mapsIn(value)) {
    if (map.includes(":") && !map.includes("{") && !(filled && textMaps(map).length === 0))
      maps.push({ map, answers: await answersOf(run, configDir, map, allKeys) });
  }
  return wanted.flatMap(({ name, certificate, keys }) => {
    for (const key of keys) {
      const found = maps.find(({ answers }) => answers.has(key));
      if (!found) continue;
      const files = found.answers.get(key);
      if (found.map === mapName(configDir) || (files !== undefined && sameFiles(files, chainValue(certificate))))
        return [];
      return [
        {
          scope: `clients that ask for ${name}`,
          path: clean(found.map.slice(found.map.indexOf(":") + 1), 200),
          setting: `tls_server_sni_maps = ${clean(found.map, 120)} has an entry for ${key}`,
          ...(certificate === main ? {} : { certificate: certificate.name }),
          edit: [],
        },
      ];
    }
    return [];
  });
};
