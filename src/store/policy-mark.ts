// Says that a change of TLS policy is under way: one file that is there from before the first change until the last server was seen with it, or without it.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureFolder, fileFailure, writeFileAtomic } from "../system/files.ts";
import type { Store } from "./store.ts";

type Part = Pick<Store, "policyIsUnfinished" | "markPolicy">;

/** The log of changes has what was done; a run with nothing to do only looks whether this file is there. */
export const createPolicyMark = (path: string): Part => ({
  policyIsUnfinished: () => existsSync(path),
  markPolicy: async (unfinished) => {
    if (!unfinished) {
      await rm(path, { force: true }).catch((error: unknown) => {
        throw fileFailure(error, "remove", path);
      });
      return;
    }
    await ensureFolder(dirname(path), 0o755);
    await writeFileAtomic(path, "A run of mailcert deploy --harden is under way, or was cut short.\n", { mode: 0o644 });
  },
});
