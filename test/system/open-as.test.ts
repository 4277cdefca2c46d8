// Opening as somebody else: what setpriv's answers mean, and that nothing is read. test/e2e/doctor.test.ts does it for real.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { foldersAbove, openAs } from "../../src/system/open-as.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { fakeRun } from "../servers/fake-run.ts";

const reader = { user: "exim", group: "exim" };
const path = "/state/a/key.pem";
/** Of one file. */
const openOne = async (run: RunProgram, who: typeof reader | undefined, file: string) =>
  (await openAs(run, who, [file]))[0];

/** setpriv where these questions fail. */
const asked: string[] = [];
const failing =
  (...questions: readonly string[]): RunProgram =>
  async (program, args) => {
    const question = args.slice(3).join(" ");
    asked.push([program, ...args].join(" "));
    return { status: questions.some((one) => question.startsWith(one)) ? 1 : 0, stdout: "", stderr: "" };
  };

it("the folders above a file", () => {
  expect(foldersAbove(path)).toEqual(["/", "/state", "/state/a"]);
});

it("open: as that user, with all of its groups, without reading a byte", async () => {
  expect(await openOne(failing(), reader, path)).toEqual({ kind: "open" });
  expect(asked.at(-1)).toBe(`setpriv --reuid=exim --regid=exim --init-groups head -q -c 0 -- ${path}`);
});

it("closed: the folder that is in the way, else the file", async () => {
  expect(await openOne(failing("head", "test -x /state"), reader, path)).toEqual({ kind: "closed", folder: "/state" });
  expect(await openOne(failing("head", "test -x /state/a"), reader, path)).toEqual({
    kind: "closed",
    folder: "/state/a",
  });
  expect(await openOne(failing("head"), reader, path)).toEqual({ kind: "closed" });
  expect(await openOne(failing("head", "test -e"), reader, path)).toEqual({ kind: "missing" });
});

it("unknown: there is no such user, or no setpriv", async () => {
  expect(await openOne(failing("head", "true"), reader, path)).toMatchObject({ kind: "unknown" });
  expect(await openOne(fakeRun({}).run, reader, path)).toEqual({ kind: "unknown", why: "setpriv is not installed" });
});

it("a FIFO is not waited for, by whomever it is to be read", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-open-"));
  const fifo = join(dir, "key.pem");
  execFileSync("mkfifo", [fifo]);
  const before = asked.length;
  for (const who of [reader, undefined])
    expect(await openOne(failing(), who, fifo)).toEqual({ kind: "unknown", why: `${fifo} is not a file` });
  expect(asked).toHaveLength(before);
  rmSync(dir, { recursive: true });
});

it("as ourselves no program is needed", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-open-"));
  writeFileSync(join(dir, "a"), "x");
  const { run } = fakeRun({});
  expect(await openOne(run, undefined, join(dir, "a"))).toEqual({ kind: "open" });
  expect(await openOne(run, undefined, join(dir, "b"))).toEqual({ kind: "missing" });
  expect(await openOne(run, undefined, join(dir, "a/b"))).toEqual({ kind: "closed" });
  rmSync(dir, { recursive: true });
});

it("of thousands of files the few that are closed are found with a few programs", async () => {
  const paths = Array.from({ length: 3000 }, (_, index) => `/state/${index}/key.pem`);
  const closed = new Set(["/state/77/key.pem", "/state/2100/key.pem"]);
  let programs = 0;
  const run: RunProgram = async (_program, args) => {
    programs += 1;
    const refused = args.includes("head") && args.some((one) => closed.has(one));
    return { status: refused ? 1 : 0, stdout: "", stderr: "" };
  };
  const all = await openAs(run, reader, [...paths, ...paths]);
  expect(all).toHaveLength(6000);
  expect(paths.filter((_, index) => all[index]?.kind === "closed")).toEqual([...closed]);
  // It was one for each: 6000, and more for those that are closed.
  expect(programs).toBeLessThan(70);
});
