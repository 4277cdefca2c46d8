// What of a certificate's private keys lies open to everybody on this host: the files themselves, and folders in which anybody could put others.
import { lstat, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Slot } from "../domain/keys.ts";
import type { Exposed, Store } from "./store.ts";

const modeOf = async (path: string): Promise<number | undefined> => {
  const found = await lstat(path).catch(() => undefined);
  return found && (found.isFile() || found.isDirectory()) ? found.mode & 0o7777 : undefined;
};

/** What a group or an access list may read is for `doctor` to judge, which can ask for whom that is. */
export const createExposed = (dir: string): Pick<Store, "exposed"> => ({
  exposed: async (name: string, slots: readonly Slot[]): Promise<readonly Exposed[]> => {
    const certificate = join(dir, "certificates", name);
    const live = await realpath(join(certificate, "live")).catch(() => undefined);
    if (live === undefined) return [];
    const of = async (paths: readonly string[], kind: Exposed["kind"], bits: number): Promise<readonly Exposed[]> => {
      const modes = await Promise.all(paths.map(modeOf));
      return paths.flatMap((path, index) => {
        const mode = modes[index];
        return mode === undefined || (mode & bits) === 0 ? [] : [{ path, kind, mode }];
      });
    };
    const folders = slots.map((slot) => join(live, slot));
    const way = [dir, join(dir, "certificates"), certificate, join(certificate, "generations"), live, ...folders];
    const keys = folders.flatMap((folder) => ["privkey.pem", "combined.pem"].map((file) => join(folder, file)));
    return [...(await of(keys, "key", 0o007)), ...(await of(way, "folder", 0o002))];
  },
});
