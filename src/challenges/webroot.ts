// http-01 (RFC 8555 §8.3) through a web server that has port 80 already: its folder gets the token's file, until the CA has looked.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "../system/files.ts";
import type { Challenge, ChallengeToken } from "./challenge.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** RFC 8555 §8.3: base64url. Anything else could be a path. */
const tokenPattern = /^[A-Za-z0-9_-]{1,512}$/;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

/** A folder by its descriptor: whoever may write above it cannot lead us elsewhere meanwhile. */
const inside = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

const refused = (path: string, error: unknown): unknown => {
  const hints = [
    "name the folder that your web server shows for this name, as it stands in its root setting: webroot: DIR (--webroot DIR)",
  ];
  const code = codeOf(error);
  if (code === "ENOENT") return new Failure("config", `the webroot ${path} does not exist`, { hints });
  if (code === "ENOTDIR" || code === "ELOOP")
    return new Failure("config", `${path} is no folder of its own (a file, or a symbolic link): nothing is put there`, {
      hints: [...hints, "a link inside it could lead root anywhere; name the folder behind the link instead"],
    });
  return fileFailure(error, "put the CA's token below", path);
};

const openFolder = async (parent: FileHandle, name: string, shown: string): Promise<FileHandle> => {
  let made = false;
  try {
    await mkdir(inside(parent, name), { mode: 0o755 });
    made = true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw refused(shown, error);
  }
  try {
    const folder = await open(inside(parent, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    // Whatever the umask said: the web server is somebody else.
    if (made) await folder.chmod(0o755);
    return folder;
  } catch (error) {
    throw refused(shown, error);
  }
};

/** The folder of the tokens, made where it is missing, opened for one job. */
const withTokens = async <Result>(webroot: string, job: (tokens: FileHandle) => Promise<Result>): Promise<Result> => {
  const opened: FileHandle[] = [];
  try {
    let at = await open(webroot, O_RDONLY | O_DIRECTORY).catch((error: unknown) => {
      throw refused(webroot, error);
    });
    opened.push(at);
    let shown = webroot;
    for (const name of [".well-known", "acme-challenge"]) {
      shown = join(shown, name);
      at = await openFolder(at, name, shown);
      opened.push(at);
    }
    return await job(at);
  } finally {
    for (const folder of opened.toReversed()) await folder.close();
  }
};

const write = async (tokens: FileHandle, { token, keyAuthorization }: ChallengeToken): Promise<void> => {
  // Left by a run that was killed: the CA gives the same token again.
  await unlink(inside(tokens, token)).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
  });
  const file = await open(inside(tokens, token), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    await file.chmod(0o644);
    await file.writeFile(keyAuthorization);
  } finally {
    await file.close();
  }
};

/** More than a token, a dot and a thumbprint. */
const mostBytes = 2048;

/** Others may put what they like into a web server's folder: a pipe would be waited for, and a device never ends. */
const textOf = async (path: string): Promise<string> => {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const facts = await file.stat();
    return facts.isFile() && facts.size <= mostBytes ? await file.readFile("utf8") : "";
  } finally {
    await file.close();
  }
};

/** Files that an earlier run of this account could not take away any more: named by a token, holding its key authorization. */
const sweep = async (tokens: FileHandle, keyAuthorization: string, kept: ReadonlySet<string>): Promise<void> => {
  const thumbprint = keyAuthorization.slice(keyAuthorization.lastIndexOf(".") + 1);
  for (const name of await readdir(inside(tokens, "."))) {
    if (!tokenPattern.test(name) || kept.has(name)) continue;
    const text = await textOf(inside(tokens, name));
    if (text === `${name}.${thumbprint}`) await unlink(inside(tokens, name)).catch(() => undefined);
  }
};

/** Takes away the folders that nothing is in any more, where they were made by us. */
const removeFolders = async (webroot: string): Promise<void> => {
  for (const path of [".well-known/acme-challenge", ".well-known"]) {
    // rmdir follows no link at its end, and takes nothing that is not empty.
    await rmdir(join(webroot, path)).catch(() => undefined);
  }
};

/** `webroot`: absolute path of the folder that the web server on port 80 shows for the names. */
export const createWebroot = ({ webroot }: { readonly webroot: string }): Challenge => {
  const shown = new Set<string>();
  let wasThere: boolean | undefined;

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!tokenPattern.test(token.token))
      throw new Failure(
        "unavailable",
        `the CA sent a token for ${token.identifier} that is not base64url (RFC 8555 §8.3)`,
      );
    wasThere ??= await readdir(join(webroot, ".well-known")).then(
      () => true,
      () => false,
    );
    shown.add(token.token);
    await withTokens(webroot, async (tokens) => {
      await sweep(tokens, token.keyAuthorization, shown);
      await write(tokens, token).catch((error: unknown) => {
        throw error instanceof Failure ? error : refused(webroot, error);
      });
    });
    signal.throwIfAborted();
  };

  const cleanUp = async ({ token }: ChallengeToken): Promise<void> => {
    if (!shown.delete(token)) return;
    await withTokens(webroot, (tokens) => unlink(inside(tokens, token))).catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT" && !(error instanceof Failure && error.kind === "config")) throw error;
    });
    if (shown.size === 0 && wasThere === false) await removeFolders(webroot);
  };

  return { type: "http-01", webroot, present, cleanUp };
};
