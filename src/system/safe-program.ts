// A program of the admin's own that mailcert is told to run: there, executable, and, where root runs it, changeable by root alone.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { fileFailure } from "./files.ts";
import type { Offence } from "./root-only.ts";
import { offenceThroughSticky } from "./safe-folder.ts";
import { interpreterOf, scriptsBehind } from "./script-behind.ts";

/** A folder of somebody's is theirs, and /tmp everybody's: neither is to be taken away. */
const ownerMend = (path: string, offence: Offence): readonly string[] =>
  offence.path === path ? [`chown root: ${shellWord(path)}`] : [];

/**
 * Every folder and link on the way counts: who may replace one of them may replace the program.
 * @throws Failure `config` that names what is wrong and the command that mends it.
 */
export const refuseUnsafeProgram = async (path: string, uid: number = process.getuid?.() ?? -1): Promise<void> => {
  const facts = { path, code: "PROGRAM" };
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new Failure("config", `there is no program ${path}`, {
        hints: ["put it there, or write the path of the one that is meant"],
        cause: error,
        facts,
      });
    throw fileFailure(error, "look at", path);
  });
  if (!found.isFile()) throw new Failure("config", `${path} is not a file`, { facts });
  if ((found.mode & 0o111) === 0)
    throw new Failure("config", `${path} is not executable`, { hints: [`chmod 755 ${shellWord(path)}`], facts });
  if (uid !== 0) return;
  await refuseChangeable(path);
  await refuseInterpreter(path);
};

const refuseInterpreter = async (path: string): Promise<void> => {
  const interpreter = await interpreterOf(path);
  if (interpreter !== undefined) await refuseChangeable(interpreter, `, the interpreter of ${path}`);
};

const refuseChangeable = async (path: string, what = ""): Promise<void> => {
  const offence = await offenceThroughSticky(path);
  if (offence === undefined) return;
  const mend = offence.mend === undefined ? ownerMend(path, offence) : [offence.mend];
  const elsewhere = "put it where only root can write, like /usr/local/sbin";
  throw new Failure("config", `root does not run ${path}${what}: ${offence.who} can change ${offence.path}`, {
    hints: mend.length > 0 ? [...mend, `or ${elsewhere}`] : [elsewhere],
    facts: { path, code: "PROGRAM" },
  });
};

/**
 * The same of a program with its arguments: the script that it is to run (`/usr/bin/python3 /opt/x.py`) need not be executable, and is looked at as it is.
 * A program without a path (`systemctl`) is found where only root puts programs.
 */
export const refuseUnsafeCommand = async (
  words: readonly string[],
  uid: number = process.getuid?.() ?? -1,
): Promise<void> => {
  const [program = ""] = words;
  if (program.includes("/")) await refuseUnsafeProgram(resolve("/", program), uid);
  if (uid !== 0) return;
  for (const path of await scriptsBehind(words)) {
    await refuseChangeable(path);
    await refuseInterpreter(path);
  }
};

/** A file that says what root is to run: who else could have written that. undefined: nobody, or we are not root. */
export const whoElseWrites = async (
  path: string,
  uid: number = process.getuid?.() ?? -1,
): Promise<Offence | undefined> => (uid === 0 ? offenceThroughSticky(path) : undefined);
