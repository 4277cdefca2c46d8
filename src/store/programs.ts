// Which programs of the servers the last look saw: another file there is another version, and may read other settings. Kept in programs.json.
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ensureFolder, writeFileAtomic } from "../system/files.ts";
import type { Store } from "./store.ts";

type Part = Pick<Store, "programMarks" | "programsChanged" | "sawPrograms">;

interface ProgramFile {
  readonly schema: "mailcert.programs/1";
  readonly programs: Readonly<Record<string, string>>;
}

const markOf = (path: string): string => {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
};

/** Synchronous: an hourly run with nothing to do asks for this each time. */
export const createPrograms = (path: string): Part => {
  /** What cannot be read is looked at anew. */
  const read = (): ProgramFile["programs"] | undefined => {
    try {
      const { schema, programs } = JSON.parse(readFileSync(path, "utf8")) as Partial<ProgramFile>;
      return schema === "mailcert.programs/1" && typeof programs === "object" ? programs : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    programMarks: (paths) => Object.fromEntries(paths.map((program) => [program, markOf(program)])),
    programsChanged: () => {
      const seen = read();
      return seen === undefined || Object.entries(seen).some(([program, mark]) => markOf(program) !== mark);
    },
    sawPrograms: async (programs) => {
      await ensureFolder(dirname(path), 0o755);
      const file: ProgramFile = { schema: "mailcert.programs/1", programs };
      await writeFileAtomic(path, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o644 });
    },
  };
};
