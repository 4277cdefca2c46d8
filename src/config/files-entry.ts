// `files:` of a certificate's entry -> targets by name, or every problem in it.
import { basename } from "node:path";
import { type FileTarget, type PresetName, fileKinds, presetNames, presetPaths } from "../domain/file-target.ts";
import { entryOfUrl } from "../domain/entry-point.ts";
import { didYouMean } from "../domain/nearest.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, type Text, readFields, readText, readTexts, reportUnknown } from "./source.ts";
import { pathOf } from "./values.ts";

const settings = ["slot", "owner", "group", "mode", "reload", "entries"];
const fileKeys = ["preset", "folder", ...fileKinds, ...settings];

type Fields = ReadonlyMap<string, Field>;

const isPreset = (text: string): text is PresetName => (presetNames as readonly string[]).includes(text);

const readPreset = (source: Source, fields: Fields, where: Field): FileTarget["paths"] => {
  const preset = readText(source, fields.get("preset"), "preset");
  const folderText = readText(source, fields.get("folder"), "folder");
  const folder = folderText && pathOf(source, folderText, "folder");
  if (preset === undefined) {
    if (folderText) source.report(folderText.node, "folder goes with preset only", "write the path of each file");
    return {};
  }
  if (!isPreset(preset.text)) {
    source.report(preset.node, `unknown preset ${quoted(preset.text)}`, didYouMean(preset.text, presetNames));
    return {};
  }
  if (!fields.has("folder")) source.report(where.key, "preset needs a folder", "write folder: /...");
  return folder === undefined ? {} : presetPaths(preset.text, folder);
};

const readPaths = (source: Source, fields: Fields): FileTarget["paths"] => {
  const paths: Partial<Record<(typeof fileKinds)[number], string>> = {};
  for (const kind of fileKinds) {
    const text = readText(source, fields.get(kind), kind);
    const path = text && pathOf(source, text, kind);
    if (path === undefined || text === undefined) continue;
    if (basename(path) === "" || path.endsWith("/") || path.split("/").includes(".."))
      source.report(text.node, `${kind}: ${quoted(path)} is not the path of a file`);
    else paths[kind] = path;
  }
  return paths;
};

/** In octal, in quotes: YAML reads 0640 as the number 640. */
const readMode = (source: Source, fields: Fields): number | undefined => {
  const text = readText(source, fields.get("mode"), "mode");
  if (text === undefined) return undefined;
  const mode = /^0?[0-7]{3}$/.test(text.text) ? Number.parseInt(text.text, 8) : undefined;
  if (mode === undefined)
    source.report(text.node, `${quoted(text.text)} is no mode`, 'write it in octal, in quotes: mode: "0640"');
  else if ((mode & 0o007) !== 0 || (mode & 0o600) !== 0o600 || (mode & 0o111) !== 0) {
    source.report(
      text.node,
      `mode: ${quoted(text.text)} is not for a private key`,
      'it is for its owner and a group: "0600", "0640" or "0660"',
    );
  }
  return mode;
};

const readAccount = (source: Source, fields: Fields, key: "owner" | "group"): string | undefined => {
  const text = readText(source, fields.get(key), key);
  if (text === undefined || /^[a-z0-9_][a-z0-9_.-]{0,60}\$?$/i.test(text.text)) return text?.text;
  source.report(text.node, `${key}: ${quoted(text.text)} is not the name of a ${key === "owner" ? "user" : "group"}`);
  return undefined;
};

const readReload = (source: Source, fields: Fields): readonly string[] | undefined => {
  const texts = readTexts(source, fields.get("reload"), "reload");
  const [program] = texts ?? [];
  if (program && /\s/.test(program.text)) {
    source.report(
      program.node,
      "reload is run without a shell",
      "write the program and each argument: reload: [systemctl, reload, app]",
    );
  }
  return texts?.map(({ text }) => text);
};

const readEntry = (source: Source, { text, node }: Text): FileTarget["entries"] => {
  const entry = entryOfUrl(text);
  if (entry) return [entry];
  source.report(node, `${quoted(text)} is no entry point`, "write protocol, host and port: imaps://127.0.0.1:993");
  return [];
};

const readTarget = (source: Source, name: string, field: Field): FileTarget | undefined => {
  const where = `files: ${quoted(name)}`;
  if (!/^[a-z0-9][a-z0-9._-]{0,40}$/i.test(name))
    source.report(field.key, `${quoted(name)} is no simple name`, "letters, digits, dot, hyphen");
  const fields = readFields(source, field.value, where);
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, where, fileKeys);
  const paths = { ...readPreset(source, fields, field), ...readPaths(source, fields) };
  const all = Object.values(paths);
  if (all.length === 0)
    source.report(field.key, `${where} names no file`, `give at least one path: ${fileKinds.join(", ")}`);
  const twice = all.find((path, index) => all.indexOf(path) !== index);
  if (twice !== undefined)
    source.report(field.key, `${where} has ${quoted(twice)} twice`, "each file needs a path of its own");
  const slot = readText(source, fields.get("slot"), "slot");
  if (slot && slot.text !== "ecdsa" && slot.text !== "rsa")
    source.report(slot.node, `slot: ${quoted(slot.text)} is neither ecdsa nor rsa`);
  const [owner, group] = [readAccount(source, fields, "owner"), readAccount(source, fields, "group")];
  const reload = readReload(source, fields);
  const entries = (readTexts(source, fields.get("entries"), "entries") ?? []).flatMap((text) =>
    readEntry(source, text),
  );
  const raw = Object.fromEntries(
    [...fields].flatMap(([key, one]) => {
      if (!fileKeys.includes(key)) return [];
      const texts =
        key === "reload" || key === "entries" ? readRaw(source, one, key) : readText(quiet(source), one, key)?.text;
      return texts === undefined ? [] : [[key, texts] as const];
    }),
  );
  return {
    name,
    paths,
    ...(slot?.text === "ecdsa" || slot?.text === "rsa" ? { slot: slot.text } : {}),
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    keyMode: readMode(source, fields) ?? (group === undefined ? 0o600 : 0o640),
    ...(reload === undefined ? {} : { reload }),
    entries,
    raw,
  };
};

/** Reported already where it is wrong. */
const quiet = (source: Source): Source => ({ ...source, report: () => undefined });

const readRaw = (source: Source, field: Field, key: string): readonly string[] | undefined =>
  readTexts(quiet(source), field, key)?.map(({ text }) => text);

/** undefined where there are none. */
export const readFiles = (source: Source, field: Field | undefined): readonly FileTarget[] | undefined => {
  if (field === undefined) return undefined;
  const fields = readFields(source, field.value, "files");
  if (fields === undefined) return undefined;
  const targets = [...fields].flatMap(([name, one]) => readTarget(source, name, one) ?? []);
  const places = new Set<string>();
  for (const target of targets) {
    for (const path of Object.values(target.paths)) {
      if (places.has(path)) source.report(fields.get(target.name)?.key, `${quoted(path)} stands in files twice`);
      places.add(path);
    }
  }
  return targets.length === 0 ? undefined : targets;
};
