// A hook's program: its document on standard input, no shell, its last words, its deadline; and never one that others can change.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHookRunner } from "../../src/system/hook-program.ts";
import { createRunProgram } from "../../src/system/run.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-hook-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = createHookRunner(createRunProgram({ ...process.env, SECRET: "hunter2" }));
const never = new AbortController().signal;
let count = 0;
const program = (body: string, mode = 0o755): string => {
  const path = join(dir, `hook-${(count += 1)}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
};

it("gets its arguments as they are, its document, and next to no environment", async () => {
  const out = join(dir, "out");
  const path = program(`{ printf '<%s>' "$@"; cat; env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; } > ${out}`);
  await run({ run: [path, "$(touch /tmp/x); *", "two words"], timeout: 60 }, "{}\n", never);
  expect(readFileSync(out, "utf8")).toBe("<$(touch /tmp/x); *><two words>{}\nHOME LC_ALL PATH PWD /\n");
});

it("is told by its last words, without control characters and keys", async () => {
  const words = "one\\ntwo\\nthree \\033[31mred\\n-----BEGIN PRIVATE KEY-----MIGHAg-----END PRIVATE KEY-----\\n";
  const failed = run({ run: [program(`printf '${words}' >&2; exit 7`)], timeout: 60 }, "{}", never);
  await expect(failed).rejects.toThrow(/hook-\d+ ended with status 7: two \| three .*red \| \(private key\)$/);
});

it("is ended with all that it started when its time is over, or the run is stopped", async () => {
  const pid = join(dir, "pid");
  const path = program(`sleep 300 & echo $! > ${pid}; wait`);
  await expect(run({ run: [path], timeout: 2 }, "{}", never)).rejects.toThrow("did not end within 2 s");
  const child = Number(readFileSync(pid, "utf8"));
  await expect.poll(() => readState(child), { timeout: 20_000 }).toBe("gone");
  const stop = new AbortController();
  const stopped = run({ run: [program("sleep 300")], timeout: 60 }, "{}", stop.signal);
  setTimeout(() => stop.abort(), 100);
  await expect(stopped).rejects.toMatchObject({ kind: "try-later" });
});

const readState = (pid: number): string => {
  try {
    return /^State:\t([A-Z])/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] === "Z" ? "gone" : "there";
  } catch {
    return "gone";
  }
};

it("is not run where it cannot be, is not there, or others can change it", async () => {
  const of = (path: string) => run({ run: [path], timeout: 60 }, "{}", never);
  await expect(of(join(dir, "none"))).rejects.toMatchObject({ kind: "config" });
  await expect(of(program("true", 0o644))).rejects.toThrow("is not executable");
  if (process.getuid?.() === 0) await expect(of(program("true", 0o777))).rejects.toThrow("everybody can change");
  const odd = join(dir, "odd");
  writeFileSync(odd, "#!/no/such/interpreter\n");
  chmodSync(odd, 0o755);
  await expect(of(odd)).rejects.toMatchObject({ hints: ["look at its first line: #!/bin/sh, or another interpreter"] });
});

it.runIf(process.getuid?.() === 0)(
  "nor where others can change the script that an interpreter is told to run",
  async () => {
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
  },
);

it("a document with a key in it is a bug, and is never handed over", async () => {
  const document = "-----BEGIN PRIVATE KEY-----";
  await expect(run({ run: [program("true")], timeout: 60 }, document, never)).rejects.toThrow("never be told a key");
});
