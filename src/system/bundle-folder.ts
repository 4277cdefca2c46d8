// The folder of client-import files on disk: plain files that everybody may read, each replaced whole.
import { constants } from "node:fs";
import { open, realpath, rm } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { Failure } from "../domain/failure.ts";
import type { RenderTemplate, TemplateKind } from "./templates.ts";
import { claimFolder } from "./claim-folder.ts";
import { fileFailure, syncFolder, writeFileAtomic } from "./files.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { RunProgram } from "./run.ts";
import { ensureSafeFolder, refuseUnsafeFolder } from "./safe-folder.ts";

const mostBytes = 1 << 20;

const elsewhere = "name another folder: bundle: DIR (--out DIR)";

/** What the system says of a folder that cannot be made (below /proc, say) has no way out in it. */
const withElsewhere = (error: unknown): unknown =>
  error instanceof Failure && error.hints.length === 0
    ? new Failure(error.kind, error.message, {
        cause: error,
        hints: [elsewhere],
        ...(error.facts === undefined ? {} : { facts: error.facts }),
      })
    : error;

const readPlain = async (path: string): Promise<Uint8Array | "absent" | "foreign"> => {
  try {
    // Not through a link: root must not be led elsewhere by whoever else may write into the folder. Not waiting for a pipe's writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      return facts.isFile() && facts.size <= mostBytes ? await handle.readFile() : "foreign";
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "absent";
    if (code === "ELOOP" || code === "ENXIO") return "foreign";
    if (code === "ENOTDIR")
      throw new Failure(
        "cannot-create",
        `${dirname(path)} is a file, or leads through one: the files for clients need a folder`,
        {
          cause: error,
          hints: [elsewhere],
          facts: { code, path },
        },
      );
    throw fileFailure(error, "read", path);
  }
};

/** Fits usecases/bundle.ts `BundleFolder`. */
export const createBundleFolder = (uid: number, run: RunProgram) => {
  const tidied = new Set<string>();
  const tidy = async (folder: string): Promise<void> => {
    if (tidied.has(folder)) return;
    tidied.add(folder);
    // What a killed run left behind; it harms nobody where it cannot be removed.
    await removeLeftovers(folder).catch(() => undefined);
  };
  return {
    claim: (folder: string): Promise<() => Promise<void>> => claimFolder(run, folder, uid),
    real: (path: string): Promise<string> => realpath(path).catch(() => resolve(path)),
    refuseUnsafe: (folder: string): Promise<void> => refuseUnsafeFolder(folder, uid),
    read: readPlain,
    write: async (path: string, content: string | Uint8Array): Promise<void> => {
      await ensureSafeFolder(dirname(path), uid).catch((error: unknown) => {
        throw withElsewhere(error);
      });
      await tidy(dirname(path));
      await writeFileAtomic(path, content, { mode: 0o644, syncsLater: true });
    },
    settle: async (folder: string): Promise<void> => {
      try {
        await syncFolder(folder);
      } catch (error) {
        throw fileFailure(error, "write", folder);
      }
    },
    remove: async (path: string): Promise<void> => {
      await refuseUnsafeFolder(dirname(path), uid);
      try {
        await rm(path, { force: true });
      } catch (error) {
        throw fileFailure(error, "remove", path);
      }
    },
  };
};

const kinds: Readonly<Record<string, TemplateKind>> = {
  ".mobileconfig": "xml",
  ".xml": "xml",
  ".html": "html",
  ".zone": "zone",
  ".sh": "shell",
  ".ps1": "powershell",
  ".cmd": "cmd",
  ".json": "json",
  ".rc": "mailrc",
};
const kindOf = (template: string): TemplateKind => kinds[extname(template)] ?? "none";

/** The `render` that bundles take: the ending of the template says how its values are escaped. */
export const bundleRender =
  (render: RenderTemplate) =>
  (template: string, view: object): string =>
    render(template, view as Readonly<Record<string, unknown>>, kindOf(template));
