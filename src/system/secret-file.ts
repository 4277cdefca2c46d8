// A file with a secret in it: read whole, and refused where anybody but its owner and root may read or change it.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { fileFailure } from "./files.ts";

/** No key or token file comes near it. */
const mostBytes = 65_536;

/** @returns undefined where there is no such file. @throws Failure `config` for one that others can read, with the command that closes it. */
export const readSecretFile = async (path: string): Promise<string | undefined> => {
  let handle: FileHandle | undefined;
  try {
    // Not blocked by a pipe; what was looked at is what is read.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) throw new Failure("config", `${path} is not a file`, { facts: { path } });
    if ((found.mode & 0o077) !== 0)
      throw new Failure(
        "config",
        `${path} holds a secret, and others than its owner may use it (mode ${(found.mode & 0o777).toString(8).padStart(4, "0")})`,
        {
          hints: [`chmod 600 ${shellWord(path)}`, "and renew the secret where others may have read it"],
          facts: { path },
        },
      );
    // Whoever owns it decides what a root run does with it.
    if (found.uid !== 0 && found.uid !== process.getuid?.())
      throw new Failure("config", `${path} belongs to another user (uid ${found.uid})`, {
        hints: [`chown root: ${shellWord(path)}`],
        facts: { path },
      });
    if (found.size > mostBytes)
      throw new Failure("config", `${path} is larger than ${mostBytes} bytes`, { facts: { path } });
    return await handle.readFile("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFailure(error, "read", path);
  } finally {
    await handle?.close();
  }
};

/** The first line of such a file: what stands behind it would be taken for a part of the passphrase by nobody else. @throws Failure `usage` for a file that is missing or empty. */
export const readPassphrase = async (path: string): Promise<string> => {
  const text = await readSecretFile(path);
  const [line = ""] = (text ?? "").split(/\r?\n/);
  if (line !== "") return line;
  throw new Failure(
    "usage",
    text === undefined ? `there is no passphrase file ${path}` : `the first line of ${path} is empty`,
    {
      hints: ["write the passphrase into its first line, and let only root read it (0600)"],
    },
  );
};
