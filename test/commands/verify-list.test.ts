// verify --file: a list looked at target by target over the real composition, told as it comes, stopped and gone on with.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createProgress } from "../../src/cli/progress.ts";
import { complaints } from "../docs/schemas.ts";
import { runMain, runMainOn, stopOfRun } from "../docs/run-main.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { makePki } from "../fakes/pki.ts";

let dir = "";
let server: FakeServer;
let ca = "";
beforeAll(async () => {
  const pki = await makePki();
  server = await startServer(mailServer("imap", "implicit"), pki.served, "0.0.0.0");
  ca = pki.root.pem;
});
afterAll(() => server.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-list-"));
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc/mailcert.yaml"), "certificates: {}\n");
  writeFileSync(join(dir, "ca.pem"), ca);
  server.connections = 0;
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Each with an address of its own, all of them one server. */
const targets = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `imaps://127.0.1.${n + 1}:${server.port}`);
const write = (lines: readonly string[]): void => writeFileSync(join(dir, "list"), `${lines.join("\n")}\n`);
const usual = ["--only-ca", "ca.pem", "--skip", "cert-name", "--format", "ndjson"];
const documents = (text: string): readonly Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const looked = (text: string): readonly string[] =>
  documents(text)
    .filter(({ schema }) => schema === "mailcert.verify-target/1")
    .map(({ target }) => String(target));

describe("a list with --format ndjson", () => {
  test("every target once: its entry points, its own line, and a summary at the end", async () => {
    write(["# ours", ...targets(20), targets(20)[3] ?? ""]);
    const ran = await runMain(dir, "verify", "--file", "list", ...usual);
    expect(ran.status, ran.stderr).toBe(0);
    const lines = documents(ran.stdout);
    for (const line of lines) expect(complaints(line), JSON.stringify(line)).toEqual([]);
    expect(lines).toHaveLength(42);
    expect(lines[0]).toMatchObject({ schema: "mailcert.verify-run/1", asked: { skip: ["cert-name"] } });
    for (let at = 1; at < 41; at += 2) expect(lines[at]?.["url"]).toBe(lines[at + 1]?.["target"]);
    expect(looked(ran.stdout).toSorted()).toEqual(targets(20).toSorted());
    expect(lines.at(-1)).toMatchObject({ ok: true, targets: 20, faulty: 0, entries: 20 });
    expect(server.connections).toBe(20);
  });
  test("from standard input, beside targets of the command line; a fault makes it 1", async () => {
    const [one = "", two = ""] = targets(2);
    const ran = await runMainOn(
      dir,
      { readInput: async () => `${two}\n` },
      "verify",
      one,
      "--file",
      "-",
      "--format",
      "ndjson",
      "--only-ca",
      "ca.pem",
    );
    expect(ran.status).toBe(1);
    expect(looked(ran.stdout).toSorted()).toEqual([one, two]);
    expect(documents(ran.stdout).at(-1)).toMatchObject({ ok: false, targets: 2, faulty: 2 });
  });
  test("what is wrong in a list is told with its line, before anything is connected to", async () => {
    write([...targets(3), "imapz://mail.example.org"]);
    const ran = await runMain(dir, "verify", "--file", "list", ...usual);
    expect(ran.status).toBe(64);
    expect(ran.stderr).toContain('mailcert: error: list, line 4: unknown protocol "imapz"');
    expect(server.connections).toBe(0);
    expect((await runMain(dir, "verify", "--file", "no-list", ...usual)).status).toBe(65);
    write(["# nothing"]);
    const empty = await runMain(dir, "verify", "--file", "list", ...usual);
    expect([empty.status, empty.stderr]).toEqual([65, expect.stringContaining("there is no target in list")]);
  });
  test("no more at once than --concurrency", async () => {
    write(targets(12));
    let most = 0;
    const counting = await startServer(
      (talk) => {
        most = Math.max(most, (open += 1));
        return mailServer("imap", "implicit")(talk).finally(() => (open -= 1));
      },
      (await makePki()).served,
      "0.0.0.0",
    );
    let open = 0;
    try {
      write(targets(12).map((target) => target.replace(/\d+$/, String(counting.port))));
      await runMain(dir, "verify", "--file", "list", "--concurrency", "3", ...usual);
      expect(counting.connections).toBe(12);
      // One that leaves may still be seen by the server when the next comes.
      expect(most).toBeLessThanOrEqual(6);
    } finally {
      await counting.close();
    }
  });
});

describe("stopped and gone on with", () => {
  const output = (): string => readFileSync(join(dir, "out"), "utf8");

  test("Ctrl-C keeps what is done; the next run looks at the others alone", async () => {
    write(targets(40));
    const stop = stopOfRun();
    const steps = { isTTY: false, columns: 80, write: () => void (server.connections >= 10 && stop.abort()) };
    const line = ["verify", "--file", "list", "--output", "out", "--concurrency", "4", ...usual];
    const first = await runMainOn(dir, { signal: stop.signal, stderr: steps }, "-v", ...line);
    expect(first.status).toBe(75);
    const done = looked(output());
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(40);
    const before = server.connections;
    const second = await runMain(dir, ...line, "-v");
    expect(second.status, second.stderr).toBe(0);
    expect(server.connections - before).toBe(40 - done.length);
    expect(second.stderr).toContain(`${done.length} targets were looked at by an earlier run`);
    expect(looked(output()).toSorted()).toEqual(targets(40).toSorted());
    expect(documents(output()).at(-1)).toMatchObject({ targets: 40, entries: 40, ok: true });
    // A run that came to its end is a report: the next one is new.
    await runMain(dir, ...line);
    expect(server.connections - before).toBe(80 - done.length);
    expect(looked(output())).toHaveLength(40);
  });
});

describe("what is not gone on with", () => {
  const half = async (options: readonly string[]): Promise<void> => {
    write(targets(6));
    await runMain(dir, "verify", "--file", "list", "--output", "out", ...options);
    const lines = readFileSync(join(dir, "out"), "utf8").split("\n");
    // Without its summary it is a stopped run.
    writeFileSync(join(dir, "out"), `${lines.slice(0, -2).join("\n")}\n`);
    server.connections = 0;
  };
  const again = ["verify", "--file", "list", "--output", "out", "-v", ...usual];

  test("a run with other options is begun anew, with a word about it", async () => {
    await half([...usual, "--check", "cert-expiry"]);
    const ran = await runMain(dir, ...again);
    expect(ran.stderr).toContain("out is begun anew: what stood there was asked with other options");
    expect(server.connections).toBe(6);
    expect(documents(readFileSync(join(dir, "out"), "utf8"))).toHaveLength(14);
  });
  test("what is no longer in the list does not count", async () => {
    await half(usual);
    write([...targets(7).slice(5), "imaps://127.0.1.1:1"]);
    const ran = await runMain(dir, ...again);
    expect(ran.status).toBe(1);
    // One of the earlier run, one that is well, one where nothing listens.
    expect(documents(readFileSync(join(dir, "out"), "utf8")).at(-1)).toMatchObject({ targets: 3, faulty: 1 });
    expect(server.connections).toBe(1);
  });
});

describe("a list with other forms", () => {
  test("a form that has no place for a transcript, and domains in a list, are refused", async () => {
    write(targets(1));
    const transcript = await runMain(dir, "verify", "imaps://127.0.0.1", "--transcript", "--format", "junit");
    expect([transcript.status, transcript.stderr]).toEqual([64, expect.stringContaining("no place for a transcript")]);
    const domain = await runMain(dir, "verify", "--file", "list", "--mx", "example.org", "--format", "ndjson");
    expect([domain.status, domain.stderr]).toEqual([64, expect.stringContaining("--mx does not go with --file")]);
    expect(server.connections).toBe(0);
  });
  test("text: all targets in one report", async () => {
    write(targets(3));
    const ran = await runMain(dir, "verify", "--file", "list", "--only-ca", "ca.pem", "--skip", "cert-name");
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain("3 hosts: all as it should be (3 entry points looked at");
  });
  test("on a terminal, a run over many says how far it is, and takes the line away at the end", async () => {
    write(targets(25));
    const written: string[] = [];
    const stderr = { isTTY: true, columns: 80, write: (text: string) => void written.push(text) };
    const line = ["verify", "--file", "list", "--only-ca", "ca.pem", "--skip", "cert-name"];
    expect((await runMainOn(dir, { stderr }, ...line)).status).toBe(0);
    expect(written[0]).toMatch(/^\r(?:verify: \d+ entry points? looked at)\u001b\[K$/);
    expect(written.at(-1)).toBe("\r\u001b[K");
    written.length = 0;
    expect((await runMainOn(dir, { stderr }, ...line, "--format", "ndjson")).status).toBe(0);
    expect(written.join("")).toMatch(/\rverify: \d+ of 25 targets\u001b\[K/);
    written.length = 0;
    expect((await runMainOn(dir, { stderr }, ...line, "--quiet")).status).toBe(0);
    expect(written).toEqual([]);
  });
  test("too many are refused with the way out; --dry-run counts them", async () => {
    write(Array.from({ length: 1001 }, (_, n) => `imaps://mx${n}.example.org`));
    const ran = await runMain(dir, "verify", "--file", "list");
    expect([ran.status, ran.stderr]).toEqual([64, expect.stringContaining("--format ndjson tells each as it is done")]);
    write(targets(5));
    const plan = await runMain(dir, "verify", "--file", "list", "--dry-run", "--json");
    expect(JSON.parse(plan.stdout)).toMatchObject({ schema: "mailcert.verify-plan/1", connections: 5 });
    expect(complaints(JSON.parse(plan.stdout) as object)).toEqual([]);
    expect(server.connections).toBe(0);
  });
});

describe("progress", () => {
  const shown = (isTTY: boolean, quiet: boolean): readonly string[] => {
    const written: string[] = [];
    let now = 0;
    const progress = createProgress(
      { stderr: { write: (text) => void written.push(text), isTTY, columns: 30 }, elapsed: () => now },
      quiet,
    );
    progress.show("1 of 9");
    now = 100;
    progress.show("2 of 9");
    now = 300;
    progress.show("3 of 9, and a text that is too long for the terminal");
    progress.clear();
    progress.clear();
    return written;
  };
  test("one line on a terminal, five times a second at most, cut to its width, gone at the end", () => {
    expect(shown(true, false)).toEqual(["\r1 of 9\u001b[K", "\r3 of 9, and a text that is to\u001b[K", "\r\u001b[K"]);
  });
  test("nothing where nobody looks, or wants to", () => {
    expect(shown(false, false)).toEqual([]);
    expect(shown(true, true)).toEqual([]);
  });
});
