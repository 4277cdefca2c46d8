// The configuration as use cases see it: read it, check it, change one certificate's entry; yaml is loaded when first needed.
import type { ConfigFile } from "./problem.ts";
import type { ConfigAccess } from "../usecases/world.ts";
import { type Choices, defaultChoices } from "./choices.ts";

export interface ConfigAccessOptions {
  readonly path: string;
  /** The path was named by a person, so that a missing file is a mistake (78). */
  readonly named: boolean;
  readonly choices?: Choices;
  /** System: reads the file and conf.d/*.yaml beside it. */
  readonly readFiles: (
    path: string,
    mayBeMissing: boolean,
  ) => Promise<{ readonly files: readonly ConfigFile[]; readonly warnings: readonly string[] }>;
  /** System: replaces the file whole, keeping mode and owner; a new one is 0644. */
  readonly writeFile: (path: string, text: string) => Promise<void>;
}

export const createConfigAccess = (options: ConfigAccessOptions): ConfigAccess => {
  const { path, named, choices = defaultChoices, readFiles, writeFile } = options;
  const parse = async (files: readonly ConfigFile[]) => (await import("./parse.ts")).parseConfig(files, choices);
  const parsed = async (files: readonly ConfigFile[]) => {
    const result = await parse(files);
    if ("problems" in result) throw (await import("./problem.ts")).configFailure(result.problems);
    return result;
  };
  return {
    path,
    at: (other) => createConfigAccess({ ...options, path: other, named: true }),
    read: async () => {
      const { files } = await readFiles(path, !named);
      return files.length === 0 ? undefined : (await parsed(files)).config;
    },
    warnings: async () => (await readFiles(path, true)).warnings,
    check: async () => {
      const { files, warnings } = await readFiles(path, false);
      const result = await parse(files);
      const read = files.map((file) => file.path);
      if ("problems" in result) return { files: read, warnings, certificates: [], problems: result.problems };
      const { certificates } = result.config;
      const { configWarnings } = await import("../domain/config-warnings.ts");
      return {
        files: read,
        warnings: [...warnings, ...configWarnings(certificates)],
        certificates: certificates.map(({ name }) => name),
        problems: [],
      };
    },
    readable: async () => {
      const result = await parse((await readFiles(path, false)).files);
      return "problems" in result ? result.readable : result.config;
    },
    placeOf: async (text) => {
      const { files } = await readFiles(path, true);
      return (await import("./find-text.ts")).findText(files, text) ?? { file: path, line: 1, column: 1 };
    },
    edited: async (certificate) => {
      const { files } = await readFiles(path, true);
      const { readConfig } = await import("./parse.ts");
      const { editConfig } = await import("./edit.ts");
      // The entry is changed where it stands, be it in conf.d; a new one goes into the main file.
      const target = readConfig(files, choices).places.get(certificate.name)?.file ?? path;
      const before = files.find((file) => file.path === target)?.text;
      return { path: target, before, after: editConfig(before, certificate, target, choices) };
    },
    write: async (text, target = path) => {
      const { files } = await readFiles(path, true);
      const others = files.filter((file) => file.path !== target);
      // All files together: a name that stands in two of them would stop every later run.
      await parsed([{ path: target, text }, ...others]);
      await writeFile(target, text);
    },
  };
};
