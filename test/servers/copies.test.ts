// Copies of a certificate's files: put there together, kept apart from what stood there, taken back; a killed run in between does no harm.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileTarget } from "../../src/domain/file-target.ts";
import { applyCopies } from "../../src/servers/files/copies.ts";
import { takePlaces } from "../../src/servers/files/take-places.ts";
import { createFiles } from "../../src/servers/files/files.ts";
import type { Change, Installation, ServedCertificate, Server } from "../../src/servers/server.ts";
import { fakeRun } from "./fake-run.ts";

let dir: string;
let server: Server;
let installation: Installation;
let asked: string[];
const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

const at = (...parts: readonly string[]): string => join(dir, ...parts);
const text = (path: string): string => readFileSync(path, "utf8");
const names = (): readonly string[] => readdirSync(at("out")).toSorted();

const generation = (number: string): void => {
  mkdirSync(at("generations", number, "ecdsa"), { recursive: true });
  for (const file of ["privkey", "cert", "chain", "fullchain", "combined"])
    writeFileSync(at("generations", number, "ecdsa", `${file}.pem`), `${file} ${number}`, { mode: 0o600 });
};
const switchTo = (number: string): void => {
  rmSync(at("live"), { force: true });
  symlinkSync(`generations/${number}`, at("live"));
};
const certificate = (): ServedCertificate => {
  const file = (name: string): string => at("live/ecdsa", `${name}.pem`);
  const ecdsa = {
    privkey: file("privkey"),
    cert: file("cert"),
    chain: file("chain"),
    fullchain: file("fullchain"),
    combined: file("combined"),
  };
  return { name: "mail.example.org", names: ["mail.example.org"], slots: { ecdsa } };
};
const target = (more: Partial<FileTarget> = {}): FileTarget => ({
  name: "app",
  paths: { privkey: at("out/key.pem"), fullchain: at("out/chain.pem") },
  owner: "me",
  group: "us",
  keyMode: 0o640,
  entries: [],
  raw: {},
  ...more,
});
const open = async (one: FileTarget, answers: Readonly<Record<string, string>> = {}): Promise<void> => {
  const fake = fakeRun({
    "getent passwd me": `me:x:${uid}:${gid}::/:/bin/sh\n`,
    "getent group us": `us:x:${gid}:\n`,
    "reloader now": "",
    ...answers,
    "reloader later": { status: 3, stderr: "error: no container\n" },
  });
  asked = fake.asked;
  const render = (): string => "";
  server = createFiles(
    { run: fake.run, render, ipv6: async () => true },
    { name: "mail.example.org", keys: ["ecdsa"] },
    [one],
  );
  const [first] = await server.detect();
  if (!first) throw new Error("none");
  installation = first;
};
const apply = async (): Promise<readonly Change[]> => {
  const { changes } = await server.plan(installation, certificate());
  for (const change of changes) await server.apply(installation, change);
  return changes;
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-copies-"));
  mkdirSync(at("out"));
  generation("0001");
  generation("0002");
  switchTo("0001");
  await open(target());
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("copies", () => {
  it("have the content of what is live, the key for its group alone; a second plan is empty, a switch makes the next", async () => {
    expect(await apply()).toHaveLength(1);
    expect([text(at("out/key.pem")), text(at("out/chain.pem"))]).toEqual(["privkey 0001", "fullchain 0001"]);
    expect(["key.pem", "chain.pem"].map((name) => statSync(at("out", name)).mode & 0o777)).toEqual([0o640, 0o644]);
    expect((await server.plan(installation, certificate())).changes).toEqual([]);
    switchTo("0002");
    expect(await apply()).toHaveLength(1);
    expect([text(at("out/key.pem")), text(at("out/chain.pem"))]).toEqual(["privkey 0002", "fullchain 0002"]);
    expect(names()).toEqual(["chain.pem", "key.pem"]);
    chmodSync(at("out/key.pem"), 0o644);
    expect(await apply()).toHaveLength(1);
    expect(statSync(at("out/key.pem")).mode & 0o777).toBe(0o640);
  });

  it("what stood there is kept with its mode, and put back once, whatever was copied in between", async () => {
    writeFileSync(at("out/key.pem"), "theirs", { mode: 0o600 });
    const first = await apply();
    switchTo("0002");
    const second = await apply();
    expect(second).toEqual(first);
    expect(text(at("out/key.pem.before-mailcert"))).toBe("theirs");
    for (const change of [...second, ...first]) expect(await server.revert(installation, change)).toBe("reverted");
    expect(names()).toEqual(["key.pem"]);
    expect([text(at("out/key.pem")), statSync(at("out/key.pem")).mode & 0o777]).toEqual(["theirs", 0o600]);
  });

  it("what somebody put there since is left alone", async () => {
    const [change] = await apply();
    writeFileSync(at("out/chain.pem"), "somebody else's");
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("not-ours");
    expect(text(at("out/chain.pem"))).toBe("somebody else's");
    expect(existsSync(at("out/key.pem"))).toBe(false);
  });

  it("a killed run that had put one of two files there is finished by the next", async () => {
    writeFileSync(at("out/key.pem"), "privkey 0001", { mode: 0o600 });
    const [change] = await apply();
    expect(text(at("out/chain.pem"))).toBe("fullchain 0001");
    expect(change).not.toHaveProperty("files.0.kept");
  });

  it("an access list is kept of a copy of ours alone: whoever puts a file there does not say whom the next key is for", async () => {
    await open(target({ keyMode: 0o600 }), {
      "ls -ldnL -- /dev/fd/3": "-rw-r-----+ 1 0 0 0 Jan  1 00:00 /dev/fd/3\n",
      "cp --attributes-only --preserve=mode -- /dev/fd/3 /dev/fd/4": "",
    });
    const kept = (): number => asked.filter((command) => command.startsWith("cp ")).length;
    writeFileSync(at("out/key.pem"), "theirs", { mode: 0o640 });
    writeFileSync(at("out/chain.pem"), "fullchain 0002", { mode: 0o600 });
    await apply();
    expect([text(at("out/key.pem")), kept()]).toEqual(["privkey 0001", 1]);
    switchTo("0002");
    await apply();
    expect([text(at("out/key.pem")), kept()]).toEqual(["privkey 0002", 3]);
  });

  it("a folder that gives its files an access list gets no key that a group may read: its owner would say who else may", async () => {
    await open(target(), { "ls -ldnL -- /dev/fd/3": "-rw-r-----+ 1 0 0 0 Jan  1 00:00 /dev/fd/3\n" });
    await expect(apply()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("gives every new file an access list") as string,
    });
    expect(names()).toEqual([]);
  });

  it("a reload program that others can change is not run, and one that is missing is told before anything is copied", async () => {
    const program = at("reload");
    await open(target({ reload: [program] }));
    await expect(server.check(installation)).rejects.toMatchObject({ message: `there is no program ${program}` });
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    chmodSync(dir, 0o777);
    const refused = server.check(installation);
    if (uid === 0)
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining("root does not run") as string });
    else await expect(refused).resolves.toBeUndefined();
  });

  it("a pipe that somebody put there is kept like a file, and waited for by nobody", async () => {
    expect(spawnSync("mkfifo", [at("out/key.pem")]).status).toBe(0);
    const [change] = await apply();
    expect(text(at("out/key.pem"))).toBe("privkey 0001");
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("reverted");
    expect(lstatSync(at("out/key.pem")).isFIFO()).toBe(true);
  });

  it("where one file cannot be written, none takes its place, and nothing is left beside", async () => {
    rmSync(at("generations/0001/ecdsa/fullchain.pem"));
    await expect(apply()).rejects.toThrow("fullchain.pem");
    expect(names()).toEqual([]);
  });

  it("a link in the place of a copy is replaced, never followed", async () => {
    writeFileSync(at("elsewhere"), "untouched");
    symlinkSync(at("elsewhere"), at("out/key.pem"));
    const [change] = await apply();
    expect(text(at("elsewhere"))).toBe("untouched");
    expect(text(at("out/key.pem"))).toBe("privkey 0001");
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("reverted");
    expect(text(at("out/key.pem"))).toBe("untouched");
  });

  it("a link on the way that somebody else can change is not followed: not to plan, not to copy, not to take back", async () => {
    const refused = { kind: "config", message: expect.stringContaining(at("out")) as string };
    const [change] = await apply();
    if (!change) throw new Error("no change");
    mkdirSync(at("theirs"));
    writeFileSync(at("theirs/key.pem"), "privkey 0001");
    renameSync(at("out"), at("moved"));
    symlinkSync(at("theirs"), at("out"));
    chmodSync(dir, 0o775);
    switchTo("0002");
    await expect(server.check(installation)).rejects.toMatchObject(refused);
    await expect(server.plan(installation, certificate())).rejects.toMatchObject(refused);
    await expect(server.apply(installation, change)).rejects.toMatchObject({
      ...refused,
      hints: [expect.stringContaining(`it leads to ${at("theirs")} now`) as string],
    });
    await expect(server.revert(installation, change)).rejects.toMatchObject(refused);
    expect(readdirSync(at("theirs")).map((name) => text(at("theirs", name)))).toEqual(["privkey 0001"]);
    // One that only root can have made there is.
    chmodSync(dir, 0o755);
    await server.apply(installation, change);
    expect(text(at("theirs/key.pem"))).toBe("privkey 0002");
    if (uid !== 0) return;
    lchownSync(at("out"), 4242, 4242);
    await expect(server.apply(installation, change)).rejects.toMatchObject(refused);
  });

  it("the folder that was looked at is the one that is written to, whatever takes its place meanwhile", async () => {
    const { changes } = await server.plan(installation, certificate());
    const [change] = changes;
    if (change?.kind !== "copies") throw new Error("no copies");
    mkdirSync(at("theirs"));
    // The first thing that it runs: by then the folder is held.
    const swap = fakeRun({});
    const run = async (...args: Parameters<typeof swap.run>) => {
      if (existsSync(at("theirs")) && !existsSync(at("moved"))) {
        renameSync(at("out"), at("moved"));
        renameSync(at("theirs"), at("out"));
      }
      return swap.run(...args);
    };
    writeFileSync(at("out/key.pem"), "privkey 0002", { mode: 0o600 });
    await applyCopies(run, change);
    expect(readdirSync(at("out"))).toEqual([]);
    expect(text(at("moved/key.pem"))).toBe("privkey 0001");
  });

  it("a folder in the place of a file is named before anything is copied; nothing is copied then", async () => {
    mkdirSync(at("out/chain.pem"));
    await expect(server.check(installation)).rejects.toMatchObject({
      kind: "config",
      message: `files: app: ${at("out/chain.pem")} is a folder, and no file can take its place`,
    });
    await expect(apply()).rejects.toThrow("chain.pem");
    expect(names()).toEqual(["chain.pem"]);
  });

  it("what a killed run left beside is cleared away, by the next copy and by undoing; what is in a folder of that name is not", async () => {
    // No process has that id: it is above the largest.
    const left = (): void => {
      writeFileSync(at("out/.mailcert-99999999-1.tmp"), "privkey 0001");
      mkdirSync(at("out/.mailcert-99999999-2.tmp/mine"), { recursive: true });
    };
    left();
    const [change] = await apply();
    expect(names()).toEqual([".mailcert-99999999-2.tmp", "chain.pem", "key.pem"]);
    left();
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("reverted");
    expect(names()).toEqual([".mailcert-99999999-2.tmp"]);
  });

  it("where the second place cannot be taken, the first has what it had: no new key beside an old certificate", async () => {
    mkdirSync(at("out/chain.pem"));
    const folder = { path: at("out"), at: (name: string) => at("out", name), close: async () => undefined };
    const ready = ["key.pem", "chain.pem"].map((name) => {
      writeFileSync(at(`out/${name}.new`), "new");
      return { folder, temporary: at(`out/${name}.new`), place: at("out", name), path: `/theirs/${name}` };
    });
    await expect(takePlaces(ready)).rejects.toMatchObject({ facts: { path: "/theirs/chain.pem" } });
    expect(names()).toEqual(["chain.pem", "chain.pem.new"]);
    writeFileSync(at("out/key.pem"), "old");
    writeFileSync(at("out/key.pem.new"), "new");
    await expect(takePlaces(ready)).rejects.toThrow("/theirs/chain.pem");
    expect([text(at("out/key.pem")), names()]).toEqual(["old", ["chain.pem", "chain.pem.new", "key.pem"]]);
  });

  it("kept, and then not replaced by a killed run: undoing leaves what stands there, and its one name", async () => {
    writeFileSync(at("out/key.pem"), "theirs");
    const [change] = (await server.plan(installation, certificate())).changes;
    if (!change) throw new Error("no change");
    linkSync(at("out/key.pem"), at("out/key.pem.before-mailcert"));
    expect(await server.revert(installation, change)).toBe("reverted");
    expect([names(), text(at("out/key.pem"))]).toEqual([["key.pem"], "theirs"]);
  });

  it("what another program puts there again and again is not kept for ever", async () => {
    await open(target({ paths: { privkey: at("out/key.pem") } }));
    for (let time = 0; time < 20; time += 1) {
      writeFileSync(at("out/key.pem"), `theirs ${time}`);
      await apply();
    }
    writeFileSync(at("out/key.pem"), "theirs again");
    await expect(apply()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("something else writes there again and again") as string,
    });
  });

  it("the program of an entry that is long gone is looked at before it is run, too", async () => {
    const program = at("reload");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    await open(target({ reload: [program] }), { [program]: "" });
    const [change] = await apply();
    const bare = server.withTargets?.({ name: "", keys: [] }, []);
    const recalled = change && bare?.recall?.(installation.id, change);
    if (!bare || !recalled) throw new Error("not recalled");
    await bare.reload(recalled);
    expect(asked).toContain(program);
    if (uid !== 0) return;
    chmodSync(program, 0o777);
    await expect(bare.reload(recalled)).rejects.toMatchObject({ kind: "config" });
    expect(asked.filter((line) => line === program)).toHaveLength(1);
  });

  it("a link that leads nowhere is kept and put back; one that leads to our own file makes no copy", async () => {
    symlinkSync(at("nowhere"), at("out/key.pem"));
    symlinkSync(at("live/ecdsa/fullchain.pem"), at("out/chain.pem"));
    const [change] = await apply();
    expect(["key.pem", "chain.pem"].map((name) => lstatSync(at("out", name)).isFile())).toEqual([true, true]);
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("reverted");
    expect(["key.pem", "chain.pem"].map((name) => readlinkSync(at("out", name)))).toEqual([
      at("nowhere"),
      at("live/ecdsa/fullchain.pem"),
    ]);
    expect(names()).toEqual(["chain.pem", "key.pem"]);
  });

  it("a path that had another file of the certificate, or another key's, has ours: nothing is kept of it, and it is taken back", async () => {
    await open(target({ paths: { cert: at("out/chain.pem") } }));
    await apply();
    await open(target());
    const [change] = await apply();
    expect(change).not.toHaveProperty("files.1.kept");
    expect(names()).toEqual(["chain.pem", "key.pem"]);
    mkdirSync(at("generations/0001/rsa"));
    writeFileSync(at("generations/0001/rsa/privkey.pem"), "rsa key");
    writeFileSync(at("out/key.pem"), "rsa key");
    if (!change) throw new Error("no change");
    expect(await server.revert(installation, change)).toBe("reverted");
    expect(names()).toEqual([]);
  });

  it("where one cannot be taken back, the others are", async () => {
    const [change] = await apply();
    if (change?.kind !== "copies") throw new Error("no copies");
    const [key, chain] = change.files;
    if (!key || !chain) throw new Error("no files");
    mkdirSync(at("far"));
    renameSync(at("out/chain.pem"), at("far/chain.pem"));
    symlinkSync(at("far"), at("link"));
    chmodSync(dir, 0o775);
    const both = { ...change, files: [key, { ...chain, path: at("link/chain.pem") }] };
    await expect(server.revert(installation, both)).rejects.toMatchObject({ kind: "config" });
    expect(existsSync(at("out/key.pem"))).toBe(false);
    expect(existsSync(at("far/chain.pem"))).toBe(true);
  });

  it("its program is run without a shell; one that fails is told with its words", async () => {
    await open(target({ reload: ["reloader", "now"] }));
    await server.reload(installation);
    expect(asked).toContain("reloader now");
    await open(target({ reload: ["reloader", "later"] }));
    await expect(server.reload(installation)).rejects.toMatchObject({
      kind: "unavailable",
      message: "reloader later ended with status 3: error: no container",
    });
  });

  it("undoing needs no configuration: the change says what to run", async () => {
    await open(target({ reload: ["reloader", "now"] }));
    const [change] = await apply();
    if (!change) throw new Error("no change");
    const bare = server.withTargets?.({ name: "", keys: [] }, []);
    const recalled = bare?.recall?.(installation.id, change);
    if (!bare || !recalled) throw new Error("not recalled");
    expect(recalled.id).toBe("files/mail.example.org/app");
    expect(await bare.revert(recalled, change)).toBe("reverted");
    await bare.check(recalled);
    await bare.reload(recalled);
    expect(asked).toContain("reloader now");
    expect(names()).toEqual([]);
  });

  it("nothing is proven without entry points, and that is said; with them, only for the key that the program has", async () => {
    expect((await server.plan(installation, certificate())).notes).toMatchObject([
      { check: "deploy-unobservable", severity: "info" },
    ]);
    await open(target({ entries: [{ protocol: "imap", mode: "implicit", host: "127.0.0.1", port: 993 }] }));
    expect((await server.plan(installation, certificate())).notes).toEqual([]);
    expect(await server.listeners(installation)).toEqual([
      {
        protocol: "imap",
        mode: "implicit",
        address: "127.0.0.1",
        port: 993,
        slot: "ecdsa",
        service: "entries",
        named: true,
      },
    ]);
  });

  it("a folder, a group and a key that are not there are named", async () => {
    rmSync(at("out"), { recursive: true });
    await expect(server.check(installation)).rejects.toMatchObject({
      kind: "config",
      message: `files: app: there is no folder ${at("out")}`,
    });
    await open(target({ slot: "rsa" }));
    await expect(server.plan(installation, certificate())).rejects.toMatchObject({
      message: "mail.example.org has no rsa key, which files: app is to have",
    });
  });
});
