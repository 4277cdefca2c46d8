// Certificates by name for maps in a database: a program of the admin's gets each name with key and chain, as the map is to hold them, after each switch.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { sha256Hex } from "../../domain/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { Hook } from "../../domain/hook.ts";
import { lastWords } from "../../domain/last-words.ts";
import { clean } from "../../domain/text.ts";
import { fileFailure, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { refuseUnsafeProgram } from "../../system/safe-program.ts";
import { entriesOf } from "./indexed.ts";
import { mapFile } from "./sni.ts";

/** The last line: rows that a killed run did not finish have none, and are not to be taken for all of them. */
const end = ".";

/** What the program was given last, as a checksum; `unfinished` while it runs. Nothing in it leads to a key. */
const handedFile = (configDir: string): string => join(configDir, "mailcert-sni.rows");
const unfinished = "unfinished";

/** As `postmap -F` writes a value: all files of a name, one after the other, in base64 (postmap(1)). */
const valueOf = async (files: string): Promise<string> => {
  const parts: Buffer[] = [];
  for (const path of files.split(/[\s,]+/)) {
    const content = await readFile(path).catch((error: unknown) => {
      throw fileFailure(error, "read", path);
    });
    parts.push(content);
  }
  return Buffer.concat(parts).toString("base64");
};

/** One line for each name of our map: the name as Postfix asks for it, a tab, the value. They hold private keys. */
export const rowsOf = async (configDir: string): Promise<readonly string[]> => {
  const entries = entriesOf((await readTextIfPresent(mapFile(configDir))) ?? "");
  const values = new Map<string, string>();
  for (const files of new Set(entries.values())) values.set(files, await valueOf(files));
  return [...entries].map(([name, files]) => `${name}\t${values.get(files) ?? ""}`);
};

/**
 * Hands all rows to the program, which makes the table hold these and no others; none, where it had some before. Says what was done where anything
 * changed since it last succeeded; it is run all the same, so that a deployment fills a database that lost them.
 * @throws Failure `unavailable` where it fails, never with what it was given.
 */
export const handRows = async (
  run: RunProgram,
  configDir: string,
  { run: words, timeout }: Hook,
): Promise<readonly string[]> => {
  const path = handedFile(configDir);
  const rows = await rowsOf(configDir);
  const before = (await readTextIfPresent(path))?.trim();
  if (rows.length === 0 && before === undefined) return [];
  const [program = "", ...args] = words;
  await refuseUnsafeProgram(program);
  const input = `${[...rows, end].join("\n")}\n`;
  const sum = sha256Hex(Buffer.from(input));
  const note = (text: string): Promise<void> => writeFileAtomic(path, `${text}\n`, { mode: 0o600 });
  if (before !== sum) await note(unfinished);
  const shown = clean(program, 200);
  const { status, stderr } = await run(program, args, {
    input,
    timeoutMs: timeout * 1000,
    ownGroup: true,
    maxOutput: 65_536,
  });
  if (status !== 0) {
    await note(unfinished);
    throw new Failure(
      "unavailable",
      `${shown}, which gets the rows of Postfix's SNI map, ended with status ${status}: ${wordsOf(stderr)}`,
      {
        hints: [`mend it, then run: mailcert deploy (it gets all rows again)`],
      },
    );
  }
  if (rows.length === 0) await rm(path, { force: true });
  else if (before !== sum) await note(sum);
  return before === sum ? [] : [`${shown} got ${rows.length} ${rows.length === 1 ? "row" : "rows"} of the SNI map`];
};

/** A database that shows the statement that failed shows a key with it. */
const wordsOf = (stderr: string): string => lastWords(stderr).replace(/[A-Za-z0-9+/]{32,}={0,2}/g, "(a value)");
