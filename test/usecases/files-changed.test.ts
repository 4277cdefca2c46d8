// An entry of `files:` that says something else: noticed by the very next run, and what the one before had put somewhere goes, key and all.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FileTarget } from "../../src/domain/file-target.ts";
import { createFiles } from "../../src/servers/files/files.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { planDeploy } from "../../src/usecases/plan-deploy.ts";
import { remove } from "../../src/usecases/remove.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

let fake: FakeWorld;
let world: World;
let dir: string;
let one: CertificateConfig;
const at = (...parts: readonly string[]): string => join(dir, ...parts);
const [uid, gid] = [String(process.getuid?.() ?? 0), String(process.getgid?.() ?? 0)];
const target = (paths: FileTarget["paths"], more: Partial<FileTarget> = {}): FileTarget => ({
  name: "app",
  paths,
  owner: uid,
  group: gid,
  keyMode: 0o600,
  entries: [],
  raw: {},
  ...more,
});
const says = (...targets: readonly FileTarget[]): void => {
  one = certificate({ servers: [], files: targets });
};
/** Its second word is the exit status. */
const told = (word: string): readonly string[] => ["/bin/sh", "-c", `echo ${word} >> ${at("told")}`];
const run = async (): Promise<readonly unknown[]> => {
  const { outcome, certificates } = await renew(world, [one], options);
  const [{ decision, deployed, failure } = {}] = certificates;
  const changes = deployed?.servers.flatMap((server) => server.changes) ?? [];
  return [
    outcome,
    decision?.action,
    ...(failure ? [failure.message] : []),
    ...changes.map((what) => what.replaceAll(`${dir}/`, "")),
  ];
};
const files = (): readonly string[] => readdirSync(dir).toSorted();
const logged = async () => (await world.store.events()).filter(({ change }) => change).map(({ what }) => what);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-files-"));
  fake = fakeWorld();
  const adapter = createFiles({ run: createRunProgram(process.env), render: () => "", ipv6: async () => false });
  world = {
    ...fake.world,
    servers: async () => ({ files: adapter }),
    config: { ...fake.world.config, read: async () => ({ certificates: [one] }) },
  };
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true });
});

it("another path: the next run copies there, tells the program, and takes the old copy away; the one after has nothing to do", async () => {
  says(target({ combined: at("one.pem") }, { reload: told("reload") }));
  expect(await run()).toEqual(["done", "issue", "copy to one.pem"]);
  expect(await run()).toEqual(["done", "nothing"]);
  says(target({ combined: at("two.pem") }, { reload: told("reload") }));
  const [planned] = (await planDeploy(world, one)).servers;
  expect(planned?.changes).toEqual([`copy to ${at("two.pem")}`, `would remove ${at("one.pem")}`]);
  expect(await run()).toEqual(["done", "deploy", "copy to two.pem", "removed one.pem"]);
  expect(files()).toEqual(["told", "two.pem"]);
  expect(readFileSync(at("told"), "utf8")).toBe("reload\nreload\n");
  expect(await run()).toEqual(["done", "nothing"]);
  await remove(world, [], { dryRun: false });
  expect(files()).toEqual(["told"]);
});

it("what stood at the old path is back; a path that stays keeps its own way back", async () => {
  for (const name of ["key", "cert"]) writeFileSync(at(name), `their ${name}`);
  says(target({ privkey: at("key"), cert: at("cert") }));
  await run();
  says(target({ privkey: at("key"), cert: at("other") }));
  expect((await run()).slice(3)).toEqual(["put back the former cert"]);
  expect([readFileSync(at("cert"), "utf8"), files()]).toEqual([
    "their cert",
    ["cert", "key", "key.before-mailcert", "other"],
  ]);
  await remove(world, [], { dryRun: false });
  expect(files().map((name) => readFileSync(at(name), "utf8"))).toEqual(["their cert", "their key"]);
});

it("another mode or reload: by the next run, and undone by what the last entry said", async () => {
  says(target({ privkey: at("key") }, { reload: told("old") }));
  await run();
  says(target({ privkey: at("key") }, { reload: told("old"), keyMode: 0o640 }));
  expect((await run())[1]).toBe("deploy");
  expect(lstatSync(at("key")).mode & 0o777).toBe(0o640);
  says(target({ privkey: at("key") }, { reload: ["/bin/false"], keyMode: 0o640 }));
  expect((await run()).slice(0, 2)).toEqual(["fault", "deploy"]);
  says(target({ privkey: at("key") }, { reload: told("new"), keyMode: 0o640 }));
  expect(await run()).toEqual(["done", "deploy"]);
  expect(await run()).toEqual(["done", "nothing"]);
  await remove(world, [], { dryRun: false });
  expect([readFileSync(at("told"), "utf8").split("\n"), files()]).toEqual([["old", "old", "new", "new", ""], ["told"]]);
});

it("another name of the entry: the copies stay where they are, at every moment, and are known to the log", async () => {
  writeFileSync(at("key"), "theirs");
  says(target({ privkey: at("key") }));
  await run();
  const { ino } = lstatSync(at("key"));
  says(target({ privkey: at("key") }, { name: "mail" }));
  expect((await run()).slice(0, 2)).toEqual(["done", "deploy"]);
  expect(lstatSync(at("key")).ino).toBe(ino);
  expect(await run()).toEqual(["done", "nothing"]);
  await remove(world, [], { dryRun: false });
  expect([files(), readFileSync(at("key"), "utf8")]).toEqual([["key"], "theirs"]);
});

it("a path that went over to another entry is not taken from it", async () => {
  says(target({ privkey: at("a"), cert: at("b") }));
  await run();
  says(target({ privkey: at("a") }), target({ cert: at("b") }, { name: "web" }));
  expect((await run()).slice(0, 2)).toEqual(["done", "deploy"]);
  expect(files()).toEqual(["a", "b"]);
  says(target({ privkey: at("a") }));
  await run();
  expect(files()).toEqual(["a"]);
});

it("an old copy that somebody changed is left alone, and named; one that cannot be taken back is a fault until it can", async () => {
  says(target({ combined: at("one.pem") }));
  await run();
  writeFileSync(at("one.pem"), "mine now");
  says(target({ combined: at("two.pem") }));
  const { certificates, outcome } = await renew(world, [one], options);
  expect([outcome, certificates[0]?.deployed?.findings.map(({ check, severity }) => [check, severity])]).toEqual([
    "done",
    [
      ["deploy-unobservable", "info"],
      ["deploy-left", "warning"],
    ],
  ]);
  expect(readFileSync(at("one.pem"), "utf8")).toBe("mine now");
  expect(await run()).toEqual(["done", "nothing"]);

  mkdirSync(at("sub"));
  says(target({ combined: at("sub/three.pem") }));
  await run();
  const { servers } = world;
  const stuck: World = {
    ...world,
    servers: async () => {
      const { files: adapter } = await servers();
      if (!adapter) throw new Error("no adapter");
      return {
        files: {
          ...adapter,
          withTargets: (...given) => ({
            ...(adapter.withTargets?.(...given) ?? adapter),
            revert: () => Promise.reject(new Error("EIO")),
          }),
        },
      };
    },
  };
  says(target({ combined: at("four.pem") }));
  await expect(renew(stuck, [one], options)).resolves.toMatchObject({ outcome: "fault" });
  expect(existsSync(at("sub/three.pem"))).toBe(true);
  expect(await run()).toEqual(["done", "deploy", "removed sub/three.pem"]);
  expect((await logged()).at(-1)).toContain("removed");
});

it("an entry that went, and cannot be taken back now, is not forgotten: a fault until it is done", async () => {
  says(target({ combined: at("one.pem") }));
  await run();
  const { servers } = world;
  says();
  one = certificate({ servers: [] });
  world = {
    ...world,
    servers: async () => {
      const { files: adapter } = await servers();
      if (!adapter) throw new Error("no adapter");
      const revert = () =>
        Promise.reject(new Failure("cannot-create", "it is read-only", { facts: { code: "EROFS" } }));
      return { files: { ...adapter, revert } };
    },
  };
  for (let time = 0; time < 2; time += 1) {
    const { outcome, certificates } = await renew(world, [one], options);
    expect(outcome).toBe("fault");
    expect(certificates[0]?.deployed?.findings.find(({ severity }) => severity === "fault")).toMatchObject({
      message: expect.stringContaining("still there: files/mail.example.org/app: copy to") as string,
      hint: expect.stringContaining("outside of the sandbox of the hourly run: mailcert deploy") as string,
    });
  }
  world = { ...world, servers };
  expect((await run())[0]).toBe("done");
  expect([files(), await run()]).toEqual([[], ["done", "nothing"]]);
});

it(
  "a run that is killed anywhere: the next one finishes, and nothing is left behind",
  { timeout: 60_000 },
  async () => {
    let writes = 0;
    for (let instant = 0; ; instant += 1) {
      rmSync(dir, { recursive: true });
      mkdirSync(dir);
      fake.dispose();
      fake = fakeWorld();
      const { servers } = world;
      world = { ...fake.world, servers };
      writeFileSync(at("one.pem"), "theirs");
      says(target({ combined: at("one.pem") }));
      await run();
      says(target({ combined: at("two.pem") }));
      let count = 0;
      fake.hooks.beforeWrite = () => {
        if (count >= instant) throw new Error("killed");
        count += 1;
      };
      await run().catch(() => undefined);
      const killed = count === instant;
      fake.hooks.beforeWrite = () => undefined;
      expect([instant, (await run())[0]]).toEqual([instant, "done"]);
      expect([instant, files(), readFileSync(at("one.pem"), "utf8")]).toEqual([
        instant,
        ["one.pem", "two.pem"],
        "theirs",
      ]);
      await remove(world, [], { dryRun: false });
      expect([instant, files()]).toEqual([instant, ["one.pem"]]);
      writes = Math.max(writes, count);
      if (!killed || instant > 30) break;
    }
    expect(writes).toBeGreaterThan(4);
  },
);
