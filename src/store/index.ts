// Opens the state folder: puts together certificates, keys, generations, events and the lock.
import { join } from "node:path";
import type { RunProgram } from "../system/run.ts";
import { createCertificates } from "./certificates.ts";
import { createCrlDue } from "./crl-due.ts";
import { createEvents } from "./events.ts";
import { createExposed } from "./exposed.ts";
import { createGenerations } from "./generations.ts";
import { createKeyReaders } from "./key-readers.ts";
import { takeLock } from "./lock.ts";
import { createPolicyMark } from "./policy-mark.ts";
import { createPrograms } from "./programs.ts";
import type { Store } from "./store.ts";

export interface StoreOptions {
  readonly dir: string;
  readonly run: RunProgram;
  readonly pid: number;
  readonly now: () => Date;
  /** This program's; it is written beside what is kept, for whoever is older. */
  readonly version?: string;
}

export const openStore = ({ dir, run, pid, now, version }: StoreOptions): Store => {
  const certificates = join(dir, "certificates");
  const parts = {
    ...createCertificates(certificates, version),
    ...createGenerations(certificates),
    ...createKeyReaders(certificates, run),
    ...createExposed(dir),
    ...createPrograms(join(dir, "programs.json")),
    ...createPolicyMark(join(dir, "policy-unfinished")),
    ...createCrlDue(join(dir, "ca", "crl-due"), now),
    ...createEvents(join(dir, "events.jsonl")),
  };
  return {
    dir,
    lock: (command) => takeLock({ dir, run, pid, command, now, version }),
    clearLeftovers: async () => {
      await (await import("../system/leftovers.ts")).removeLeftovers(dir, true);
      for (const name of parts.list()) {
        const recorded = parts.read(name)?.generations.map(({ number }) => number);
        // Without a state it is not known what was to be kept.
        if (recorded) await parts.dropUnrecorded(name, recorded);
      }
    },
    ...parts,
  };
};
