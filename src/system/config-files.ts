// Reads mailcert.yaml and conf.d/*.yaml beside it, in the order in which they count.
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "./files.ts";

export interface ConfigFiles {
  /** mailcert.yaml (absent where it is missing and may be), then conf.d/*.yaml by name. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Sentences about files that are not read although they look so, and about those that somebody else could change. */
  readonly warnings: readonly string[];
}

const mostBytes = 4 << 20;

/** @returns undefined where there is no such file. */
const readOne = async (path: string): Promise<{ text: string; warning?: string } | undefined> => {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Failure("config", `${path} is not a file`);
      if (facts.size > mostBytes) throw new Failure("config", `${path} is larger than ${mostBytes >> 20} MiB`);
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile());
      const others = (facts.mode & 0o002) !== 0 || ((facts.mode & 0o020) !== 0 && facts.gid !== 0);
      if (!others) return { text };
      return { text, warning: `${path} can be written by others than its owner: chmod go-w ${path}` };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof TypeError) throw new Failure("config", `${path} is not UTF-8 text`, { cause: error });
    throw fileFailure(error, "read", path);
  }
};

/**
 * @param mayBeMissing where the main file need not exist: `setup`, and the default path.
 * @throws Failure `config` when it is missing and must not be, `no-permission` when it cannot be read.
 */
export const readConfigFiles = async (path: string, mayBeMissing: boolean): Promise<ConfigFiles> => {
  const folder = join(dirname(path), "conf.d");
  const listed = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw fileFailure(error, "read the folder", folder);
  });
  // Hidden files are editors' own.
  const more = listed.filter((name) => name.endsWith(".yaml") && !name.startsWith(".")).sort();
  const files: { path: string; text: string }[] = [];
  const warnings = listed
    .filter((name) => name.endsWith(".yml") && !name.startsWith("."))
    .toSorted()
    .map((name) => join(folder, name))
    .map((file) => `${file} is not read, for it does not end in .yaml: mv ${file} ${file.slice(0, -4)}.yaml`);
  for (const file of [path, ...more.map((name) => join(folder, name))]) {
    const read = await readOne(file);
    if (read === undefined) {
      if (file !== path || mayBeMissing) continue;
      throw new Failure("config", `there is no configuration file ${path}`, {
        hints: ["name another with -c FILE, or make one: mailcert setup <host>"],
      });
    }
    files.push({ path: file, text: read.text });
    if (read.warning !== undefined) warnings.push(read.warning);
  }
  return { files, warnings };
};
