// Generations: immutable numbered folders, and the one symbolic link `live` that servers read through.
import { existsSync, readlinkSync, statSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { keyMatches } from "../domain/key-match.ts";
import type { Slot } from "../domain/keys.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { SlotPaths } from "../servers/server.ts";
import {
  ensureFolder,
  fileFailure,
  readTextIfPresent,
  syncFolder,
  temporaryBeside,
  writeNewFile,
} from "../system/files.ts";
import { carryReaders } from "./key-readers.ts";
import type { PublicSlot, StagedSlot, Store } from "./store.ts";

type Part = Pick<
  Store,
  | "stage"
  | "slotsIn"
  | "readCertificates"
  | "readGeneration"
  | "damage"
  | "liveLoss"
  | "switchLive"
  | "liveNumber"
  | "livePaths"
  | "prune"
  | "dropUnrecorded"
>;

const folderName = (number: number): string => String(number).padStart(4, "0");
const temporary = /^\.mailcert-.*\.tmp$/;
const slots: readonly Slot[] = ["ecdsa", "rsa"];

const requestFile = "request.pem";

/** Each PEM ends in exactly one line end, so that joined files parse everywhere. */
const joined = (...parts: readonly string[]): string => parts.map((part) => `${part.trim()}\n`).join("");

const isOfAnother = ({ privateKey, leaf }: StagedSlot): boolean => {
  try {
    return privateKey !== undefined && !keyMatches(privateKey, leaf);
  } catch {
    return false;
  }
};

/** The files of a slot: name, mode, content. privkey.pem and combined.pem hold the key, nothing else may; request.pem stands there in their place. */
export const slotFiles = (slot: StagedSlot): readonly { name: string; mode: number; content: string }[] => [
  slot.privateKey === undefined
    ? { name: requestFile, mode: 0o644, content: joined(slot.request) }
    : { name: "privkey.pem", mode: 0o600, content: joined(slot.privateKey) },
  { name: "cert.pem", mode: 0o644, content: joined(slot.leaf) },
  { name: "chain.pem", mode: 0o644, content: joined(...slot.chain) },
  { name: "fullchain.pem", mode: 0o644, content: joined(slot.leaf, ...slot.chain) },
  // Key first: Postfix's smtpd_tls_chain_files demands that order.
  ...(slot.privateKey === undefined
    ? []
    : [{ name: "combined.pem", mode: 0o600, content: joined(slot.privateKey, slot.leaf, ...slot.chain) }]),
];

const publicFiles = ["cert.pem", "chain.pem", "fullchain.pem"];
const pairFiles = [...publicFiles, "privkey.pem", "combined.pem"];

/** Says that a slot's files are those of an earlier generation. */
const carriedMark = "carried";

/** Copies a slot's files with their modes, so that settings that still name them keep working. */
const carryAlong = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { mode: 0o755 });
  for (const file of (await readdir(from)).filter((name) => name !== carriedMark)) {
    const { mode } = await stat(join(from, file));
    await writeNewFile(join(to, file), mode & 0o777, await readFile(join(from, file), "utf8"));
  }
  await writeNewFile(join(to, carriedMark), 0o644, `from ${from}\n`);
  await syncFolder(to);
};

/** Under its number a generation is whole or it is not there, also where this is cut short: the rest goes with what a killed run left. */
const removeWhole = async (folder: string): Promise<void> => {
  const going = temporaryBeside(folder);
  await rename(folder, going);
  await rm(going, { recursive: true, force: true });
};

// Not splitPem of domain/certificate.ts: that would load the reading of certificates into every run that opens the store.
const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** `root` is `<state>/certificates`. */
export const createGenerations = (root: string): Part => {
  const generations = (name: string): string => join(root, name, "generations");

  const numbers = async (name: string): Promise<number[]> =>
    (await readdir(generations(name)).catch(() => [])).filter((entry) => /^\d+$/.test(entry)).map(Number);

  const readCertificates: Part["readCertificates"] = async (name, number) => {
    const result: Partial<Record<Slot, PublicSlot>> = {};
    for (const slot of slots) {
      const folder = join(generations(name), folderName(number), slot);
      if (existsSync(join(folder, carriedMark))) continue;
      const fullchain = await readFile(join(folder, "fullchain.pem"), "utf8").catch(() => undefined);
      if (fullchain === undefined) continue;
      const [leaf = "", ...chain] = fullchain.match(certificates) ?? [];
      result[slot] = { leaf, chain };
    }
    return result;
  };

  const readGeneration: Part["readGeneration"] = async (name, number) => {
    const result: Partial<Record<Slot, StagedSlot>> = {};
    const found = await readCertificates(name, number);
    for (const slot of slots) {
      const path = join(generations(name), folderName(number), slot, "privkey.pem");
      const known = found[slot];
      if (!known) continue;
      const request = await readTextIfPresent(join(generations(name), folderName(number), slot, requestFile));
      try {
        result[slot] =
          request === undefined ? { ...known, privateKey: await readFile(path, "utf8") } : { ...known, request };
      } catch (error) {
        throw fileFailure(error, "read", path);
      }
    }
    return result;
  };

  const liveNumber: Part["liveNumber"] = (name) => {
    const live = join(root, name, "live");
    try {
      const number = Number(/^generations\/(\d+)$/.exec(readlinkSync(live))?.[1]);
      return Number.isNaN(number) ? undefined : number;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code !== "EINVAL") throw fileFailure(error, "read", live);
      // As a copy leaves it that follows links; servers would go on with its files for ever.
      throw new Failure("data", `${live} is no symbolic link: no generation can be switched to`, {
        hints: [
          `move it away: mv ${shellWord(live)} ${shellWord(`${live}.copy`)}; then: mailcert deploy ${shellWord(name)}`,
        ],
        cause: error,
      });
    }
  };

  return {
    slotsIn: (name, number) => slots.filter((slot) => existsSync(join(generations(name), folderName(number), slot))),

    stage: async (name, material, above, carry) => {
      const folder = generations(name);
      const draft = temporaryBeside(join(folder, "x"));
      try {
        await ensureFolder(join(root, name), 0o755);
        await ensureFolder(folder, 0o755);
        const number = Math.max(above, ...(await numbers(name))) + 1;
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { mode: 0o755 });
        for (const slot of slots) {
          const staged = material[slot];
          if (!staged) continue;
          await mkdir(join(draft, slot), { mode: 0o755 });
          for (const file of slotFiles(staged))
            await writeNewFile(join(draft, slot, file.name), file.mode, file.content);
          await carryReaders(join(root, name, "live", slot), join(draft, slot));
          await syncFolder(join(draft, slot));
        }
        for (const slot of carry?.slots ?? []) {
          if (!material[slot] && carry) await carryAlong(join(folder, folderName(carry.from), slot), join(draft, slot));
        }
        await syncFolder(draft);
        await rename(draft, join(folder, folderName(number)));
        await syncFolder(folder);
        return number;
      } catch (error) {
        // On a full disk each attempt would leave less.
        await rm(draft, { recursive: true, force: true }).catch(() => undefined);
        throw fileFailure(error, "write a generation below", folder);
      }
    },

    readCertificates,
    readGeneration,

    damage: async (name, number, wanted) => {
      const folderOf = (slot: Slot): string => join(generations(name), folderName(number), slot);
      for (const slot of wanted)
        if (!["privkey.pem", requestFile].some((file) => existsSync(join(folderOf(slot), file))))
          return `${join(folderOf(slot), "privkey.pem")} is missing`;
      const read = await readGeneration(name, number);
      for (const slot of wanted) {
        const folder = folderOf(slot);
        const staged = read[slot];
        if (!staged) return `${join(folder, "fullchain.pem")} is missing`;
        for (const file of slotFiles(staged)) {
          const text = await readTextIfPresent(join(folder, file.name));
          if (text === undefined) return `${join(folder, file.name)} is missing`;
          if (text === file.content) continue;
          // It is made of the others: which of them was exchanged, the key tells.
          if (file.name === "combined.pem" && isOfAnother(staged))
            return `${join(folder, "privkey.pem")} is not the key of the certificate beside it`;
          return `${join(folder, file.name)} is not what was written`;
        }
      }
      return undefined;
    },

    liveLoss: (name, leaves) => {
      for (const slot of slots) {
        const leaf = leaves[slot];
        // A thousand certificates are looked at each hour: no `join` for each file, no error thrown.
        const folder = `${root}/${name}/live/${slot}/`;
        for (const file of leaf === undefined ? [] : leaf.key === undefined ? publicFiles : pairFiles) {
          const path = folder + file;
          try {
            const found = statSync(path, { throwIfNoEntry: false });
            if (found === undefined) return `${path} is missing`;
            if (!found.isFile()) return `${path} is no file`;
            // A self-signed certificate has no chain.
            if (found.size === 0 && file !== "chain.pem") return `${path} is empty`;
          } catch (error) {
            const { code } = error as NodeJS.ErrnoException;
            // Whoever may not look knows nothing.
            if (code !== "EACCES" && code !== "EPERM") return `${path} cannot be looked at (${code ?? "unknown"})`;
          }
        }
      }
      return undefined;
    },

    switchLive: async (name, number) => {
      const live = join(root, name, "live");
      const fresh = temporaryBeside(live);
      try {
        await rm(fresh, { force: true });
        await symlink(join("generations", folderName(number)), fresh);
        await rename(fresh, live);
        await syncFolder(join(root, name));
      } catch (error) {
        await rm(fresh, { force: true }).catch(() => undefined);
        throw fileFailure(error, "switch", live);
      }
    },

    liveNumber,

    livePaths: (name, wanted) => {
      const paths: Partial<Record<Slot, SlotPaths>> = {};
      for (const slot of wanted) {
        const at = (file: string): string => join(root, name, "live", slot, file);
        paths[slot] = {
          privkey: at("privkey.pem"),
          cert: at("cert.pem"),
          chain: at("chain.pem"),
          fullchain: at("fullchain.pem"),
          combined: at("combined.pem"),
        };
      }
      return paths;
    },

    dropUnrecorded: async (name, recorded) => {
      const live = liveNumber(name);
      for (const number of await numbers(name)) {
        if (!recorded.includes(number) && number !== live)
          await removeWhole(join(generations(name), folderName(number)));
      }
    },

    prune: async (name, keep) => {
      const folder = generations(name);
      for (const number of await numbers(name)) {
        if (!keep.includes(number)) await removeWhole(join(folder, folderName(number)));
      }
      // What a killed run left: never renamed into place, so nothing points at it.
      for (const place of [folder, join(root, name), ...slots.map((slot) => join(root, name, "keys", slot))]) {
        for (const entry of await readdir(place).catch(() => [])) {
          if (temporary.test(entry)) await rm(join(place, entry), { recursive: true, force: true });
        }
      }
    },
  };
};
