// What only root can try, without a host of the lab: files whose owner is root, and another user's eyes.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHookRunner } from "../../src/system/hook-program.ts";
import { openAs } from "../../src/system/open-as.ts";
import { createRunProgram } from "../../src/system/run.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-hook-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = createHookRunner(createRunProgram(process.env));
const never = new AbortController().signal;
let count = 0;
const program = (body: string, mode = 0o755): string => {
  const path = join(dir, `hook-${(count += 1)}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
};

it("no script is run where others can change the script that an interpreter is told to run", async () => {
  const open = join(dir, "open.py");
  writeFileSync(open, "exit 0\n");
  chmodSync(open, 0o666);
  const other = join(dir, "other.sh");
  writeFileSync(other, "#!/bin/sh\nexit 0\n");
  chmodSync(other, 0o777);
  const lock = join(dir, "lock");
  writeFileSync(lock, "");
  chmodSync(lock, 0o666);
  const of = (...words: string[]) => run({ run: words, timeout: 60 }, "{}", never);
  for (const words of [
    ["/bin/sh", open],
    ["/bin/sh", "-e", open, "argument"],
    ["/usr/bin/env", "sh", "-eu", open],
    ["/usr/bin/nice", "-n", "5", "/bin/sh", open],
    ["/usr/bin/timeout", "30", other],
    ["/usr/bin/env", "-C", dir, "./other.sh"],
    ["/usr/bin/env", "-S", `sh ${open}`],
    ["/usr/bin/env", `--split-string=sh -e ${open}`],
    ["/usr/bin/env", "NAME=value", "nice", "sh", open],
    ["/usr/bin/perl", "-MSocket", open],
    ["/usr/bin/perl", "-I/usr/lib/example", "-w", open],
    ["/usr/bin/flock", lock, other],
    ["/usr/bin/setpriv", "--no-new-privs", other],
    ["/usr/bin/awk", "-f", open],
    ["/usr/bin/python3", "-Werror", open],
    ["sh", open],
  ])
    await expect(of(...words), words.join(" ")).rejects.toMatchObject({
      message: expect.stringMatching(/^root does not run (\S+): everybody can change \1$/) as string,
      hints: [expect.stringMatching(/^chmod go-w /) as string, expect.any(String) as string],
      facts: { code: "PROGRAM", path: words.some((word) => word.includes(open)) ? open : other },
    });
  const indirect = join(dir, "indirect");
  writeFileSync(indirect, `#!${other}\n`);
  chmodSync(indirect, 0o755);
  await expect(of("/bin/sh", indirect)).rejects.toThrow(`root does not run ${other}, the interpreter of ${indirect}`);
  const venv = join(dir, "python");
  writeFileSync(venv, "");
  chmodSync(venv, 0o777);
  const script = join(dir, "in-venv");
  writeFileSync(script, `#! ${venv} -I\n`);
  chmodSync(script, 0o755);
  await expect(of(script)).rejects.toMatchObject({
    message: `root does not run ${venv}, the interpreter of ${script}: everybody can change ${venv}`,
  });
  // What a program of the admin's own reads is its own matter, and so is what stands behind a script.
  await of(program("exit 0"), open);
  await of("/bin/sh", "-c", "exit 0", open);
  await of("/bin/sh", program("exit 0", 0o600), open);
  await of("/usr/bin/env", "-S", "sh -c 'exit 0'", open);
  await of("/usr/bin/flock", lock, program("exit 0"), open);
  await of("sh", "-ec", "exit 0", open);
});

it("a user of its own says of real files whether it can open them", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-open-"));
  const at = (name: string): string => join(dir, name);
  for (const name of ["a", "b", "c"]) writeFileSync(at(name), "x", { mode: 0o644 });
  chmodSync(at("b"), 0o600);
  const files = [at("a"), at("b"), at("c"), at("d")];
  const who = { user: "nobody", group: "nogroup" };
  const run = createRunProgram(process.env);
  expect(await openAs(run, who, files)).toEqual(files.map(() => ({ kind: "closed", folder: dir })));
  chmodSync(dir, 0o755);
  expect(await openAs(run, who, files)).toEqual([
    { kind: "open" },
    { kind: "closed" },
    { kind: "open" },
    { kind: "missing" },
  ]);
  rmSync(dir, { recursive: true });
});
