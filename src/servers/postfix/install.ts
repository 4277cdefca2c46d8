// Installs an edited main.cf or master.cf: first postconf reads it in a private folder and must find what was meant, then it replaces
// the file (the target of a symbolic link, mode and owner kept: postconf -e would do neither).
import { copyFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileFailure, writeFileAtomic } from "../../system/files.ts";

export type ConfigFile = "main.cf" | "master.cf";

/** postconf sleeps over a main.cf that was written within the last two seconds (see `settled` in system/files.ts): a copy for it alone is old. */
const settle = (path: string): Promise<void> => utimes(path, 0, 0);

/** Makes a private copy (0700) of an instance's two files, hands its folder to `use`, and removes it whatever happens. */
export const withPrivateCopy = async <T>(configDir: string, use: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-postfix-")).catch((error: unknown) => {
    throw fileFailure(error, "make a folder in", tmpdir());
  });
  try {
    for (const file of ["main.cf", "master.cf"]) {
      await copyFile(join(configDir, file), join(folder, file)).catch((error: unknown) => {
        throw fileFailure(error, "read", join(configDir, file));
      });
      await settle(join(folder, file));
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The new text of a file, and the one that the edit began with. */
export interface EditedText {
  readonly base: string;
  readonly text: string;
}

/** `agrees` asks postconf about the folder that it is given; only a text that it agrees to is installed, and only where nobody changed the file meanwhile. */
export const installText = async (
  configDir: string,
  file: ConfigFile,
  { base, text }: EditedText,
  agrees: (folder: string) => Promise<boolean>,
): Promise<void> => {
  const right = await withPrivateCopy(configDir, async (folder) => {
    await writeFile(join(folder, file), text, { mode: 0o600 });
    await settle(join(folder, file));
    return agrees(folder);
  });
  if (!right)
    throw new Error(
      `${join(configDir, file)}: postconf reads the edited text otherwise than meant; the file was not touched`,
    );
  await writeFileAtomic(join(configDir, file), text, {
    mode: 0o644,
    keepMode: true,
    follow: true,
    settled: true,
    base: { text: base },
  });
};
