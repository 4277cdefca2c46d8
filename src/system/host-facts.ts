// What this host can do right now: write to a folder, hold a file, listen on a port. Answers, never failures.
import { constants } from "node:fs";
import { access, statfs, unlink } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { parseListenAddress } from "../domain/listen-address.ts";
import { temporaryBeside, writeNewFile } from "./files.ts";
import { findPortHolders } from "./port-holder.ts";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  ENOENT: "no file can be made there",
  ENOTDIR: "it is no folder",
  EADDRNOTAVAIL: "this host does not have that address",
};

const why = (error: unknown): string => words[codeOf(error)] ?? (codeOf(error) || "it failed");

/** The folder, or the next one above it that exists. */
const present = async (folder: string): Promise<string> => {
  for (let path = resolve(folder); ; path = dirname(path)) {
    try {
      await access(path);
      return path;
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || path === dirname(path)) return path;
    }
  }
};

export const writeTrouble = async (folder: string): Promise<string | undefined> => {
  const path = temporaryBeside(`${await present(folder)}/preflight`);
  try {
    // What a generation of two slots needs at most.
    await writeNewFile(path, 0o600, " ".repeat(65_536));
    return undefined;
  } catch (error) {
    return why(error);
  } finally {
    await unlink(path).catch(() => undefined);
  }
};

export const accessTrouble = async (folder: string): Promise<string | undefined> => {
  try {
    await access(await present(folder), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return why(error);
  }
};

export const freeBytes = async (folder: string): Promise<number | undefined> => {
  try {
    const { bavail, bsize } = await statfs(await present(folder));
    return bavail * bsize;
  } catch {
    return undefined;
  }
};

/** Listens and closes again at once: nothing is accepted. */
const listen = (port: number, host: string | undefined): Promise<unknown> =>
  new Promise((done) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", done);
    server.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true }, () => {
      server.close(() => done(undefined));
    });
  });

export const listenTrouble = async (address: string): Promise<string | undefined> => {
  const wanted = parseListenAddress(address);
  if ("problem" in wanted) return wanted.problem;
  const error = await listen(wanted.port, wanted.host);
  if (error === undefined) return undefined;
  if (codeOf(error) !== "EADDRINUSE") return why(error);
  const holders = await findPortHolders(wanted.port);
  const who = [...new Set(holders.map(({ program, pid }) => `${program} (pid ${pid})`))].slice(0, 3).join(", ");
  return `port ${wanted.port} is held by ${who || "another program"}`;
};
