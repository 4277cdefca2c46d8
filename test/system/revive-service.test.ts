// Starting a server that failed to come up, and leaving alone what somebody stopped.
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { reviveService } from "../../src/system/revive-service.ts";

const answer = (stdout = "", status = 0, stderr = "") => ({ status, stdout, stderr });

describe("with systemd", () => {
  const systemd = (state: string, startStatus = 0, file = "enabled") => {
    const ran: string[] = [];
    const run: RunProgram = async (_program, args) => {
      ran.push(args.join(" "));
      if (args[0] === "show") return answer(`${args[1] === "--property=UnitFileState" ? file : state}\n`);
      return args[0] === "start" ? answer("", startStatus, startStatus === 0 ? "" : "Job failed.\n") : answer();
    };
    const revive = () =>
      reviveService(run, { service: "dovecot", ranBefore: true, runs: async () => false, booted: "/" });
    return { ran, revive };
  };

  it.each([
    ["active", "running"],
    ["activating", "running"],
    ["reloading", "running"],
    ["inactive", "stopped"],
    ["deactivating", "stopped"],
  ])("a unit that is %s counts as %s, and nothing is started", async (state, end) => {
    const { ran, revive } = systemd(state);
    expect(await revive()).toBe(end);
    expect(ran).toEqual(["show --property=ActiveState --value -- dovecot.service"]);
  });

  it("a unit that failed is started, however often it was tried", async () => {
    const { ran, revive } = systemd("failed");
    expect(await revive()).toBe("started");
    expect(ran.slice(2)).toEqual(["reset-failed -- dovecot.service", "start -- dovecot.service"]);
  });

  it.each(["disabled", "masked", "masked-runtime"])("one that failed and was %s is left alone", async (file) => {
    const { ran, revive } = systemd("failed", 0, file);
    expect(await revive()).toBe("stopped");
    expect(ran.every((command) => command.startsWith("show "))).toBe(true);
  });

  it("one that fails again is a failure with systemd's words and the command", async () => {
    await expect(systemd("failed", 1).revive()).rejects.toMatchObject({
      kind: "unavailable",
      message: "dovecot does not start: Job failed.",
      hints: ["see why and mend it, then: systemctl start dovecot"],
    });
  });
});

describe("without systemd", () => {
  const script = (status: number | "none", { ranBefore = true, starts = status === 0 } = {}) => {
    const ran: string[] = [];
    let up = false;
    const run: RunProgram = async (program, args) => {
      ran.push([program, ...args].join(" "));
      if (status === "none") throw new Failure("unavailable", "not installed", { facts: { code: "ENOENT" } });
      up = starts;
      return answer("", status, "it said so\n");
    };
    const revive = () =>
      reviveService(run, { service: "dovecot", ranBefore, runs: async () => up, booted: "/no/systemd" });
    return { ran, revive };
  };

  it("is started by invoke-rc.d where it ran at the last proof", async () => {
    const { ran, revive } = script(0);
    expect(await revive()).toBe("started");
    expect(ran).toEqual(["invoke-rc.d --disclose-deny dovecot start"]);
    expect(await revive()).toBe("running");
    expect(ran).toHaveLength(1);
  });

  it("stays stopped where it did not run then, and where policy-rc.d or the runlevel is against it", async () => {
    const idle = script(0, { ranBefore: false });
    expect(await idle.revive()).toBe("stopped");
    expect(idle.ran).toEqual([]);
    expect(await script(101).revive()).toBe("stopped");
  });

  it.each([
    [1, "dovecot does not start: it said so"],
    ["none", "dovecot does not start: nothing here knows how to start it"],
  ] as const)("a script that ends with %s is a failure", async (status, message) => {
    await expect(script(status).revive()).rejects.toMatchObject({ kind: "unavailable", message });
  });
});
