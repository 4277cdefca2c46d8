// Certificates by name for maps in a database: a program of the admin's gets each name with key and chain, as the map is to hold them, after each switch.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../../domain/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { Hook } from "../../domain/hook.ts";
import { lastWords } from "../../domain/last-words.ts";
import { clean } from "../../domain/text.ts";
import { fileFailure, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { refuseUnsafeCommand, whoElseWrites } from "../../system/safe-program.ts";
import { entriesOf } from "./indexed.ts";
import { mapFile } from "./sni.ts";

/** The last line: rows that a killed run did not finish have none, and are not to be taken for all of them. */
const end = ".";

/** What the program was given last, as a checksum, and how it was called; `unfinished` while it runs. Nothing in it leads to a key. */
const handedFile = (configDir: string): string => join(configDir, "mailcert-sni.rows");
const unfinished = "unfinished";

interface Handed {
  readonly sum: string;
  /** Absent: an earlier version did not write it down. */
  readonly program?: Hook;
  /** Those that got rows before it, and did not take the end of them yet. */
  readonly former: readonly Hook[];
  /** Somebody else could have written the programs: root does not run them. */
  readonly doubt?: string;
}

const isHook = (value: unknown): value is Hook => {
  const { run, timeout } = (value ?? {}) as Partial<Hook>;
  return Array.isArray(run) && run.every((word) => typeof word === "string") && typeof timeout === "number";
};

const readCall = async (call: string): Promise<readonly Hook[]> => {
  const value = await Promise.resolve(call)
    .then((json): unknown => JSON.parse(json))
    .catch(() => undefined);
  return isHook(value) ? [value] : [];
};

/** undefined: no program has any. */
const readHanded = async (configDir: string): Promise<Handed | undefined> => {
  const path = handedFile(configDir);
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const [sum = "", ...calls] = text.split("\n").map((line) => line.trim());
  const [program, ...former] = (await Promise.all(calls.map(readCall))).flat();
  const other = await whoElseWrites(path);
  const doubt = other && `root does not run what ${path} names: ${other.who} can change ${other.path}`;
  return { sum, former, ...(program ? { program } : {}), ...(doubt === undefined ? {} : { doubt }) };
};

const isSame = (one: Hook, other: Hook): boolean => JSON.stringify(one.run) === JSON.stringify(other.run);
const nameOf = ({ run: [program = ""] }: Hook): string => clean(program, 200);

/** The program that got rows last: the one to ask where the configuration cannot be read. */
export const programOfRows = async (configDir: string): Promise<Hook | undefined> => {
  const { program, doubt } = (await readHanded(configDir)) ?? {};
  return doubt === undefined ? program : undefined;
};

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

/** @throws Failure `unavailable` where it fails, never with what it was given. */
const give = async (run: RunProgram, hook: Hook, input: string): Promise<void> => {
  const [program = "", ...args] = hook.run;
  await refuseUnsafeCommand(hook.run);
  const shown = nameOf(hook);
  const failure = (what: string): Failure =>
    new Failure("unavailable", what, { hints: [`mend ${shown}: it gets all rows again at the next run`] });
  const { status, stderr } = await run(program, args, {
    input,
    timeoutMs: hook.timeout * 1000,
    ownGroup: true,
    maxOutput: 65_536,
  }).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    throw failure(`the program that gets the rows of Postfix's SNI map: ${error.message}`);
  });
  if (status !== 0)
    throw failure(
      `${shown}, which gets the rows of Postfix's SNI map, ended with status ${status}: ${wordsOf(stderr)}`,
    );
};

/** Why a program that had rows may still have them; undefined: it has none. */
const emptied = async (run: RunProgram, hook: Hook, doubt: string | undefined): Promise<string | undefined> => {
  if (doubt !== undefined) return doubt;
  const failure = await give(run, hook, `${end}\n`).catch((error: unknown) => error);
  if (failure === undefined) return undefined;
  if (failure instanceof Failure) return failure.message;
  throw failure;
};

/**
 * Hands all rows to the program, which makes the table hold these and no others; none, where it had some before. Says what was done where anything
 * changed since it last succeeded; it is run all the same, so that a deployment fills a database that lost them. Another program that had rows
 * before takes the end of them, once this one has them: clients find the names all the time.
 * @throws Failure `unavailable` where it fails, never with what it was given, or where another one may keep rows.
 */
export const handRows = async (
  run: RunProgram,
  configDir: string,
  hook: Hook,
  rows: readonly string[],
): Promise<readonly string[]> => {
  const path = handedFile(configDir);
  const handed = await readHanded(configDir);
  const before = handed?.sum;
  if (rows.length === 0 && before === undefined) return [];
  await refuseUnsafeCommand(hook.run);
  const input = `${[...rows, end].join("\n")}\n`;
  const sum = sha256Hex(Buffer.from(input));
  const known = [...(handed?.program ? [handed.program] : []), ...(handed?.former ?? [])];
  const former = known.filter((one) => !isSame(one, hook));
  const note = (text: string, others: readonly Hook[]): Promise<void> =>
    writeFileAtomic(path, [text, ...[hook, ...others].map((one) => JSON.stringify(one)), ""].join("\n"), {
      mode: 0o600,
    });
  if (before !== sum || former.length > 0) await note(unfinished, former);
  try {
    await give(run, hook, input);
  } catch (error) {
    await note(unfinished, former);
    throw error;
  }
  const left: { readonly one: Hook; readonly why: string }[] = [];
  for (const one of former) {
    const why = await emptied(run, one, handed?.doubt);
    if (why !== undefined) left.push({ one, why });
  }
  // Both may have filled the same table.
  if (rows.length > 0 && left.length < former.length) await give(run, hook, input);
  const others = left.map(({ one }) => one);
  if (rows.length === 0 && others.length === 0) await rm(path, { force: true });
  else if (before !== sum || former.length > 0 || JSON.stringify(handed?.program) !== JSON.stringify(hook))
    await note(sum, others);
  const [first] = left;
  if (first) throw stillHeld(`${nameOf(hook)} gets the rows of Postfix's SNI map now`, first.one, path, first.why);
  return [
    ...(before === sum && former.length === 0
      ? []
      : [`${nameOf(hook)} got ${rows.length} ${rows.length === 1 ? "row" : "rows"} of the SNI map`]),
    ...former.map((one) => `${nameOf(one)}, which got them before, got 0 rows of the SNI map`),
  ];
};

const stillHeld = (why: string, program: Hook | undefined, path: string, detail: string | undefined): Failure => {
  const filled = `${why}, and the database that ${program ? nameOf(program) : "a program"} filled may still hold names and private keys of Postfix's SNI map`;
  return new Failure("unavailable", `${filled}${detail === undefined ? "" : `: ${detail}`}`, {
    hints: [`empty that table, and then: rm ${path}`],
  });
};

/**
 * The rows go where the configuration names no program any more: keys that nobody renews would stand in front of our map, and stay there for ever.
 * `why` we cannot tell which one fills the table, where that is not written down. @throws Failure `unavailable` where somebody has to empty it.
 */
export const takeRowsBack = async (run: RunProgram, configDir: string, why: string): Promise<readonly string[]> => {
  const handed = await readHanded(configDir);
  if (!handed) return [];
  const { program, doubt } = handed;
  const path = handedFile(configDir);
  if (!program || doubt !== undefined) throw stillHeld(why, program, path, doubt);
  try {
    return await handRows(run, configDir, program, []);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Which of several it is, is said there.
    if (error.hints.some((hint) => hint.includes(path))) throw error;
    throw stillHeld(why, program, path, error.message);
  }
};

/** A database that shows the statement that failed shows a key with it. */
const wordsOf = (stderr: string): string => lastWords(stderr).replace(/[A-Za-z0-9+/]{32,}={0,2}/g, "(a value)");
