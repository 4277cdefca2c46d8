// Commands with --json: the document that they print, held against its schema, and the status that they end with.
import { expect } from "vitest";
import type { Ran } from "./run-main.ts";
import { complaints } from "./schemas.ts";

type Document = Record<string, unknown>;

/** @param run a command line, in whichever folder */
export const documentsOf =
  (run: (...line: readonly string[]) => Promise<Ran>) =>
  async (status: number, ...line: readonly string[]): Promise<Document> => {
    const ran = await run(...line, "--json");
    expect(ran.status, ran.stdout + ran.stderr).toBe(status);
    const document = JSON.parse(ran.stdout) as Document;
    expect(complaints(document), ran.stdout).toEqual([]);
    return document;
  };
