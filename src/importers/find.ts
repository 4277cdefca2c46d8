// Finds another client's folder and reads what is in it.
import { Failure } from "../domain/failure.ts";
import { type ImportClient, importClients } from "../domain/import-clients.ts";
import type { RunProgram } from "../system/run.ts";
import { createForeignFiles } from "./files.ts";
import type { Importer, Inventory } from "./importer.ts";
import { importers } from "./index.ts";
import { type ForeignSchedule, findForeignSchedules } from "./schedules.ts";

export interface ImportingOptions {
  readonly uid: number;
  readonly home: string;
  /** undefined: the folder that the caller stood in is gone. */
  readonly cwd: string | undefined;
  readonly run: RunProgram;
  readonly now: () => Date;
}

export interface FoundInventory extends Inventory {
  readonly folder: string;
}

export interface Importing {
  /** @throws Failure `data` when the client keeps nothing here; what it may not read as root. */
  read(client: ImportClient, where: { readonly folder?: string; readonly directory?: string }): Promise<FoundInventory>;
  /** Clients that keep something in their usual folders. */
  present(): Promise<readonly ImportClient[]>;
  schedules(client: ImportClient): Promise<readonly ForeignSchedule[]>;
  withoutLineage(client: ImportClient, folder: string, lineage: string): Promise<string>;
}

export const createImporting = ({ uid, home, cwd, run, now }: ImportingOptions): Importing => {
  const files = createForeignFiles(uid);
  const load = (client: ImportClient): Promise<Importer> => importers[client].load();
  const used = async ({ marks }: Importer, folder: string): Promise<boolean> => {
    const names = await files.list(folder);
    return marks.some((mark) => names.includes(mark));
  };
  const place = async (importer: Importer): Promise<string | undefined> => {
    for (const folder of importer.folders({ home, cwd })) if (await used(importer, folder)) return folder;
    return undefined;
  };
  return {
    read: async (client, { folder: named, directory }) => {
      const importer = await load(client);
      const folder = named ?? (await place(importer));
      const looked = named === undefined ? importer.folders({ home, cwd }).join(", ") : named;
      if (folder === undefined || !(await used(importer, folder))) {
        throw new Failure("data", `${client} keeps nothing in ${looked}`, {
          hints: [`name its folder: mailcert import ${client} DIR (one that has ${importer.marks.join(" or ")} in it)`],
        });
      }
      const request = { folder, files, now: now(), ...(directory === undefined ? {} : { directory }) };
      return { folder, ...(await importer.read(request)) };
    },
    present: async () => {
      const here: ImportClient[] = [];
      for (const client of importClients) if ((await place(await load(client))) !== undefined) here.push(client);
      return here;
    },
    schedules: async (client) => {
      const { timers, cronLine } = await load(client);
      return findForeignSchedules({ run, timers, cronLine });
    },
    withoutLineage: async (client, folder, lineage) => (await load(client)).withoutLineage(folder, lineage),
  };
};
