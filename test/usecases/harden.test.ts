// A server's TLS policy: asked for once, written down, tested, reloaded, proven; taken back where it breaks something; finished by the run after a killed one.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { hardenHasFault, hardenText } from "../../src/reports/harden.ts";
import type { PolicyPlan } from "../../src/servers/policy.ts";
import type { Change, Server } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { type HardenPlan, type HardenResult, asResult, harden, planHardening } from "../../src/usecases/harden.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import type { World } from "../../src/usecases/world.ts";
import { dyingWorld } from "../fakes/policy-world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

/** What the server's one setting of policy stands at. */
let policy: string | undefined;
/** Its configuration test refuses a strict one. */
let refuses: boolean;
/** A strict one ends every handshake once it is loaded. */
let breaks: boolean;
let fake: FakeWorld;
let world: World;

const change = (): Change => ({ kind: "parameter", parameter: "policy", before: policy, after: "strict" });

const plan = (): PolicyPlan => ({
  library: { name: "OpenSSL", version: "3.0.20" },
  settings:
    policy === "strict"
      ? []
      : [{ scope: "everybody", setting: "policy", now: policy ?? "", wanted: "strict", why: "a reason" }],
  stricter: ["other = stricter"],
  changes: policy === "strict" ? [] : [change()],
  notCovered: [],
  notes: [],
});

const withPolicy = (server: Server): Server => ({
  ...server,
  harden: async () => plan(),
  apply: async (installation, one) => {
    if (one.kind === "parameter" && one.parameter === "policy") policy = one.after;
    else await server.apply(installation, one);
  },
  revert: async (installation, one) => {
    if (one.kind !== "parameter" || one.parameter !== "policy") return server.revert(installation, one);
    if (policy !== one.after) return policy === one.before ? "reverted" : "not-ours";
    policy = one.before;
    return "reverted";
  },
  check: async (installation) => {
    if (refuses && policy === "strict") throw new Failure("config", "no such setting");
    await server.check(installation);
  },
  reload: async (installation) => {
    fake.server.breaks = breaks && policy === "strict";
    await server.reload(installation);
  },
});

const agreed = async (): Promise<void> => undefined;
const run = (confirm: (plan: HardenPlan) => Promise<void> = agreed): Promise<HardenResult> =>
  harden(world, [certificate()], "intermediate", confirm);
const outcomes = ({ servers }: HardenResult): readonly string[] => servers.map(({ outcome }) => outcome);
const log = async (): Promise<readonly string[]> => (await world.store.events()).map(({ what }) => what);

/** A run that ends at this step, and does nothing at all from then on; `after`: once the step is done. */
const killed = async (at: (what: string) => boolean, after = false): Promise<void> => {
  const { fake: server } = await world.servers();
  if (!server) throw new Error("no server");
  const dying = dyingWorld(world, server, at, after);
  await harden(dying, [certificate()], "intermediate", agreed).catch(() => undefined);
};

beforeEach(async () => {
  [policy, refuses, breaks] = [undefined, false, false];
  fake = fakeWorld();
  await issue(fake.world, certificate());
  await deploy(fake.world, certificate(), { replace: false, accept: async () => false });
  const { fake: server } = await fake.world.servers();
  if (!server) throw new Error("no server");
  world = { ...fake.world, servers: async () => ({ fake: withPolicy(server) }) };
});
afterEach(() => fake.dispose());

describe("harden", () => {
  it("asks once with the difference, sets, writes down, proves; then there is nothing to do, and nothing is asked", async () => {
    const reloads = fake.server.reloads;
    const asked: string[] = [];
    const result = await run(async (planned) => void asked.push(hardenText(asResult(planned))));
    expect(asked).toEqual([
      expect.stringMatching(/linked with OpenSSL 3\.0\.20: would change\n[\s\S]*policy: not set -> strict/),
    ]);
    expect(result.servers[0]).toMatchObject({ outcome: "set", proven: 1, changes: ["main.cf: policy = strict"] });
    expect(hardenText(result)).toContain("stricter than the profile, and left: other = stricter");
    expect(fake.server.reloads).toBe(reloads + 1);
    expect((await log()).slice(-3)).toEqual([
      "fake: setting the TLS policy intermediate",
      "fake: main.cf: policy = strict",
      "fake: TLS policy in effect",
    ]);
    const again = await run(async () => {
      throw new Error("nothing is to be asked");
    });
    expect(outcomes(again)).toEqual(["as-it-should-be"]);
    expect(fake.server.reloads).toBe(reloads + 1);
  });

  it("changes nothing after a no, and nothing in a plan", async () => {
    await planHardening(world, [certificate()], "modern");
    await expect(
      run(async () => {
        throw new Failure("config", "not confirmed");
      }),
    ).rejects.toThrow("not confirmed");
    expect(policy).toBeUndefined();
    expect(await log()).not.toContain("fake: setting the TLS policy intermediate");
  });

  it("goes with the certificate's settings at deploy --remove", async () => {
    await run();
    const [removal] = await remove(world, [], { dryRun: false });
    expect(removal?.reverted).toContain("fake: main.cf: removed policy");
    expect(policy).toBeUndefined();
  });

  it("a policy that ends handshakes is taken back, reloaded and proven; the certificate stays", async () => {
    breaks = true;
    const result = await run();
    expect(outcomes(result)).toEqual(["taken-back"]);
    expect(hardenHasFault(result)).toBe(true);
    expect(result.servers[0]?.findings[0]?.message).toMatch(/imaps:\/\/mail\.example\.org.*gave no TLS handshake/);
    expect(result.servers[0]?.findings[0]?.message).toContain("every entry point is as it was before");
    expect(policy).toBeUndefined();
    expect(fake.server.served).toBeDefined();
    expect((await log()).at(-1)).toBe("fake: TLS policy taken back");
  });

  it("what the server itself refuses is taken back before anybody reloads it", async () => {
    refuses = true;
    const reloads = fake.server.reloads;
    const result = await run();
    expect(outcomes(result)).toEqual(["taken-back"]);
    expect(result.servers[0]?.findings[0]?.message).toContain("no such setting");
    expect(policy).toBeUndefined();
    expect(fake.server.reloads).toBe(reloads + 1);
  });

  it("a server whose configuration is broken already is not touched", async () => {
    fake.server.complaint = "somebody is at work here";
    expect(outcomes(await run())).toEqual(["untouched"]);
    expect(policy).toBeUndefined();
  });

  it("a server that does not run gets its settings, and nothing is said to be proven", async () => {
    fake.server.running = false;
    expect(outcomes(await run())).toEqual(["not-proven"]);
    expect(policy).toBe("strict");
  });

  it.each(["setting the TLS policy", "policy = strict", "policy in effect"])(
    "a run that is killed when it writes down %j is finished by the next one",
    async (at) => {
      await killed((what) => what.includes(at), true);
      const reloads = fake.server.reloads;
      const next = await run();
      const ended = at.endsWith("effect");
      expect(outcomes(next)).toEqual([ended ? "as-it-should-be" : "set"]);
      expect(fake.server.reloads).toBe(reloads + (ended ? 0 : 1));
      expect(policy).toBe("strict");
      expect(world.store.policyIsUnfinished()).toBe(false);
    },
  );

  it("a run that was killed before its reload is finished: reload, proof, and the way back as well", async () => {
    await killed((what) => what === "reload");
    expect(policy).toBe("strict");
    breaks = true;
    expect(outcomes(await run())).toEqual(["taken-back"]);
    expect(policy).toBeUndefined();
  });

  it("names a server that it knows no policy for, and one whose library is too old", async () => {
    const { fake: server } = await world.servers();
    if (!server) throw new Error("no server");
    const without: Server = { ...server };
    delete without.harden;
    const none = await harden(
      { ...world, servers: async () => ({ fake: without }) },
      [certificate()],
      "modern",
      agreed,
    );
    expect(none.findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual(["info harden-unknown"]);
    const old = { ...server, harden: () => Promise.reject(new Failure("config", "it is linked with OpenSSL 1.0.2k")) };
    const refused = await harden({ ...world, servers: async () => ({ fake: old }) }, [certificate()], "modern", agreed);
    expect(refused.findings.map(({ check }) => check)).toEqual(["harden-refused"]);
    expect(hardenHasFault(refused)).toBe(true);
  });
});
