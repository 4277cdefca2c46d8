// A change of TLS policy that goes wrong half-way, or is cut short: what was set is taken back or finished, nothing is called reverted that is not, nothing is loaded untested.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { hardenHasFault, hardenText } from "../../src/reports/harden.ts";
import { type HardenResult, harden } from "../../src/usecases/harden.ts";
import { removePolicy } from "../../src/usecases/harden-none.ts";
import { remove } from "../../src/usecases/remove.ts";
import { finishUnfinished } from "../../src/usecases/repair-if-changed.ts";
import type { World } from "../../src/usecases/world.ts";
import { type PolicyWorld, policyWorld } from "../fakes/policy-world.ts";
import { certificate } from "../fakes/world.ts";

let host: PolicyWorld;

const run = (world: World = host.world): Promise<HardenResult> =>
  harden(world, [certificate()], "intermediate", async () => undefined);
const killed = async (at: (what: string) => boolean, after = false): Promise<void> => {
  await run(host.dying(at, after)).catch(() => undefined);
};
const outcomes = ({ servers }: HardenResult): readonly string[] => servers.map(({ outcome }) => outcome);
const messages = ({ servers }: HardenResult): string =>
  servers.flatMap(({ findings }) => findings.map(({ message }) => message)).join("\n");
const told = async (): Promise<readonly string[]> =>
  (await finishUnfinished(host.world)).map(({ severity, check }) => `${severity} ${check}`);
const reloads = (): number => host.fake.server.reloads;
const log = async (): Promise<readonly string[]> => (await host.world.store.events()).map(({ what }) => what);

beforeEach(async () => {
  host = await policyWorld();
});
afterEach(() => host.fake.dispose());

describe("a policy that cannot be set", () => {
  it("a change that fails takes the others back with it", async () => {
    host.onApply = (parameter) => {
      if (parameter === "policy-2") throw new Error("disk full");
    };
    const result = await run();
    expect(outcomes(result)).toEqual(["taken-back"]);
    expect(messages(result)).toMatch(/every entry point is as it was before: it could not be set: .*disk full/s);
    expect([...host.settings]).toEqual([]);
    expect(host.world.store.policyIsUnfinished()).toBe(false);
  });

  it("what somebody changed meanwhile is said, and is not called reverted", async () => {
    host.complaint = () => (host.settings.has("policy-2") ? "no such setting" : undefined);
    host.onRevert = (parameter) => (parameter === "policy-1" ? "not-ours" : undefined);
    const result = await run();
    expect(messages(result)).toContain(
      "was taken back but for what somebody changed meanwhile (main.cf: policy-1: somebody changed it since)",
    );
    expect([...host.settings]).toEqual([["policy-1", "strict"]]);
    // Its undo is not lost.
    host.onRevert = () => undefined;
    await remove(host.world, [], { dryRun: false });
    expect([...host.settings]).toEqual([]);
  });

  it("a server that goes on refusing is not reloaded, and the next run looks again", async () => {
    host.complaint = () => (host.settings.size > 0 ? "no such setting" : undefined);
    const before = reloads();
    host.onRevert = () => {
      // Somebody breaks another file in that moment.
      host.complaint = () => "a brace is missing";
      return undefined;
    };
    expect(messages(await run())).toContain(
      "was not reloaded, for its own test refuses what stands there now (a brace",
    );
    expect(reloads()).toBe(before);
    expect(await told()).toEqual(["fault harden-taken-back"]);
    host.complaint = () => undefined;
    expect(await told()).toEqual(["warning harden-taken-back"]);
    expect(reloads()).toBe(before + 1);
    expect(await told()).toEqual([]);
  });
});

describe("a server that cannot be reloaded, neither with the policy nor without it", () => {
  const boom = new Failure("unavailable", "doveadm ended with status 75: boom");

  it("its words are said once, and the next run says what was: nothing was cut short", async () => {
    host.onReload = () => boom;
    expect(messages(await run())).toBe(
      "fake: the TLS policy was taken back: it could not be reloaded, neither with it nor without it: doveadm ended with status 75: boom",
    );
    expect(await finishUnfinished(host.world)).toMatchObject([
      {
        severity: "fault",
        message:
          "fake: the TLS policy intermediate stands there no more, since an earlier run took it back; it may still be in effect, but it could not be reloaded (doveadm ended with status 75: boom)",
        hint: "mend what it says; each run of mailcert renew tries again",
      },
    ]);
    host.onReload = () => undefined;
    expect(await finishUnfinished(host.world)).toMatchObject([
      {
        severity: "warning",
        message:
          "fake: the TLS policy intermediate stands there no more, since an earlier run took it back; it is in effect nowhere now, and every entry point is as it was before",
        hint: "to set it after all: mailcert deploy --harden=intermediate",
      },
    ]);
    expect(await told()).toEqual([]);
  });

  it("a run that is about to set it asks nobody to set it", async () => {
    host.onReload = () => boom;
    await run();
    host.onReload = () => undefined;
    expect((await finishUnfinished(host.world, true)).map(({ hint }) => hint)).toEqual(["this run goes on to set it"]);
    expect(outcomes(await run())).toEqual(["set"]);
  });
});

describe("a run that is killed is looked after by the next one, whichever that is", () => {
  it.each(["mark", "fake: setting the TLS policy intermediate"])("at %j nothing was set: nothing stays", async (at) => {
    await killed((what) => what === at, true);
    expect(host.world.store.policyIsUnfinished()).toBe(true);
    expect(await told()).toEqual(at === "mark" ? [] : ["fault harden-taken-back"]);
    expect([...host.settings]).toEqual([]);
    expect(host.world.store.policyIsUnfinished()).toBe(false);
  });

  it("between two changes: taken back, tested, reloaded, and said", async () => {
    await killed((what) => what === "apply policy-2");
    expect([...host.settings]).toEqual([["policy-1", "strict"]]);
    const before = reloads();
    const findings = await finishUnfinished(host.world);
    expect(findings[0]?.message).toBe(
      "fake: the TLS policy was taken back, and every entry point is as it was before: a run that was cut short had set a part of it",
    );
    expect(findings[0]?.hint).toBe("to set it after all: mailcert deploy --harden=intermediate");
    expect([...host.settings]).toEqual([]);
    expect(reloads()).toBe(before + 1);
    expect(await told()).toEqual([]);
  });

  it("on a server that cannot be asked just now, as in an upgrade: kept and told until it can be", async () => {
    await killed((what) => what === "apply policy-2");
    const servers = async () =>
      Object.fromEntries(
        Object.entries(await host.world.servers()).map(([id, server]) => [
          id,
          { ...server, detect: () => Promise.reject(new Failure("config", "its version is not known")) },
        ]),
      );
    const [finding] = await finishUnfinished({ ...host.world, servers });
    expect(finding).toMatchObject({
      severity: "fault",
      check: "harden-kept",
      message: expect.stringContaining("its version is not known") as string,
    });
    expect([host.world.store.policyIsUnfinished(), ...host.settings]).toEqual([true, ["policy-1", "strict"]]);
    expect(await told()).toEqual(["fault harden-taken-back"]);
    expect([...host.settings]).toEqual([]);
  });

  it("before the reload: tested, reloaded, proven, and said", async () => {
    await killed((what) => what === "reload");
    const before = reloads();
    expect(await told()).toEqual(["warning harden-finished"]);
    expect(reloads()).toBe(before + 1);
    expect([...host.settings.values()]).toEqual(["strict", "strict"]);
    expect((await log()).at(-1)).toBe("fake: TLS policy in effect");
    expect(await told()).toEqual([]);
  });

  it("after a reload that ended every handshake: the last proof tells what there was, and it is taken back", async () => {
    host.breaks = true;
    await killed((what) => what === "reload", true);
    expect(host.fake.server.served).toBeUndefined();
    expect(await told()).toEqual(["fault harden-taken-back"]);
    expect([...host.settings]).toEqual([]);
    expect(host.fake.server.served).toBeDefined();
  });

  it("with a policy that the server refuses: taken back", async () => {
    await killed((what) => what === "apply policy-2", true);
    host.complaint = () => (host.settings.size > 0 ? "no such setting" : undefined);
    expect(await told()).toEqual(["fault harden-taken-back"]);
    expect([...host.settings]).toEqual([]);
  });
});

describe("harden=none", () => {
  it("takes the policy out, tested, reloaded and proven; the certificate stays", async () => {
    host.settings.set("policy-1", "mine");
    await run();
    const planned = await removePolicy(host.world, [], { dryRun: true });
    expect(hardenText(planned)).toBe(
      [
        "TLS policy: none, as it was before mailcert deploy --harden; certificates stay",
        "  fake 1.0: would take out",
        "    main.cf: would remove policy-2",
        "    main.cf: would put back policy-1 = mine",
      ].join("\n"),
    );
    expect(host.settings.get("policy-1")).toBe("strict");
    const before = reloads();
    const done = await removePolicy(host.world, ["mail.example.org"], { dryRun: false });
    expect(outcomes(done)).toEqual(["taken-out"]);
    expect(hardenText(done)).toContain("taken out, and proven: 1 entry points take clients as before");
    expect([...host.settings]).toEqual([["policy-1", "mine"]]);
    expect(host.fake.server.setting).toBeDefined();
    expect(reloads()).toBe(before + 1);
    expect(hardenText(await removePolicy(host.world, [], { dryRun: false }))).toContain("nothing to do");
  });

  it("is what the log offers for each change", async () => {
    await run();
    const undo = (await host.world.store.events()).flatMap(({ policy, undo: how }) => (policy ? [how] : []));
    expect(undo).toEqual(["mailcert deploy --harden=none", "mailcert deploy --harden=none"]);
  });

  it("leaves what somebody changed since, and says so", async () => {
    await run();
    host.settings.set("policy-2", "another");
    const done = await removePolicy(host.world, [], { dryRun: false });
    expect([...host.settings]).toEqual([["policy-2", "another"]]);
    expect(messages(done)).toContain("left alone: main.cf: policy-2");
    expect(hardenHasFault(done)).toBe(false);
  });

  it.each(["revert policy-1", "reload"])("a run that is killed at %j is finished by the next one", async (at) => {
    await run();
    const world = host.dying((what) => what === at);
    await removePolicy(world, [], { dryRun: false }).catch(() => undefined);
    const before = reloads();
    expect(await told()).toEqual(["warning harden-finished"]);
    expect([...host.settings]).toEqual([]);
    expect(reloads()).toBe(before + 1);
    expect(await told()).toEqual([]);
  });

  it("refuses a name that this host does not know", async () => {
    await expect(removePolicy(host.world, ["other.example.org"], { dryRun: false })).rejects.toThrow(Failure);
  });
});
