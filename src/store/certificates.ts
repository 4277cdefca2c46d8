// state.json of each certificate, and its append-only keys.
import { readFileSync, readdirSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import type { Slot } from "../domain/keys.ts";
import { holdsKey } from "../domain/text.ts";
import { ensureFolder, fileFailure, writeFileAtomic } from "../system/files.ts";
import { readState } from "./state.ts";
import type { CertificateState, Store } from "./store.ts";

type Part = Pick<Store, "list" | "read" | "write" | "addKey" | "readKey">;

const keyId = (number: number): string => String(number).padStart(4, "0");

/** `root` is `<state>/certificates`; `version`: this program's. Reads are synchronous: a run over a thousand certificates spends its time here. */
export const createCertificates = (root: string, version?: string): Part => ({
  list: () => {
    try {
      return readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
        .map((entry) => entry.name)
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw fileFailure(error, "read", root);
    }
  },

  read: (name) => {
    const path = join(root, name, "state.json");
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw fileFailure(error, "read", path);
    }
    return readState(text, path);
  },

  write: async (state: CertificateState) => {
    await ensureFolder(root, 0o755);
    await ensureFolder(join(root, state.name), 0o755);
    const text = `${JSON.stringify(version === undefined ? state : { ...state, writtenBy: version }, undefined, 2)}\n`;
    if (holdsKey(text)) throw new Error("a state must never hold a key");
    await writeFileAtomic(join(root, state.name, "state.json"), text, { mode: 0o644 });
  },

  addKey: async (name, slot: Slot, privateKey) => {
    await ensureFolder(join(root, name), 0o755);
    await ensureFolder(join(root, name, "keys"), 0o700);
    const folder = join(root, name, "keys", slot);
    await ensureFolder(folder, 0o700);
    const taken = (await readdir(folder)).map((file) => Number.parseInt(file, 10)).filter((number) => number > 0);
    const id = keyId(Math.max(0, ...taken) + 1);
    await writeFileAtomic(join(folder, `${id}.pem`), privateKey, { mode: 0o600 });
    return id;
  },

  readKey: async (name, slot, id) => {
    const path = join(root, name, "keys", slot, `${id}.pem`);
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        throw new Failure("data", `the key ${path} is gone`, {
          hints: [`put it back from a backup, or make a new one: mailcert renew ${name} --force --new-key`],
          cause: error,
        });
      }
      throw fileFailure(error, "read", path);
    }
  },
});
