// A file of ours that a server's line still names and somebody took away: its own test fails, and a deployment writes it again. What is somebody else's stays alone.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Change, Server } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const path = "/etc/haproxy/mailcert.crt-list";
let fake: FakeWorld;
let world: World;
let text: string | undefined;
let theirs: string | undefined;
let reloads: number;

beforeEach(() => {
  fake = fakeWorld();
  [text, theirs, reloads] = [undefined, undefined, 0];
  const change = (): Change => ({ kind: "file", path, content: "ours", mode: 0o600, before: text });
  const server: Server = {
    detect: async () => [{ server: "blind", id: "blind", version: "1", configDir: "/etc/haproxy", running: true }],
    listeners: async () => [],
    plan: async () => ({ changes: text === "ours" ? [] : [change()], notes: [] }),
    apply: async (_installation, { kind, ...one }) => {
      if (kind === "file" && "content" in one) text = one.content as string;
    },
    revert: async () => "reverted",
    readBack: async () => [],
    check: async () => {
      if (theirs !== undefined) throw new Failure("config", theirs);
      if (text !== "ours") throw new Failure("config", `cannot open file '${path}'`);
    },
    reload: async () => {
      reloads += 1;
    },
    snippet: () => "settings",
  };
  world = { ...fake.world, servers: async () => ({ blind: server }) };
});
afterEach(() => fake.dispose());

it.each([undefined, "broken by an editor"])("is written again: %s", async (found) => {
  const one = certificate({ servers: ["blind"] });
  await issue(world, one, { newKey: false });
  const run = () => deploy(world, one, { accept: async () => false, replace: false });
  await run();
  expect([text, reloads]).toEqual(["ours", 1]);
  text = found;
  const { outcome, findings } = await run();
  expect(findings.filter(({ severity }) => severity === "fault")).toEqual([]);
  expect([outcome, text, reloads]).toEqual(["verified", "ours", 2]);
});

it("a complaint about anything else leaves everything as it is", async () => {
  const one = certificate({ servers: ["blind"] });
  await issue(world, one, { newKey: false });
  theirs = "haproxy.cfg line 3: unknown keyword";
  const { findings } = await deploy(world, one, { accept: async () => false, replace: false });
  expect(findings.map(({ check }) => check)).toContain("deploy-config");
  expect([text, reloads]).toEqual([undefined, 0]);
});
