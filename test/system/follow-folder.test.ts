// Folders that others may have a hand in: links of root's are followed, those of others into their own folders alone.
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { followFolder, inside } from "../../src/system/follow-folder.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-follow-"));
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/b/file"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const me = process.getuid?.() ?? 0;
/** A link that is not root's: root gives it away, everybody else's is such a one already. */
const foreign = (target: string, name: string): number => {
  symlinkSync(target, join(folder, name));
  if (me !== 0) return me;
  lchownSync(join(folder, name), 65_534, 65_534);
  return 65_534;
};
const ends = async (path: string, trusted?: readonly number[]): Promise<string> => {
  const handle = await followFolder(path, trusted);
  try {
    expect((await stat(inside(handle, "."))).ino).toBe((await handle.stat()).ino);
    return await realpath(inside(handle, "."));
  } finally {
    await handle.close();
  }
};
const code = (path: string, trusted?: readonly number[]): Promise<unknown> =>
  ends(path, trusted).then(
    () => "it was opened",
    (error: unknown) => (error as { code?: unknown }).code ?? (error as { kind?: unknown }).kind,
  );

describe("followFolder", () => {
  test("opens what the path says, links of our own, dots and double slashes included", async () => {
    const end = await realpath(join(folder, "a/b"));
    symlinkSync("a", join(folder, "relative"));
    symlinkSync(`${folder}/relative/../relative//b/.`, join(folder, "absolute"));
    for (const path of ["a/b", "a/b/", "relative/b", "relative/../a/./b", "absolute"])
      expect(await ends(`${folder}/${path}`)).toBe(end);
    expect(await ends("/")).toBe("/");
  });

  test("fails as opening it fails", async () => {
    symlinkSync("circle", join(folder, "circle"));
    expect(await code(join(folder, "none"))).toBe("ENOENT");
    expect(await code(join(folder, "none/further"))).toBe("ENOENT");
    expect(await code(join(folder, "a/b/file"))).toBe("ENOTDIR");
    expect(await code(join(folder, "a/b/file/x"))).toBe("ENOTDIR");
    expect(await code(join(folder, "circle"))).toBe("ELOOP");
  });

  test("somebody else's link leads to root's folders never, wherever on the way it stands", async () => {
    const uid = foreign("/", "out");
    for (const path of ["out", "out/usr", "out/usr/../usr"]) {
      const error: unknown = await followFolder(join(folder, path), [0]).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ kind: "config" });
      expect(String(error)).toContain(`leads through the link ${join(folder, "out")}`);
    }
    // Where that user is trusted, it is like root's.
    expect(await code(join(folder, "out"), [0, uid])).toBe("it was opened");
  });

  test("and to that user's own, as a site's folder of releases has it", async () => {
    // Everything here is ours, and we are nobody who is trusted.
    symlinkSync("a/b", join(folder, "current"));
    const there = await followFolder(join(folder, "current"), []);
    expect(readdirSync(inside(there, "."))).toEqual(["file"]);
    await there.close();
  });

  /** A folder that others have a hand in: a user's own, or, where only root could give one away, one that everybody may write to. */
  const handed = (name: string): void => {
    mkdirSync(join(folder, name));
    if (me === 0) chownSync(join(folder, name), 65_534, 65_534);
    else chmodSync(join(folder, name), 0o777);
  };

  test("a link of root's, in a folder of root's, below one of somebody else's: they may move it to where it leads elsewhere", async () => {
    handed("theirs");
    mkdirSync(join(folder, "theirs/roots/deeper"), { recursive: true });
    symlinkSync("../../../a/b", join(folder, "theirs/roots/deeper/link"));
    symlinkSync(`${folder}/theirs/roots/deeper`, join(folder, "direct"));
    for (const path of ["theirs/roots/deeper/link", "direct/link"]) {
      const error: unknown = await followFolder(join(folder, path)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ kind: "config" });
      expect(String(error)).toContain(`leads through the link ${folder}/theirs/roots/deeper/link`);
    }
    // Without a link there is nothing to lead astray; nor is a link that comes before.
    expect(await ends(join(folder, "direct"))).toBe(await realpath(join(folder, "theirs/roots/deeper")));
  });

  describe("where a group may write, as a site's folder of releases has it", () => {
    beforeEach(() => {
      mkdirSync(join(folder, "site/releases/1"), { recursive: true });
      chmodSync(join(folder, "site"), 0o2775);
    });

    test("a link leads to what lies below, and to what that group may write to", async () => {
      symlinkSync("releases/1", join(folder, "site/current"));
      expect(await ends(join(folder, "site/current"))).toBe(await realpath(join(folder, "site/releases/1")));
      chmodSync(join(folder, "a/b"), 0o775);
      symlinkSync(`${folder}/a/b`, join(folder, "site/shared"));
      expect(await ends(join(folder, "site/shared"))).toBe(await realpath(join(folder, "a/b")));
    });

    test("and nowhere else: not out of it, by whatever way, and not into what another group may write to", async () => {
      chmodSync(join(folder, "a/b"), 0o755);
      symlinkSync("../a/b", join(folder, "site/out"));
      symlinkSync("releases", join(folder, "site/down"));
      expect(await code(join(folder, "site/out"))).toBe("config");
      expect(await code(`${folder}/site/down/../../a/b`)).toBe("config");
      // As everybody may change it, what the group may write to is not theirs.
      chmodSync(join(folder, "site"), 0o777);
      chmodSync(join(folder, "a/b"), 0o775);
      expect(await code(join(folder, "site/out"))).toBe("config");
      expect(await ends(join(folder, "site/down"))).toBe(await realpath(join(folder, "site/releases")));
    });
  });
});
