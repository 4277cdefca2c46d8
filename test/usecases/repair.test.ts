// Repair: ours in the words of the installed version at once, the server started when its packages are settled, marks written last.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { emptyState } from "../../src/domain/state.ts";
import type { Change, Server, Upgrade } from "../../src/servers/server.ts";
import { policyInForce } from "../../src/usecases/harden-events.ts";
import { repairIfChanged, rewriteIfChanged } from "../../src/usecases/repair-if-changed.ts";
import { repair } from "../../src/usecases/repair.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const path = "/etc/dovecot/conf.d/99-mailcert.conf";
const minutes = 60_000;

let fake: FakeWorld;
let dir: string;
let server: ReturnType<typeof fakeServer>;
let world: World;

const fakeServer = () => {
  const told: string[] = [];
  const facts = {
    told,
    text: "old words",
    /** What outgrown() finds out, one answer a time; the last stays. */
    ready: [true] as boolean[],
    settled: [true] as boolean[],
    running: false,
    refuses: undefined as string | undefined,
    end: "started" as "running" | "started" | "stopped",
    program: "",
  };
  const next = (answers: boolean[]): boolean => (answers.length > 1 ? answers.shift() : answers[0]) ?? false;
  const upgrade: Upgrade = {
    get programs() {
      return [facts.program];
    },
    outgrown: async (paths, least = false) => {
      told.push(`outgrown${least ? " least" : ""}`);
      if (!next(facts.ready)) return "unready";
      const content = least ? "least words" : "new words";
      const change: Change = { kind: "file", path, content, mode: 0o644, before: facts.text };
      return { version: "2.4.1", changes: paths.includes(path) && facts.text !== content ? [change] : [] };
    },
    settled: async () => next(facts.settled),
    revive: async (ranBefore) => {
      told.push(`revive ${ranBefore}`);
      return facts.end;
    },
  };
  const adapter = {
    upgrade,
    detect: async () => [
      { server: "dovecot", id: "dovecot", version: "2.4.1", configDir: "/etc/dovecot", running: facts.running },
    ],
    apply: async (_installation: unknown, change: Change) => {
      told.push("apply");
      if (change.kind === "file") facts.text = change.content ?? "";
    },
    check: async () => {
      if (facts.refuses !== undefined && facts.text !== "least words")
        throw new Failure("config", facts.refuses, { hints: ["mend line 3"] });
    },
  } as unknown as Server;
  return { ...facts, facts, adapter };
};

beforeEach(async () => {
  fake = fakeWorld();
  dir = mkdtempSync(join(tmpdir(), "mailcert-dovecot-"));
  server = fakeServer();
  server.facts.program = join(dir, "dovecot");
  writeFileSync(server.facts.program, "2.3");
  world = { ...fake.world, servers: async () => ({ dovecot: server.adapter }) };
  await world.store.record({
    at: "2026-11-20T00:00:00.000Z",
    run: "1",
    command: "setup",
    certificate: name,
    what: "write",
    change: {
      server: "dovecot",
      installation: "dovecot",
      change: { kind: "file", path, content: "old words", mode: 0o644, before: undefined },
    },
  });
  await world.store.write({
    ...emptyState(name),
    stage: "verified",
    deployments: {
      dovecot: {
        server: "dovecot",
        generation: 1,
        at: "2026-11-20T00:00:00.000Z",
        entries: [{ url: `imaps://${name}:993`, address: "127.0.0.1", verdict: "proven" }],
      },
    },
  });
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true });
});

const stage = () => world.store.read(name)?.stage;

describe("repair", () => {
  it("rewrites, waits for the packages, starts, and asks for proof; once done a run looks no further until the program is another", async () => {
    server.facts.settled = [false, false, true];
    expect(world.store.programsChanged()).toBe(true);
    const { findings, certificates } = await repair(world, 5 * minutes);
    expect(server.facts.told).toEqual(["outgrown", "apply", "revive true"]);
    expect(findings).toMatchObject([
      {
        check: "deploy-repaired",
        severity: "warning",
        message: `dovecot is 2.4.1 now: ${path} was rewritten in its words; it had not come up, and was started`,
      },
    ]);
    expect(certificates).toEqual([name]);
    expect(stage()).toBe("switched");
    expect(world.store.programsChanged()).toBe(false);
    // Taken back by deploy --remove, newest first.
    expect((await world.store.events()).at(-2)).toMatchObject({
      certificate: name,
      change: { change: { path, before: "old words", content: "new words" } },
    });

    expect(await repairIfChanged(world)).toEqual({ findings: [], certificates: [] });
    expect(server.facts.told).toHaveLength(3);
    writeFileSync(server.facts.program, "2.4 with other bytes");
    server.facts.end = "running";
    expect(await repairIfChanged(world)).toEqual({ findings: [], certificates: [] });
    expect(server.facts.told).toHaveLength(5);
  });

  it("a run that deploys has ours in the new words, and neither waits nor starts; a version that nobody knows is the deployment's to tell", async () => {
    server.facts.settled = [false];
    expect((await rewriteIfChanged(world)).map(({ message }) => message)).toEqual([
      `dovecot is 2.4.1 now: ${path} was rewritten in its words`,
    ]);
    expect(server.facts.told).toEqual(["outgrown", "apply"]);
    expect(stage()).toBe("switched");
    // The hourly run starts what did not come up.
    expect(world.store.programsChanged()).toBe(true);
    expect(await rewriteIfChanged(world)).toEqual([]);
    server.adapter.upgrade!.outgrown = async () => {
      throw new Failure("config", "Dovecot 2.5.0 is installed");
    };
    expect(await rewriteIfChanged(world)).toEqual([]);
  });

  it("half unpacked it waits; where time is up it says so, and the next run looks again", async () => {
    server.facts.ready = [false, false, true];
    expect((await repair(world, 5 * minutes)).certificates).toEqual([name]);

    server.facts.text = "old words";
    server.facts.settled = [false];
    writeFileSync(server.facts.program, "again");
    const waiting = await repair(world, minutes);
    expect(waiting.findings[0]?.message).toBe(
      "dovecot: its packages are being installed; mailcert's settings are in the new version's words already; the next run looks again",
    );
    expect(server.facts.text).toBe("new words");
    expect(world.store.programsChanged()).toBe(true);
    server.facts.ready = [false];
    expect((await repair(world, minutes)).findings[0]?.message).toMatch(/^dovecot: its programs are being replaced;/);
  });

  it("settings of somebody else that it refuses are told with their line, and nothing is started", async () => {
    server.facts.refuses = "Dovecot refuses its configuration: 10-mail.conf line 3: Unknown setting";
    const { findings, certificates } = await repair(world, minutes);
    expect(certificates).toEqual([]);
    expect(findings).toMatchObject([{ check: "deploy-outgrown", severity: "fault" }]);
    expect(findings[0]?.message).toContain(
      "refuses settings that are not mailcert's: Dovecot refuses its configuration: 10-mail.conf line 3",
    );
    expect(findings[0]?.hint).toMatch(/^mend line 3;/);
    expect(server.facts.told.some((one) => one.startsWith("revive"))).toBe(false);
    expect(world.store.programsChanged()).toBe(true);
  });

  it("so they are while the old program runs on: it would be down after the next boot, and it is looked at again until it would not", async () => {
    server.facts.refuses = "Dovecot refuses its configuration: 10-mail.conf line 3: Unknown setting";
    server.facts.running = true;
    server.facts.end = "running";
    const { findings, certificates } = await repair(world, minutes);
    expect(certificates).toEqual([]);
    expect(findings).toMatchObject([{ check: "deploy-outgrown", severity: "fault" }]);
    expect(findings[0]?.message).toMatch(
      /^dovecot 2\.4\.1 runs on as it was started, would not start again, and refuses /,
    );
    expect(world.store.programsChanged()).toBe(true);
    server.facts.refuses = undefined;
    expect((await repair(world, minutes)).findings.map(({ severity }) => severity)).not.toContain("fault");
    expect(world.store.programsChanged()).toBe(false);
  });

  it("refused in our own file even then, nobody is told that it is somebody else's, and mending a line is not all that helps", async () => {
    server.adapter.check = async () => {
      throw new Failure("config", `Dovecot refuses its configuration: ${path} line 9: no such value`, {
        hints: ["run: mailcert deploy --repair"],
      });
    };
    const { findings } = await repair(world, minutes);
    expect(findings).toMatchObject([{ check: "deploy-outgrown", severity: "fault" }]);
    expect(findings[0]?.message).toContain("refuses settings in mailcert's own file: Dovecot refuses");
    expect(findings[0]?.hint).toMatch(
      /^\/etc\/dovecot\/conf\.d\/99-mailcert\.conf is mailcert's own and was changed by/,
    );
  });

  it("a TLS policy that was reworded stays what takes it out: its line in the log of changes has no way back of its own", async () => {
    const policy = "/etc/dovecot/conf.d/99-mailcert.policy.conf";
    const set: Change = { kind: "file", path: policy, content: "old", mode: 0o644, before: undefined };
    await world.store.record({
      at: "2026-11-20T01:00:00.000Z",
      run: "2",
      command: "deploy --harden",
      certificate: name,
      what: "dovecot: write the policy",
      undo: "mailcert deploy --harden=none",
      change: { server: "dovecot", installation: "dovecot", change: set },
      policy: true,
    });
    server.facts.text = "new words";
    server.adapter.upgrade!.outgrown = async (paths) => ({
      version: "2.4.1",
      changes: paths.includes(policy) ? [{ ...set, content: "new", before: "old", reworded: true }] : [],
    });
    const { findings, certificates } = await repair(world, minutes);
    expect(findings[0]?.message).toContain(`${policy} was rewritten in its words`);
    expect(certificates).toEqual([name]);
    const events = await world.store.events();
    expect(events.find(({ what, run }) => run !== "2" && what.includes(policy))).toEqual(
      expect.objectContaining({ certificate: name, undo: "mailcert deploy --harden=none" }),
    );
    expect(policyInForce(events, "dovecot").map(({ change }) => change?.change)).toEqual([set]);
  });

  it("refused in our own file all the same, that is cut down to what every client needs", async () => {
    server.facts.refuses = `Dovecot refuses its configuration: ${path} line 9: Unknown setting`;
    const { findings, certificates } = await repair(world, minutes);
    expect(findings[0]?.message).toContain("was started");
    // More than other words: somebody may rely on what is gone.
    expect(findings[1]).toMatchObject({ check: "deploy-repaired", severity: "fault" });
    expect(findings[1]?.message).toContain(path);
    expect(server.facts.text).toBe("least words");
    expect(certificates).toEqual([name]);
  });

  it("a failure to start is a fault; a run that is stopped while it waits leaves all to the next", async () => {
    server.adapter.upgrade!.revive = async () => {
      throw new Failure("unavailable", "dovecot does not start: it said so", { hints: ["look"] });
    };
    expect((await repair(world, minutes)).findings).toMatchObject([
      { check: "deploy-config", severity: "fault", message: expect.stringContaining("dovecot does not start") },
    ]);
    expect(world.store.programsChanged()).toBe(true);
  });

  it("where nothing of ours is, nobody is asked", async () => {
    const empty = fakeWorld();
    try {
      expect(await repairIfChanged({ ...empty.world, servers: world.servers })).toEqual({
        findings: [],
        certificates: [],
      });
      expect(server.facts.told).toEqual([]);
      expect(empty.world.store.programsChanged()).toBe(false);
    } finally {
      empty.dispose();
    }
  });
});
