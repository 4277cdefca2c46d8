// stunnel's configuration: global options, then services; `include` puts the files of a folder in its place, also inside a service.
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readTextIfPresent } from "../../system/files.ts";

export interface OptionLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** As it stands. */
  readonly text: string;
  /** Lower case: stunnel does not mind. */
  readonly name: string;
  readonly value: string;
}

export interface Service {
  readonly name: string;
  readonly options: readonly OptionLine[];
}

export interface StunnelConfiguration {
  readonly file: string;
  readonly global: readonly OptionLine[];
  readonly services: readonly Service[];
  /** Folders that it includes. */
  readonly includes: readonly string[];
}

/** `name = value`; undefined for comments, headers and empty lines. */
export const optionIn = (text: string): { readonly name: string; readonly value: string } | undefined => {
  const [, name, value = ""] = /^\s*([^\s=;#[][^=]*?)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
  return name === undefined ? undefined : { name: name.toLowerCase(), value };
};

/** `[name]`; undefined for other lines. */
export const headerIn = (text: string): string | undefined => /^\s*\[\s*(.*?)\s*\]\s*$/.exec(text)?.[1];

/** What `include = FOLDER` reads: every file, by name. */
export const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(folder, name));
};

/** Files that cannot be read are passed over: stunnel names them itself. */
export const readStunnel = async (file: string): Promise<StunnelConfiguration> => {
  const global: OptionLine[] = [];
  const services: { readonly name: string; readonly options: OptionLine[] }[] = [];
  const includes: string[] = [];
  const read = async (path: string, depth: number): Promise<void> => {
    const text = depth > 8 ? undefined : await readTextIfPresent(path).catch(() => undefined);
    for (const [index, raw] of (text ?? "").split("\n").entries()) {
      const header = headerIn(raw);
      if (header !== undefined) {
        services.push({ name: header, options: [] });
        continue;
      }
      const option = optionIn(raw);
      if (!option) continue;
      if (option.name !== "include") {
        (services.at(-1)?.options ?? global).push({ path, line: index + 1, text: raw, ...option });
        continue;
      }
      includes.push(resolve("/", option.value));
      for (const included of await filesIn(option.value)) await read(included, depth + 1);
    }
  };
  await read(file, 0);
  return { file, global, services, includes };
};

export const valueIn = (options: readonly OptionLine[], name: string): string | undefined =>
  options.findLast((option) => option.name === name)?.value;
