// Names that another map of tls_server_sni_maps gives another certificate.
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { lastWords } from "../../domain/last-words.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Override } from "../server.ts";
import { entriesOf, textMaps } from "./indexed.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import type { PostfixWish } from "./plan.ts";
import { mapName, mapsIn, sniParameter } from "./sni.ts";

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

/** One that cannot be asked gives nobody another certificate: `brokenTables` tells it. */
const answersOrNone: typeof answersOf = async (...asked) => {
  try {
    return await answersOf(...asked);
  } catch (failure) {
    if (failure instanceof Failure) return new Map();
    throw failure;
  }
};

/** Those of the keys that are in none of the maps. */
const missingIn = async (
  run: RunProgram,
  configDir: string,
  value: string,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const found = new Set<string>();
  for (const map of mapsIn(value).filter((one) => one.includes(":") && !one.includes("{")))
    for (const key of (await answersOf(run, configDir, map, keys)).keys()) found.add(key);
  return keys.filter((key) => !found.has(key));
};

/** Whether each of these keys is in one of the maps. One that cannot be asked has none of them: `brokenTables` tells it. */
export const tablesAnswer = async (
  run: RunProgram,
  configDir: string,
  value: string,
  keys: readonly string[],
): Promise<boolean> => {
  try {
    return (await missingIn(run, configDir, value, keys)).length === 0;
  } catch (failure) {
    if (failure instanceof Failure) return false;
    throw failure;
  }
};

/** Maps without a source of their own: a database answers for them. */
const tablesIn = (value: string): readonly string[] =>
  mapsIn(value).filter((map) => map.includes(":") && !map.includes("{") && textMaps(map).length === 0);

/** What was seen of tables, by folder and map: each is asked once in a run. */
export type SeenTables = Map<string, Promise<readonly Finding[]>>;

/** A table that cannot be asked costs every client that says a name its handshake, whatever stands in the other maps (seen on 3.7 and 3.10). */
export const brokenTables = async (
  run: RunProgram,
  configDir: string,
  value: string,
  key: string,
  seen: SeenTables = new Map(),
): Promise<readonly Finding[]> => {
  const found: Finding[] = [];
  // A proxied one is asked through the running Postfix.
  for (const map of tablesIn(value).filter((one) => !one.startsWith("proxy:"))) {
    const place = JSON.stringify([configDir, map]);
    const asked = seen.get(place) ?? brokenTable(run, configDir, map, key);
    seen.set(place, asked);
    found.push(...(await asked));
  }
  return found;
};

const brokenTable = async (
  run: RunProgram,
  configDir: string,
  map: string,
  key: string,
): Promise<readonly Finding[]> => {
  const complaint = await complaintOf(run, configDir, map, key);
  if (complaint === "") return [];
  const shown = clean(map, 120);
  const message = `${sniParameter} in ${configDir}/main.cf names ${shown}, which cannot be asked, and no client that says a name gets TLS: ${complaint}`;
  // What it finds holds a private key, which no terminal need show.
  const hint = `mend it until this complains no more: postmap -q ${key} ${shown} >/dev/null. Or take it out of ${sniParameter}; then: postfix reload`;
  return [{ check: "deploy-config", severity: "fault", message, hint }];
};

/** Empty: it answers. One that hangs is as broken as one that fails: it keeps no plan from being made. */
const complaintOf = async (run: RunProgram, configDir: string, map: string, key: string): Promise<string> => {
  try {
    const { status, stderr } = await run("postmap", ["-c", configDir, "-q", key, map]);
    return status === 0 || stderr.trim() === "" ? "" : lastWords(stderr);
  } catch (failure) {
    if (failure instanceof Failure) return failure.message;
    throw failure;
  }
};

/** @throws Failure `unavailable` where the tables that `program` filled say nothing of a name that it got. */
export const refuseUnanswered = async (
  run: RunProgram,
  configDir: string,
  value: string,
  keys: readonly string[],
  program: string,
): Promise<void> => {
  const [table] = tablesIn(value);
  const [key] = table === undefined ? [] : await missingIn(run, configDir, tablesIn(value).join(", "), keys);
  if (table === undefined || key === undefined) return;
  const shown = clean(table, 120);
  throw new Failure("unavailable", `${shown} has nothing for ${key}, though ${clean(program, 200)} got its row`, {
    hints: [
      `how many bytes it finds: postmap -q ${key} ${shown} | wc -c. Mend its query, or what the program writes: the next run asks again`,
    ],
  });
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
      maps.push({ map, answers: await answersOrNone(run, configDir, map, allKeys) });
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
