// Which TLS library a program has loaded: asked of the dynamic linker, and read in the library itself. `openssl version` may be another one's.
import { open, readFile, realpath } from "node:fs/promises";
import { type TlsLibrary, readLibrary } from "../domain/tls-policy.ts";
import type { RunProgram } from "../system/run.ts";

const pieceSize = 1 << 20;
/** Long enough for the version, which may lie across two pieces. */
const overlap = 64;

/** The library's own word for itself, as it stands among its constants. */
const versionIn = async (path: string): Promise<TlsLibrary | undefined> => {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(pieceSize);
    for (let from = 0; from < 1 << 26; from += pieceSize - overlap) {
      const { bytesRead } = await file.read(buffer, 0, pieceSize, from);
      const found = /(?:OpenSSL|LibreSSL) \d+\.\d+\.\d+[a-z]? \d+ [A-Z][a-z]{2} \d{4}/.exec(
        buffer.toString("latin1", 0, bytesRead),
      );
      if (found) return readLibrary(found[0]);
      if (bytesRead < pieceSize) return undefined;
    }
    return undefined;
  } finally {
    await file.close();
  }
};

/** `program`: its path. Whether a library that it is linked with has this name among its constants; false where it cannot be found out. */
export const libraryNames = async (
  run: RunProgram,
  program: string,
  library: string,
  name: string,
): Promise<boolean> => {
  try {
    const path = program.startsWith("/")
      ? program
      : (await run("sh", ["-c", 'command -v "$0"', program])).stdout.trim();
    const { stdout } = await run("ldd", [await realpath(path)]);
    const file = new RegExp(`^\\s*${library}\\.so\\S* => (/\\S+)`, "m").exec(stdout)?.[1];
    if (file === undefined) return false;
    return (await readFile(file)).includes(`${name}\0`);
  } catch {
    return false;
  }
};

/** undefined where it cannot be found out: no `ldd`, linked statically, another library. */
export const linkedLibrary = async (run: RunProgram, program: string): Promise<TlsLibrary | undefined> => {
  try {
    const { stdout } = await run("ldd", [program]);
    const path = /^\s*libcrypto\.so\S* => (\/\S+)/m.exec(stdout)?.[1];
    return path === undefined ? undefined : await versionIn(await realpath(path));
  } catch {
    return undefined;
  }
};
