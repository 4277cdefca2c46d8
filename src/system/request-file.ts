// Reads a file that should hold a certificate signing request: bounded, nothing but a file.
import { open } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "./files.ts";

/** A request with hundreds of names is smaller. */
const mostBytes = 1 << 18;

/** @throws Failure `data` for what is no file or too large, else what reading it failed at. */
export const readRequestFile = async (path: string): Promise<Buffer> => {
  try {
    const file = await open(path, "r");
    try {
      const facts = await file.stat();
      if (!facts.isFile()) throw new Failure("data", `${path} is no file`);
      if (facts.size > mostBytes) throw new Failure("data", `${path} is too large to be a certificate signing request`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure(error, "read", path);
  }
};
