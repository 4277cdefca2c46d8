// Who could change a program that root runs: every folder and link on the way is looked at.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Look, findOffence, look, offenceOnTheWay } from "../../src/system/root-only.ts";

/** path -> mode in octal, owner and group; or a link's target. */
type Tree = Readonly<Record<string, readonly [mode: number, uid?: number, gid?: number] | string>>;

const on = (tree: Tree, path: string) =>
  offenceOnTheWay(path, new Set(), async (at) => {
    const found = tree[at] ?? (at === "/" ? ([0o755] as const) : undefined);
    if (found === undefined) return undefined;
    if (typeof found === "string") return { uid: 0, gid: 0, mode: 0o777, link: found };
    const [mode, uid = 0, gid = 0] = found;
    return { uid, gid, mode };
  });

describe("offenceOnTheWay", () => {
  const good: Tree = { "/opt": [0o755], "/opt/m": [0o755], "/opt/m/x.js": [0o644] };

  test("root's own all the way", async () => {
    expect(await on(good, "/opt/m/x.js")).toBeUndefined();
  });
  test.each<[string, Tree, object]>([
    [
      "a file of another owner",
      { ...good, "/opt/m/x.js": [0o644, 1000] },
      { path: "/opt/m/x.js", who: "its owner (uid 1000)" },
    ],
    [
      "a folder that its group can write",
      { ...good, "/opt": [0o775, 0, 50] },
      { path: "/opt", who: "its group (gid 50)", mend: "chmod g-w /opt" },
    ],
    ["root's group counts as well", { ...good, "/opt": [0o775] }, { path: "/opt", who: "its group (gid 0)" }],
    [
      "a folder that everybody can write",
      { ...good, "/opt/m": [0o757] },
      { path: "/opt/m", who: "everybody", mend: "chmod go-w /opt/m" },
    ],
    ["sticky or not", { ...good, "/opt": [0o1777] }, { path: "/opt", who: "everybody" }],
    ["the root folder itself", { ...good, "/": [0o777] }, { path: "/" }],
  ])("%s", async (_title, tree, offence) => {
    expect(await on(tree, "/opt/m/x.js")).toMatchObject(offence);
  });
  test("a link's own folder and its target's folders", async () => {
    const linked: Tree = { ...good, "/usr": [0o755], "/usr/bin": [0o755], "/usr/bin/m": "../../opt/m/x.js" };
    expect(await on(linked, "/usr/bin/m")).toBeUndefined();
    expect(await on({ ...linked, "/opt/m": [0o777] }, "/usr/bin/m")).toMatchObject({ path: "/opt/m" });
    expect(await on({ ...linked, "/usr/bin": [0o777] }, "/usr/bin/m")).toMatchObject({ path: "/usr/bin" });
  });
  test("dots after a link are taken as the kernel takes them", async () => {
    const tree: Tree = {
      ...good,
      "/home": [0o755],
      "/home/u": [0o755, 1000],
      "/home/u/d": [0o755, 0],
      "/l": "/home/u/d",
      "/p": "/l/../../../opt/m/x.js",
    };
    expect(await on(tree, "/p")).toMatchObject({ path: "/home/u" });
  });
  test("links in a circle end", async () => {
    expect(await on({ "/a": "/b", "/b": "/a" }, "/a")).toMatchObject({ who: expect.stringContaining("circle") });
  });
  test("what is not there cannot be judged", async () => {
    expect(await on(good, "/opt/none/x.js")).toBeUndefined();
  });
  test("a path with spaces is quoted in the command", async () => {
    expect(await on({ "/a b": [0o777] }, "/a b")).toMatchObject({ mend: "chmod go-w '/a b'" });
  });
});

describe("findOffence, on disk", () => {
  let dir = "";
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), "mailcert-root-only-")));
    for (const folder of ["bin", "dist", "dist/chunks"]) mkdirSync(join(dir, folder));
    for (const file of ["bin/mailcert.js", "dist/chunks/x.js", "node"]) writeFileSync(join(dir, file), "");
    symlinkSync(join(dir, "bin/mailcert.js"), join(dir, "link.js"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Who runs the tests, and where, does not matter: everything is root's, folders above are in order; modes below are real. */
  const asRoot: Look = async (path) => {
    const facts = await look(path);
    if (facts === undefined) return undefined;
    return path.startsWith(`${dir}/`) ? { ...facts, uid: 0 } : { uid: 0, gid: 0, mode: 0o755 };
  };
  const find = (lookAt: Look = asRoot) => findOffence(join(dir, "node"), join(dir, "link.js"), lookAt);

  test("in order", async () => expect(await find()).toBeUndefined());
  test.each(["node", "bin/mailcert.js", "dist/chunks/x.js", "dist/chunks", "bin"])(
    "%s counts, reached by a link too",
    async (name) => {
      chmodSync(join(dir, name), 0o777);
      expect(await find()).toEqual({ path: join(dir, name), who: "everybody", mend: `chmod go-w ${join(dir, name)}` });
    },
  );
  test("one file that carries its Node has nothing beside it: what else lies in its folder does not matter", async () => {
    chmodSync(join(dir, "dist"), 0o777);
    const alone = join(dir, "bin/mailcert.js");
    expect(await findOffence(alone, alone, asRoot)).toBeUndefined();
    chmodSync(alone, 0o777);
    expect(await findOffence(alone, alone, asRoot)).toMatchObject({ path: alone, who: "everybody" });
  });
  test("files of another owner in the program's own folder: all of it is given to root", async () => {
    const found = await find(async (path) => {
      const facts = await asRoot(path);
      return facts && path.endsWith("x.js") ? { ...facts, uid: 1000 } : facts;
    });
    expect(found).toMatchObject({ path: join(dir, "dist/chunks/x.js"), mend: `chown -R root:root ${dir}` });
  });
  test("a folder above: no command that would take somebody's home away, or open /tmp's lid", async () => {
    const above =
      (more: object): Look =>
      async (path) => {
        const facts = await asRoot(path);
        return facts && path === tmpdir() ? { ...facts, ...more } : facts;
      };
    expect(await find(above({ uid: 1000 }))).toEqual({ path: tmpdir(), who: "its owner (uid 1000)" });
    expect(await find(above({ mode: 0o1777 }))).toEqual({ path: tmpdir(), who: "everybody" });
  });
});
