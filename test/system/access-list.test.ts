// Access lists of files that are replaced: the questions, by descriptor, and what their answers mean. test/e2e/access-lists.test.ts does it for real.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hasAccessList, takeAccessList } from "../../src/system/access-list.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { fakeRun } from "../servers/fake-run.ts";

let dir: string;
let from: FileHandle;
let to: FileHandle;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-list-"));
  for (const name of ["from", "to"]) writeFileSync(join(dir, name), "x", { mode: 0o600 });
  [from, to] = await Promise.all([open(join(dir, "from"), "r"), open(join(dir, "to"), "w")]);
});
afterEach(async () => {
  await Promise.all([from.close(), to.close()]);
  rmSync(dir, { recursive: true });
});

it("ls says whether there is one; where it is not here, nobody does", async () => {
  const answer = (mode: string) => fakeRun({ "ls -ldnL -- /dev/fd/3": `${mode} 1 0 0 1 Nov 20 12:00 /dev/fd/3\n` }).run;
  expect(await hasAccessList(answer("-rw-r-----+"), from)).toBe(true);
  expect(await hasAccessList(answer("-rw-r-----"), from)).toBe(false);
  expect(await hasAccessList(fakeRun({}).run, from)).toBe(false);
});

it("the mask stays, bits for others do not", async () => {
  const asked: (readonly number[] | undefined)[] = [];
  // What cp makes of the new file.
  const run: RunProgram = async (_program, _args, options) => {
    asked.push(options?.descriptors);
    await to.chmod(0o644);
    return { status: 0, stdout: "", stderr: "" };
  };
  await takeAccessList(run, from, to, 0o600);
  expect(statSync(join(dir, "to")).mode & 0o777).toBe(0o640);
  expect(asked).toEqual([[from.fd, to.fd]]);
});

it("a list that cannot be kept is a failure: nobody is to lose what they had unasked", async () => {
  const run = fakeRun({
    "cp --attributes-only --preserve=mode -- /dev/fd/3 /dev/fd/4": { status: 1, stderr: "cp: not supported\nmore\n" },
  }).run;
  await expect(takeAccessList(run, from, to, 0o600)).rejects.toThrow("cp ended with status 1: cp: not supported");
});
