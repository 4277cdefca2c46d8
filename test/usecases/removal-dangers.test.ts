// deploy --remove where what it would put back does not work any more: told before, asked about, and the ports are looked at afterwards.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Finding } from "../../src/domain/finding.ts";
import { hasTrouble, removalText } from "../../src/reports/removal.ts";
import type { Former } from "../../src/servers/former.ts";
import type { Server } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { recordChange } from "../../src/usecases/record-change.ts";
import { dangersOf, remove } from "../../src/usecases/remove.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const gone = "smtpd_tls_cert_file = /etc/x.pem in /etc/postfix/main.cf, which is not there";

let fake: FakeWorld;
let world: World;
let former: Former | undefined;

beforeEach(async () => {
  fake = fakeWorld();
  former = { any: true, troubles: [] };
  const { fake: adapter } = await fake.world.servers();
  if (!adapter) throw new Error("no server");
  const asked = async (): Promise<Former> => former ?? Promise.reject(new Failure("config", "cannot be read"));
  world = { ...fake.world, servers: async () => ({ fake: { ...adapter, former: asked } }) };
  await issue(world, certificate());
  await deploy(world, certificate(), { replace: false, accept: async () => false });
});
afterEach(() => fake.dispose());

const setting = (): string | undefined => fake.server.setting;
const out = (confirm?: () => Promise<void>) =>
  remove(world, [name], { dryRun: false, ...(confirm ? { confirm } : {}) });

describe("files that are gone", () => {
  beforeEach(() => void (former = { any: true, troubles: [gone] }));

  it("are said by a dry run, which is no success", async () => {
    const planned = await remove(world, [name], { dryRun: true });
    expect(hasTrouble(planned)).toBe(true);
    expect(planned[0]?.findings).toEqual([
      {
        check: "removal-unserved",
        severity: "fault",
        message: `fake would be left without a certificate: put back would be ${gone}`,
        hint: expect.stringContaining(`mailcert deploy --remove --yes ${name}`) as string,
      },
    ]);
    expect(await dangersOf(world, [])).toMatchObject([{ hint: expect.stringMatching(/--yes$/) as string }]);
  });

  it("a no changes nothing, not even what the next run does", async () => {
    const before = [setting(), fake.server.reloads, JSON.stringify(world.store.read(name))];
    await expect(out(() => Promise.reject(new Failure("config", "no")))).rejects.toThrow("no");
    expect([setting(), fake.server.reloads, JSON.stringify(world.store.read(name))]).toEqual(before);
  });

  it("of two servers are asked about together: a yes to one is none to the other", async () => {
    const { fake: adapter } = await world.servers();
    if (!adapter) throw new Error("no server");
    const detect: Server["detect"] = async () =>
      (await adapter.detect()).map((one) => ({ ...one, id: "second", server: "second" }));
    const inner = world;
    world = { ...inner, servers: async () => ({ fake: adapter, second: { ...adapter, detect } }) };
    await recordChange(world, {
      certificate: name,
      what: "second: main.cf: certificate = x",
      change: {
        server: "second",
        installation: "second",
        change: { kind: "parameter", parameter: "certificate", before: undefined, after: "x" },
      },
    });
    const told = ["fake", "second"].map((id) => `${id} would be left without a certificate: put back would be ${gone}`);
    expect((await dangersOf(world, [name])).map(({ message }) => message)).toEqual(told);
    const asked: string[] = [];
    const no = async (dangers: readonly Finding[]): Promise<void> => {
      asked.push(...dangers.map(({ message }) => message));
      throw new Failure("config", "no");
    };
    await expect(remove(world, [name], { dryRun: false, confirm: no })).rejects.toThrow("no");
    expect(asked).toEqual(told);
  });

  it("after a yes it is taken out, and a port without TLS is a fault", async () => {
    fake.server.breaks = true;
    const asked: string[] = [];
    const removed = await out(async () => void asked.push("asked"));
    expect([asked, setting()]).toEqual([["asked"], undefined]);
    expect(removed[0]?.findings).toMatchObject([
      {
        check: "removal-broken",
        severity: "fault",
        message:
          "fake gives no TLS handshake any more on port 993, now that it has its own settings again (imaps://mail.example.org:993 at 127.0.0.1: no shared cipher)",
      },
    ]);
    expect(removalText(removed)).toContain(`mailcert deploy ${name}`);
  });
});

describe("files that are there", () => {
  it("nobody is asked; a port that lost its TLS all the same is a fault", async () => {
    fake.server.breaks = true;
    const removed = await out(() => Promise.reject(new Error("nobody is to be asked")));
    expect(removed[0]?.findings.map(({ check }) => check)).toEqual(["removal-broken"]);
  });

  it("a port that goes on with a handshake is none", async () => {
    const removed = await out();
    expect([removed[0]?.findings, hasTrouble(removed)]).toEqual([[], false]);
  });
});

it("a server whose own settings have no certificate is as it was before, which is said", async () => {
  former = { any: false, troubles: [] };
  fake.server.breaks = true;
  const [removed] = await out();
  expect(removed?.findings).toEqual([]);
  expect(removed?.reverted).toContain("fake: no TLS any more on port 993: its own settings have none there");
});

it.each([
  ["has TLS off there by its own word", { tlsOff: { setting: "ssl = no", mend: "set ssl = yes" } }],
  ["does not listen there any more", { port: 143 }],
])("one that %s is as it was before", async (_what, now) => {
  const { fake: adapter } = await world.servers();
  if (!adapter) throw new Error("no server");
  const listeners: Server["listeners"] = async (installation) =>
    (await adapter.listeners(installation)).map((one) => (setting() === undefined ? { ...one, ...now } : one));
  const inner = world;
  world = { ...inner, servers: async () => ({ fake: { ...adapter, listeners } }) };
  fake.server.breaks = true;
  const [removed] = await out();
  expect(removed?.findings).toEqual([]);
  expect(removed?.reverted).toContain("fake: no TLS any more on port 993: its own settings have none there");
});

it("one that cannot be asked is taken out as ever, and its port is looked at", async () => {
  former = undefined;
  fake.server.breaks = true;
  expect((await out())[0]?.findings.map(({ check }) => check)).toEqual(["removal-broken"]);
});

describe("a setting that somebody changed in between, and that was replaced after that", () => {
  beforeEach(async () => {
    fake.server.setting = "/etc/their.pem";
    await deploy(world, certificate(), { replace: false, accept: async () => false });
    expect(setting()).toContain("/live/");
  });

  it("is put back, and not said to be left alone as well", async () => {
    const planned = await remove(world, [name], { dryRun: true });
    expect(planned[0]?.reverted).toEqual(["fake: main.cf: would put back certificate = /etc/their.pem"]);
    const [removed] = await out();
    expect(setting()).toBe("/etc/their.pem");
    expect([removed?.reverted, removed?.kept]).toEqual([["fake: main.cf: put back certificate = /etc/their.pem"], []]);
  });

  it("and changed once more is left alone, once", async () => {
    fake.server.setting = "/etc/another.pem";
    const [removed] = await out();
    expect(setting()).toBe("/etc/another.pem");
    expect([removed?.reverted, removed?.kept]).toEqual([[], ["fake: main.cf: certificate: somebody changed it since"]]);
  });
});
