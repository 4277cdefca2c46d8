// The state folder: layout and modes to the letter, one lock, damaged and foreign files named, nothing half-written.
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert as check, asyncProperty, boolean, nat } from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { emptyState } from "../../src/domain/state.ts";
import { openStore } from "../../src/store/index.ts";
import type { HostEvent, Store } from "../../src/store/store.ts";
import { generateKey } from "../../src/system/keys.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { leafFor } from "../fakes/leaf.ts";

const name = "mail.example.org";
let dir: string;
let store: Store;
const open = (now = () => new Date("2026-11-20T12:00:00Z")): Store =>
  openStore({ dir, run: createRunProgram(process.env), pid: process.pid, now });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-store-"));
  store = open();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const stageOne = async (): Promise<number> => {
  const privateKey = await generateKey("ecdsa");
  const leaf = await leafFor(privateKey, [name]);
  return store.stage(name, { ecdsa: { privateKey, leaf, chain: [leaf] } }, 0);
};

const everyFile = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));

const failureOf = async (job: () => unknown): Promise<Failure> => {
  try {
    await job();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

describe("generations", () => {
  it("stand on disk as the design says, with keys 0600 and everything else readable", async () => {
    expect(await stageOne()).toBe(1);
    await store.switchLive(name, 1);
    const folder = join(dir, "certificates", name);
    expect(readlinkSync(join(folder, "live"))).toBe("generations/0001");
    const slot = join(folder, "live", "ecdsa");
    const mode = (file: string): string => (statSync(join(slot, file)).mode & 0o777).toString(8);
    expect(
      readdirSync(slot)
        .sort()
        .map((file) => `${file} ${mode(file)}`),
    ).toEqual(["cert.pem 644", "chain.pem 644", "combined.pem 600", "fullchain.pem 644", "privkey.pem 600"]);
    expect(readFileSync(join(slot, "combined.pem"), "utf8")).toMatch(
      /^-----BEGIN PRIVATE KEY-----[\s\S]+BEGIN CERTIFICATE/,
    );
    expect(store.liveNumber(name)).toBe(1);
    expect(store.livePaths(name, ["ecdsa"]).ecdsa?.combined).toBe(join(folder, "live/ecdsa/combined.pem"));
  });

  it("no file that others can read holds a key", async () => {
    await stageOne();
    await store.addKey(name, "ecdsa", await generateKey("ecdsa"));
    await store.write(emptyState(name));
    const open = everyFile(dir).filter((path) => statSync(path).isFile() && (statSync(path).mode & 0o077) !== 0);
    expect(open.length).toBeGreaterThan(3);
    expect(open.filter((path) => readFileSync(path, "utf8").includes("PRIVATE KEY"))).toEqual([]);
  });

  it("that everybody can read, or whose place everybody can change, are told", async () => {
    await stageOne();
    await store.switchLive(name, 1);
    expect(await store.exposed(name, ["ecdsa"])).toEqual([]);
    expect(await store.exposed("none.example.org", ["ecdsa"])).toEqual([]);
    const generation = join(dir, "certificates", name, "generations/0001");
    const key = join(generation, "ecdsa/privkey.pem");
    chmodSync(key, 0o644);
    chmodSync(join(generation, "ecdsa/combined.pem"), 0o640);
    chmodSync(dir, 0o777);
    expect(await store.exposed(name, ["ecdsa"])).toEqual([
      { path: key, kind: "key", mode: 0o644 },
      { path: dir, kind: "folder", mode: 0o777 },
    ]);
  });

  it("are numbered on, pruned by number, and leave no drafts of killed runs", async () => {
    for (const number of [1, 2, 3, 4]) expect(await stageOne()).toBe(number);
    const generations = join(dir, "certificates", name, "generations");
    mkdirSync(join(generations, ".mailcert-1-1.tmp"));
    await store.prune(name, [4, 3]);
    expect(readdirSync(generations)).toEqual(["0003", "0004"]);
    expect(await stageOne()).toBe(5);
  });

  it("a full or read-only place is said with its path", async () => {
    writeFileSync(join(dir, "certificates"), "a file where a folder should be");
    const failure = await failureOf(stageOne);
    expect(failure).toMatchObject({ kind: "cannot-create" });
    expect(failure.message).toContain(join(dir, "certificates"));
  });
});

describe("keys", () => {
  it("are appended, never overwritten", async () => {
    const first = await generateKey("ecdsa");
    expect(await store.addKey(name, "ecdsa", first)).toBe("0001");
    expect(await store.addKey(name, "ecdsa", await generateKey("ecdsa"))).toBe("0002");
    expect(await store.readKey(name, "ecdsa", "0001")).toBe(first);
    expect((statSync(join(dir, "certificates", name, "keys")).mode & 0o777).toString(8)).toBe("700");
  });

  it("one that is gone is named", async () => {
    const failure = await failureOf(() => store.readKey(name, "ecdsa", "0007"));
    expect(failure.message).toContain("keys/ecdsa/0007.pem is gone");
  });
});

describe("state.json", () => {
  it("comes back as it was written", async () => {
    await check(
      asyncProperty(nat(50), boolean(), async (attempts, parked) => {
        const state = { ...emptyState(name), attempts, ...(parked ? { parked } : {}) };
        await store.write(state);
        expect(store.read(name)).toEqual(state);
      }),
      { numRuns: 20 },
    );
    expect(store.list()).toEqual([name]);
    expect(store.read("other.example.org")).toBeUndefined();
  });

  it("a newer schema is refused, a damaged file named", async () => {
    await store.write(emptyState(name));
    const path = join(dir, "certificates", name, "state.json");
    writeFileSync(path, '{"schema": "mailcert.state/2"}');
    expect(await failureOf(() => store.read(name))).toMatchObject({ kind: "config" });
    for (const text of ["", "{", "[]", "null", '{"schema":"other/1"}', '{"schema":"mailcert.state/1"}']) {
      writeFileSync(path, text);
      const failure = await failureOf(() => store.read(name));
      expect(failure.kind).toBe("data");
      expect(failure.message).toContain(path);
    }
    const window = { start: "2026-12-01T00:00:00Z", end: "2026-12-02T00:00:00Z", chosen: "2026-12-01T12:00:00Z" };
    const ari = { generation: 1, nextPoll: "2026-11-20T12:00:00Z", windows: { ecdsa: window } };
    const withAri = (value: unknown): void => writeFileSync(path, JSON.stringify({ ...emptyState(name), ari: value }));
    withAri(ari);
    expect(store.read(name)?.ari).toEqual(ari);
    for (const value of [7, {}, { ...ari, nextPoll: 1 }, { ...ari, windows: { ecdsa: { ...window, chosen: "" } } }]) {
      withAri(value);
      expect(await failureOf(() => store.read(name))).toMatchObject({ message: expect.stringContaining("ari lacks") });
    }
    writeFileSync(path, JSON.stringify({ ...emptyState(name), droppedSeen: "yesterday" }));
    expect((await failureOf(() => store.read(name))).message).toContain("droppedSeen is not a date");
  });

  it("what a failed attempt left is read back, and named where it is damaged", async () => {
    const path = join(dir, "certificates", name, "state.json");
    const lastError = {
      at: "2026-11-20T12:00:00.000Z",
      what: "issue",
      fingerprint: "00",
      notDue: true,
      entry: { issuer: "acme", acme: "https://ca.example/dir", key: ["ecdsa", "rsa"] },
      message: "no",
      hints: ["do this"],
    } as const;
    await store.write({ ...emptyState(name), lastError });
    expect(store.read(name)?.lastError).toEqual(lastError);
    for (const wrong of [{ hints: "do this" }, { entry: "x" }, { message: 1 }]) {
      writeFileSync(path, JSON.stringify({ ...emptyState(name), lastError: { ...lastError, ...wrong } }));
      const message = expect.stringContaining("lastError lacks a field") as string;
      expect(await failureOf(() => store.read(name))).toMatchObject({ kind: "data", message });
    }
  });

  it("refuses a revocation without its fields, be it one of several", async () => {
    await store.write(emptyState(name));
    const path = join(dir, "certificates", name, "state.json");
    const pending = { generation: 1, reason: "superseded", since: "2026-11-20T12:00:00.000Z", byKey: false } as const;
    const both = { ...emptyState(name), revocation: pending, earlierRevocations: [{ ...pending, generation: 2 }] };
    writeFileSync(path, JSON.stringify(both));
    expect(store.read(name)).toEqual(both);
    for (const wrong of [
      { revocation: { ...pending, since: "x" } },
      { earlierRevocations: [{}] },
      { earlierRevocations: 1 },
    ]) {
      writeFileSync(path, JSON.stringify({ ...both, ...wrong }));
      const message = expect.stringContaining("revocation lacks a field") as string;
      expect(await failureOf(() => store.read(name))).toMatchObject({ kind: "data", message });
    }
  });

  it("never takes a key", async () => {
    const state = {
      ...emptyState(name),
      lastError: { at: "", what: "issue" as const, message: "-----BEGIN PRIVATE KEY-----" },
    };
    await expect(store.write(state)).rejects.toThrow("never hold a key");
  });

  it("takes a CA's words about one", async () => {
    const message = 'the CA found "BEGIN PRIVATE KEY" at port 80, and no -----BEGIN CERTIFICATE-----';
    await store.write({ ...emptyState(name), lastError: { at: "", what: "issue", message } });
    expect(store.read(name)?.lastError?.message).toBe(message);
  });
});

describe("events.jsonl", () => {
  const event = (what: string): HostEvent => ({ at: "2026-11-20T12:00:00Z", run: "1", command: "test", what });

  it("is not followed through a link", async () => {
    writeFileSync(join(dir, "elsewhere"), "");
    symlinkSync(join(dir, "elsewhere"), join(dir, "events.jsonl"));
    await expect(store.record(event("one"))).rejects.toMatchObject({ facts: { code: "ELOOP" } });
    expect(readFileSync(join(dir, "elsewhere"), "utf8")).toBe("");
  });

  it("is appended to, also behind half a line of a killed run", async () => {
    expect(await store.events()).toEqual([]);
    await store.record(event("one"));
    appendFileSync(join(dir, "events.jsonl"), '{"at":"2026');
    await store.record(event("two"));
    expect((await store.events()).map(({ what }) => what)).toEqual(["one", "two"]);
    expect((statSync(join(dir, "events.jsonl")).mode & 0o777).toString(8)).toBe("600");
  });

  it("is read on from where it was read to: by this run, past others' lines and halves of lines, and from the start where it is another file", async () => {
    const path = join(dir, "events.jsonl");
    const words = async (): Promise<readonly string[]> => (await store.events()).map(({ what }) => what);
    await store.record(event("one"));
    const first = await store.events();
    expect(await store.events()).toBe(first);
    appendFileSync(path, `${JSON.stringify(event("zwölf"))}\n${JSON.stringify(event("three")).slice(0, 20)}`);
    expect(await words()).toEqual(["one", "zwölf"]);
    appendFileSync(path, `${JSON.stringify(event("three")).slice(20)}\n`);
    await store.record(event("four"));
    expect(await words()).toEqual(["one", "zwölf", "three", "four"]);
    expect(first.map(({ what }) => what)).toEqual(["one"]);
    expect((await store.events())[0]).toBe(first[0]);
    writeFileSync(path, `${JSON.stringify(event("new"))}\n`);
    expect(await words()).toEqual(["new"]);
    rmSync(path);
    expect(await words()).toEqual([]);
  });
});

describe("the lock", () => {
  it("that has been held for hours says since when, and what to look at", async () => {
    const lock = await open(() => new Date("2026-11-20T12:00:00Z")).lock("mailcert renew");
    const at = (now: string) => failureOf(() => open(() => new Date(now)).lock("mailcert renew --quiet"));
    expect((await at("2026-11-20T14:59:00Z")).facts).toEqual({ pid: process.pid });
    const failure = await at("2026-11-20T15:01:00Z");
    expect(failure.facts).toEqual({ pid: process.pid, heldSince: "2026-11-20T12:00:00.000Z" });
    expect(failure.hints.join()).toContain(`kill ${process.pid}`);
    // Of another container: its process is not to be seen, or has the number of another one here.
    for (const elsewhere of [4194304, 1, process.ppid]) {
      writeFileSync(join(dir, "lock"), `${elsewhere} mailcert renew since 2026-11-20T12:00:00.000Z\n`);
      expect((await at("2026-11-20T15:01:00Z")).facts).toEqual({ heldSince: "2026-11-20T12:00:00.000Z" });
    }
    lock.release();
  });

  it("is held by one run at a time, and the second is told by whom", async () => {
    const lock = await store.lock("mailcert renew --force");
    const failure = await failureOf(() => open().lock("mailcert setup"));
    expect(failure).toMatchObject({ kind: "try-later", facts: { pid: process.pid } });
    expect(failure.message).toContain(`process ${process.pid} (mailcert renew --force`);
    lock.release();
    (await open().lock("again")).release();
  });

  it("tells a run that the one before was killed, and what that one left is cleared away", async () => {
    const first = await store.lock("first");
    expect(first.cutShort).toBe(false);
    first.release();
    expect(readFileSync(join(dir, "lock"), "utf8")).toBe("\n");
    const second = await store.lock("second");
    expect(second.cutShort).toBe(false);
    second.release();
    // As kill -9 leaves it: the line of a process that is no more, longer than the next one.
    const gone = spawnSync("true").pid;
    writeFileSync(join(dir, "lock"), `${gone} mailcert renew --force ${"x".repeat(150)} since 2026-11-20\n`);
    const deep = join(dir, "certificates/mail.example.org/generations");
    mkdirSync(join(deep, `.mailcert-${gone}-1.tmp/ecdsa`), { recursive: true });
    writeFileSync(join(deep, `.mailcert-${gone}-1.tmp/ecdsa/privkey.pem`), "half a key");
    writeFileSync(join(dir, `.mailcert-${gone}-2.tmp`), "");
    writeFileSync(join(dir, `.mailcert-${process.ppid}-1.tmp`), "of a process that lives");
    const third = await store.lock("third");
    expect(third.cutShort).toBe(true);
    expect(readFileSync(join(dir, "lock"), "utf8")).toMatch(/^\d+ third since [^\n]+\n$/);
    await store.clearLeftovers();
    third.release();
    expect(readdirSync(deep)).toEqual([]);
    expect(readdirSync(dir).filter((file) => file.startsWith("."))).toEqual([`.mailcert-${process.ppid}-1.tmp`]);
  });

  it("a generation that no state came to know goes, the recorded and the live one stay", async () => {
    const at = "2026-11-20T12:00:00.000Z";
    const dates = { createdAt: at, notBefore: at, notAfter: at };
    const record = { number: 1, names: [name], issuer: "private-ca" as const, authority: "x", leaves: {}, ...dates };
    await stageOne();
    await store.write({ ...emptyState(name), generations: [record] });
    expect(await stageOne()).toBe(2);
    await store.switchLive(name, 2);
    expect(await stageOne()).toBe(3);
    await store.clearLeftovers();
    expect(readdirSync(join(dir, "certificates", name, "generations")).sort()).toEqual(["0001", "0002"]);
    // Without a state nobody knows which were to be kept.
    rmSync(join(dir, "certificates", name, "state.json"));
    await store.clearLeftovers();
    expect(readdirSync(join(dir, "certificates", name, "generations")).sort()).toEqual(["0001", "0002"]);
  });

  it("is not inherited by programs that are started meanwhile", async () => {
    const lock = await store.lock("first");
    const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    try {
      lock.release();
      (await open().lock("second")).release();
    } finally {
      child.kill("SIGKILL");
    }
    expect(child.pid).toBeGreaterThan(0);
  });

  it("a folder that this user may not write is said plainly", async () => {
    const closed = join(dir, "closed");
    writeFileSync(closed, "");
    chmodSync(closed, 0o600);
    const other = openStore({
      dir: join(closed, "state"),
      run: createRunProgram(process.env),
      pid: 1,
      now: () => new Date(0),
    });
    const failure = await failureOf(() => other.lock("x"));
    expect(failure.kind).toBe("cannot-create");
    expect(failure.message).toContain(join(closed, "state"));
  });
});
