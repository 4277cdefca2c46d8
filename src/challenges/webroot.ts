// http-01 (RFC 8555 §8.3) through a web server that has port 80 already: its folder gets the token's file, until the CA has looked.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, opendir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "../system/files.ts";
import { followFolder, inside } from "../system/follow-folder.ts";
import type { Challenge, ChallengeToken } from "./challenge.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** RFC 8555 §8.3: base64url. Anything else could be a path. */
const tokenPattern = /^[A-Za-z0-9_-]{1,512}$/;

const tokensPath = ".well-known/acme-challenge";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

const refused = (path: string, error: unknown): unknown => {
  if (error instanceof Failure) return error;
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

interface Opened {
  readonly folder: FileHandle;
  /** It was not there. */
  readonly made: boolean;
}

const openFolder = async (parent: FileHandle, name: string, shown: string): Promise<Opened> => {
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
    return { folder, made };
  } catch (error) {
    throw refused(shown, error);
  }
};

interface Folders {
  readonly webroot: FileHandle;
  readonly wellKnown: FileHandle;
  readonly tokens: FileHandle;
  /** `.well-known` was not there. */
  readonly made: boolean;
}

/** The folder of the tokens, made where it is missing, and those above it, opened for one job. */
const withFolders = async <Result>(path: string, job: (folders: Folders) => Promise<Result>): Promise<Result> => {
  const opened: FileHandle[] = [];
  try {
    const webroot = await followFolder(path).catch((error: unknown) => {
      throw refused(path, error);
    });
    opened.push(webroot);
    const above = await openFolder(webroot, ".well-known", join(path, ".well-known"));
    opened.push(above.folder);
    const { folder: tokens } = await openFolder(above.folder, "acme-challenge", join(path, tokensPath));
    opened.push(tokens);
    return await job({ webroot, wellKnown: above.folder, tokens, made: above.made });
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

/** Names that are looked at in one folder: others may put any number there, and no CA has as many tokens under way. */
const mostNames = 2000;

/** Files that an earlier run of this account could not take away any more: named by a token, holding its key authorization. */
const sweep = async (tokens: FileHandle, keyAuthorization: string, kept: ReadonlySet<string>): Promise<void> => {
  const thumbprint = keyAuthorization.slice(keyAuthorization.lastIndexOf(".") + 1);
  let seen = 0;
  for await (const { name } of await opendir(inside(tokens, "."))) {
    seen += 1;
    if (seen > mostNames) return;
    if (!tokenPattern.test(name) || kept.has(name)) continue;
    const text = await textOf(inside(tokens, name));
    if (text === `${name}.${thumbprint}`) await unlink(inside(tokens, name)).catch(() => undefined);
  }
};

/** Takes away the folders that nothing is in any more. By their parents as they were opened: a path may lead elsewhere by now. */
const removeFolders = async ({ webroot, wellKnown }: Folders): Promise<void> => {
  // rmdir follows no link at its end, and takes nothing that is not empty.
  await rmdir(inside(wellKnown, "acme-challenge")).catch(() => undefined);
  await rmdir(inside(webroot, ".well-known")).catch(() => undefined);
};

/** `webroot`: absolute path of the folder that the web server on port 80 shows for the names. */
export const createWebroot = ({ webroot }: { readonly webroot: string }): Challenge => {
  const shown = new Set<string>();
  /** `.well-known` was made by us. */
  let ours = false;

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!tokenPattern.test(token.token))
      throw new Failure(
        "unavailable",
        `the CA sent a token for ${token.identifier} that is not base64url (RFC 8555 §8.3)`,
      );
    shown.add(token.token);
    await withFolders(webroot, async ({ tokens, made }) => {
      ours ||= made;
      await sweep(tokens, token.keyAuthorization, shown);
      await write(tokens, token).catch((error: unknown) => {
        throw refused(webroot, error);
      });
    });
    signal.throwIfAborted();
  };

  const cleanUp = async ({ token }: ChallengeToken): Promise<void> => {
    if (!shown.delete(token)) return;
    await withFolders(webroot, async (folders) => {
      ours ||= folders.made;
      await unlink(inside(folders.tokens, token)).catch((error: unknown) => {
        if (codeOf(error) !== "ENOENT") throw error;
      });
      if (shown.size === 0 && ours) await removeFolders(folders);
    }).catch((error: unknown) => {
      if (!(error instanceof Failure && error.kind === "config")) throw error;
    });
  };

  return { type: "http-01", webroot, present, cleanUp };
};
