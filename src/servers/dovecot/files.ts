// Finds the place of a TLS setting: walks dovecot.conf and what it includes, in the order that Dovecot reads them. doveconf cannot tell this.
import { dirname, join, resolve } from "node:path";
import { readTextIfPresent } from "../../system/files.ts";
import { expand } from "../glob.ts";
import type { TlsSetting } from "./generation.ts";

/** One line that sets what is asked for: a certificate or key, where nothing else is said. */
export interface Place<Setting extends string = TlsSetting> {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The line as it stands, indentation included. */
  readonly text: string;
  readonly setting: Setting;
  readonly value: string;
  /** The blocks around it, outermost first: `protocol imap`, `local_name mail.example.org`. */
  readonly filters: readonly string[];
  /** Grows in reading order; the later one wins. */
  readonly order: number;
}

export interface Configuration<Setting extends string = TlsSetting> {
  readonly places: readonly Place<Setting>[];
  /** Patterns of `!include` outside any block, absolute, in reading order. */
  readonly includes: readonly string[];
  /** Every file that was read, with the order of its first line. */
  readonly files: ReadonlyMap<string, number>;
}

const header = (line: string): string => line.slice(0, -1).trim().replaceAll('"', "").replace(/\s+/g, " ");

/** Reads the whole configuration from its main file on. A file that cannot be read is passed over: doveconf names it. */
export const readConfiguration = async <Setting extends string = TlsSetting>(
  mainFile: string,
  { names }: { readonly names: Readonly<Record<Setting, string>> },
): Promise<Configuration<Setting>> => {
  const places: Place<Setting>[] = [];
  const settings = Object.keys(names) as Setting[];
  const includes: string[] = [];
  const files = new Map<string, number>();
  const filters: string[] = [];
  let order = 0;

  const settingOf = (key: string): Setting | undefined => {
    const inside = filters.at(-1) === "ssl_server" && !key.startsWith("ssl_") ? `ssl_server_${key}` : key;
    return settings.find((setting) => names[setting] === inside.replaceAll("/", "_"));
  };

  const readFile = async (path: string, depth: number): Promise<void> => {
    const text = await readTextIfPresent(path);
    if (text === undefined || depth > 16) return;
    if (!files.has(path)) files.set(path, order);
    for (const [index, raw] of text.split("\n").entries()) {
      order += 1;
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const include = /^!include(?:_try)?\s+(.+)$/.exec(line);
      if (include?.[1] !== undefined) {
        const pattern = resolve(dirname(path), include[1].replace(/^"(.*)"$/, "$1"));
        if (filters.length === 0) includes.push(pattern);
        for (const found of await expand(pattern)) await readFile(found, depth + 1);
      } else if (line.replace(/\s+#.*$/, "").endsWith("{")) {
        filters.push(header(line.replace(/\s+#.*$/, "")));
      } else if (/^\}(\s*#.*)?$/.test(line)) {
        filters.pop();
      } else {
        const assignment = /^([\w/]+)\s*=\s*(.*)$/.exec(line);
        const setting = settingOf(assignment?.[1] ?? "");
        if (setting === undefined) continue;
        const value = (assignment?.[2] ?? "")
          .replace(/\s+#.*$/, "")
          .replace(/^<\s+/, "<")
          .replace(/^"(.*)"$/, "$1");
        const around = filters.filter((filter) => filter !== "ssl_server");
        places.push({ path, line: index + 1, text: raw, setting, value, filters: around, order });
      }
    }
  };

  await readFile(mainFile, 0);
  return { places, includes, files };
};

/** Where our settings go: the file that dovecot.conf names, else the folder that it includes, else a file that it does not read yet. */
export const ourFile = (configDir: string, { includes }: Pick<Configuration, "includes">): string => {
  const alone = join(configDir, "mailcert.conf");
  if (includes.includes(alone)) return alone;
  const folder = includes.findLast((pattern) => /\/\*(\.conf)?$/.test(pattern) && pattern.startsWith(`${configDir}/`));
  return folder === undefined ? alone : join(dirname(folder), "99-mailcert.conf");
};
