// version.json: which mailcert last worked in the state folder, and by which layout. Looked at before anything there is made or changed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newerFailure, schemaNumber } from "../domain/newer.ts";
import { writeFileAtomic } from "../system/files.ts";

/** Of the folder as a whole: it counts for what has no schema of its own, such as a CA's folder. */
const layout = 1;
const name = "mailcert.layout";

interface Mark {
  readonly schema?: unknown;
  readonly version?: unknown;
}

const pathOf = (dir: string): string => join(dir, "version.json");

/** One that is missing or damaged says nothing. */
const read = (dir: string): Mark => {
  try {
    const value: unknown = JSON.parse(readFileSync(pathOf(dir), "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
};

/** @throws Failure `config` where a newer mailcert laid the folder out. */
export const refuseNewerLayout = (dir: string): void => {
  const { schema, version } = read(dir);
  const number = schemaNumber(schema, name);
  if (number !== undefined && number > layout)
    throw newerFailure({ path: pathOf(dir), schema: String(schema), known: `${name}/${layout}`, by: version });
};

/** Once for each version that works here. A full disk is for the run's own work to find. The caller holds the lock. */
export const markLayout = async (dir: string, version: string): Promise<void> => {
  const mark = read(dir);
  if (mark.version === version && schemaNumber(mark.schema, name) === layout) return;
  const text = `${JSON.stringify({ schema: `${name}/${layout}`, version })}\n`;
  await writeFileAtomic(pathOf(dir), text, { mode: 0o644 }).catch(() => undefined);
};
