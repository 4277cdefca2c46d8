// Folders that root writes into on somebody's word: nobody else may be able to lead it elsewhere.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writePem } from "../../src/store/pem-folder.ts";
import { createBundleFolder } from "../../src/system/bundle-folder.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { type Look, look } from "../../src/system/root-only.ts";
import { ensureSafeFolder, refuseUnsafeFolder } from "../../src/system/safe-folder.ts";

let dir = "";
/** Who owns what stands in `dir`; all else is root's, so that the test needs no root. */
const owners = new Map<string, number>();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-safe-"));
  owners.clear();
});
afterEach(() => rmSync(dir, { recursive: true }));

const alice = 12_345;
const folder = (path: string, mode: number, uid = 0): string => {
  mkdirSync(join(dir, path));
  chmodSync(join(dir, path), mode);
  owners.set(join(dir, path), uid);
  return join(dir, path);
};
const lookAt: Look = async (path) => {
  const facts = await look(path);
  return facts && { ...facts, uid: owners.get(path) ?? 0, gid: 0 };
};
const refusal = (path: string) =>
  refuseUnsafeFolder(path, 0, lookAt).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("as root", () => {
  test("root's own folder, and one that is not there yet", async () => {
    expect(await refusal(folder("own", 0o755))).toBeUndefined();
    expect(await refusal(join(dir, "own/more/still"))).toBeUndefined();
  });

  test("somebody's folder, and what stands in it", async () => {
    const home = folder("home", 0o755, alice);
    const hint =
      "name a folder that only root can change, like /srv/mailcert, or run the command as the user whose folder it is";
    for (const path of [home, join(home, "bundle")])
      expect(await refusal(path)).toMatchObject({
        kind: "cannot-create",
        message: `root does not write into ${path}: its owner (uid ${alice}) can change ${home}`,
        hints: [hint],
      });
    folder("home/roots", 0o755);
    expect(await refusal(join(home, "roots"))).toMatchObject({ facts: { path: home } });
  });

  test("a folder that a group or everybody can write to", async () => {
    expect(await refusal(folder("group", 0o775))).toMatchObject({
      message: expect.stringContaining("its group (gid 0) can change"),
      hints: [expect.stringContaining("chmod g-w"), expect.any(String)],
    });
    expect(await refusal(folder("open", 0o777))).toMatchObject({ message: expect.stringContaining("everybody") });
  });

  test("a sticky folder: not itself; what is root's in it; not what is somebody's", async () => {
    const sticky = folder("tmp", 0o1777);
    expect(await refusal(sticky)).toMatchObject({ message: expect.stringContaining("everybody can change") });
    expect(await refusal(folder("tmp/mine", 0o755))).toBeUndefined();
    expect(await refusal(join(sticky, "new"))).toBeUndefined();
    expect(await refusal(folder("tmp/open", 0o775))).toMatchObject({ facts: { path: join(sticky, "open") } });
    expect(await refusal(folder("tmp/theirs", 0o755, alice))).toMatchObject({
      facts: { path: join(sticky, "theirs") },
    });
    expect(await refusal(folder("theirTmp", 0o1777, alice))).toBeDefined();
    // Its link to a folder that would do.
    symlinkSync(join(sticky, "mine"), join(sticky, "link"));
    owners.set(join(sticky, "link"), alice);
    expect(await refusal(join(sticky, "link"))).toMatchObject({ facts: { path: join(sticky, "link") } });
  });

  test("somebody's link, and root's link to what somebody can change", async () => {
    const home = folder("home", 0o755, alice);
    symlinkSync("/etc", join(home, "bundle"));
    expect(await refusal(join(home, "bundle"))).toMatchObject({ facts: { path: home } });
    symlinkSync(home, join(dir, "to-home"));
    expect(await refusal(join(dir, "to-home"))).toMatchObject({ facts: { path: home } });
    symlinkSync(folder("open", 0o1777), join(dir, "to-open"));
    expect(await refusal(join(dir, "to-open"))).toMatchObject({ facts: { path: join(dir, "open") } });
  });

  test("root's own link to root's own folder does no harm", async () => {
    symlinkSync(folder("own", 0o755), join(dir, "link"));
    expect(await refusal(join(dir, "link"))).toBeUndefined();
  });

  test("keys and files for clients: nothing is written, no folder made", async () => {
    const home = folder("home", 0o777);
    const slot = { privateKey: "key", leaf: "leaf", chain: [] };
    await expect(writePem(join(home, "tls"), slot, undefined, 0)).rejects.toMatchObject({ kind: "cannot-create" });
    const bundles = createBundleFolder(0, createRunProgram(process.env));
    await expect(bundles.write(join(home, "ca/ca.crt"), "x")).rejects.toMatchObject({ kind: "cannot-create" });
    writeFileSync(join(home, "ca.crt"), "x");
    await expect(bundles.remove(join(home, "ca.crt"))).rejects.toMatchObject({ kind: "cannot-create" });
    expect(readdirSync(home)).toEqual(["ca.crt"]);
  });
});

describe("root makes a folder", () => {
  test("that is missing, and has seen it before it writes", async () => {
    const path = join(dir, "new/below");
    await ensureSafeFolder(path, 0, lookAt);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  test("not where somebody takes it away each time that root looks", async () => {
    const path = folder("flip", 0o755, alice);
    const gone: Look = async (at) => (at === path ? undefined : lookAt(at));
    await expect(ensureSafeFolder(path, 0, gone)).rejects.toThrow(
      `root does not write into ${path}: somebody takes it away`,
    );
  });

  test("not where somebody puts theirs there in between", async () => {
    const path = folder("raced", 0o755, alice);
    let looks = 0;
    const late: Look = async (at) => (at === path && (looks += 1) === 1 ? undefined : lookAt(at));
    await expect(ensureSafeFolder(path, 0, late)).rejects.toThrow(`its owner (uid ${alice}) can change ${path}`);
  });
});

test("anybody else writes where the kernel lets them", async () => {
  const open = folder("open", 0o777);
  await ensureSafeFolder(join(open, "new"), 1000);
  expect(statSync(join(open, "new")).isDirectory()).toBe(true);
});

test("what a killed run left behind goes with the next write", async () => {
  writeFileSync(join(dir, ".mailcert-4194305-1.tmp"), "half");
  writeFileSync(join(dir, `.mailcert-${process.pid}-999.tmp`), "ours, at work");
  await createBundleFolder(1000, createRunProgram(process.env)).write(join(dir, "a"), "x");
  expect(readdirSync(dir).sort()).toEqual([`.mailcert-${process.pid}-999.tmp`, "a"]);
});
