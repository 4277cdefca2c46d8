// Whether a file is still the one that it was, without reading it: it may hold a secret.
import { stat } from "node:fs/promises";

/**
 * A text that changes when the file does, when it comes or goes, or when others may read it. A folder's content is not looked at:
 * what is written into it for each validation would change it. undefined: this user may not look at it.
 */
export const fileMark = async (path: string): Promise<string | undefined> => {
  try {
    const facts = await stat(path);
    const content = facts.isDirectory() ? [] : [facts.size, facts.mtimeMs];
    return [facts.dev, facts.ino, facts.mode, facts.uid, facts.gid, ...content].join(" ");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return code === "EACCES" ? undefined : code;
  }
};
