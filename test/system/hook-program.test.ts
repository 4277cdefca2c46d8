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
  await expect(of(program("true", 0o777))).rejects.toThrow(/(?:everybody|its owner \(uid \d+\)) can change/);
  const odd = join(dir, "odd");
  writeFileSync(odd, "#!/no/such/interpreter\n");
  chmodSync(odd, 0o755);
  await expect(of(odd)).rejects.toMatchObject({ hints: ["look at its first line: #!/bin/sh, or another interpreter"] });
});

it("a document with a key in it is a bug, and is never handed over", async () => {
  const document = "-----BEGIN PRIVATE KEY-----";
  await expect(run({ run: [program("true")], timeout: 60 }, document, never)).rejects.toThrow("never be told a key");
});
