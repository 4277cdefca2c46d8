// Reads a file that a person names: a plain one, of a bounded size, and never a wait for a pipe's other end.
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "./files.ts";

export interface PlainFile {
  readonly content: Buffer;
  /** Of the very file that was read. */
  readonly facts: Stats;
}

export interface PlainFileLimits {
  readonly mostBytes: number;
  /** What it should be, for messages: `a private key`. */
  readonly what: string;
}

/** @throws Failure `data` for what is no plain file or too large, else what reading it failed at. */
export const readPlainFile = async (path: string, { mostBytes, what }: PlainFileLimits): Promise<PlainFile> => {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = await file.stat();
      if (!facts.isFile()) throw new Failure("data", `${path} is no file`);
      if (facts.size > mostBytes) throw new Failure("data", `${path} is too large to be ${what}`);
      return { content: await file.readFile(), facts };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure(error, "read", path);
  }
};
