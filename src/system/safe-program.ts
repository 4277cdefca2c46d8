// A program of the admin's own that mailcert is told to run: there, executable, and, where root runs it, changeable by root alone.
import { stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { fileFailure } from "./files.ts";
import type { Offence } from "./root-only.ts";
import { offenceThroughSticky } from "./safe-folder.ts";

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
  const offence = await offenceThroughSticky(path);
  if (offence === undefined) return;
  throw new Failure("config", `root does not run ${path}: ${offence.who} can change ${offence.path}`, {
    hints: [
      ...(offence.mend === undefined ? ownerMend(path, offence) : [offence.mend]),
      "or put it where only root can write, like /usr/local/sbin",
    ],
    facts,
  });
};
