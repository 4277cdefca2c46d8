// What doctor says of names, the clock and the state, for facts that are well and facts that are not.
import { describe, expect, it } from "vitest";
import { clockLooked } from "../../../src/domain/doctor/clock.ts";
import { namesLooked } from "../../../src/domain/doctor/names.ts";
import type { DoctorFinding } from "../../../src/domain/doctor/finding.ts";
import { stuckFindings, withoutExplained } from "../../../src/domain/doctor/state.ts";

const now = new Date("2026-11-20T12:00:00Z");

describe("names", () => {
  const found = (name: string, ...addresses: readonly string[]) =>
    ({ name, lookup: { kind: "found", addresses } }) as const;
  const silent = { name: "a.example", lookup: { kind: "unknown", why: "no answer" } } as const;
  const dead = { name: "d.example", lookup: { kind: "none", exists: false } } as const;

  it("lead here", () => {
    expect(
      namesLooked([found("a.example", "192.0.2.1"), found("b.example", "192.0.2.1")], ["192.0.2.1"], false),
    ).toEqual({ findings: [], well: ["a.example, b.example lead here"], unseen: [] });
  });

  it("lead nowhere, or elsewhere", () => {
    const { findings } = namesLooked([dead, found("b.example", "198.51.100.1")], ["192.0.2.1"], false);
    expect(findings).toMatchObject([
      { check: "doctor-name", severity: "warning", message: "d.example has no address: no client finds it" },
      {
        severity: "info",
        message: "b.example leads to 198.51.100.1, which is no address of this host",
      },
    ]);
  });

  it("a resolver that says nothing is a fault where a CA is to find them, else not looked at", () => {
    expect(namesLooked([silent], [], true).findings).toMatchObject([{ check: "doctor-resolver", severity: "fault" }]);
    expect(namesLooked([silent], [], false)).toMatchObject({
      findings: [],
      unseen: ["where the names lead: no resolver of this host answers"],
    });
    expect(namesLooked([silent, found("b.example", "192.0.2.1")], ["192.0.2.1"], false).unseen).toHaveLength(1);
    // Pre-flight judges those.
    expect(namesLooked([dead, silent], [], true)).toEqual({ findings: [], well: [], unseen: [] });
    expect(namesLooked([], [], true)).toEqual({ findings: [], well: [], unseen: [] });
  });
});

describe("clock", () => {
  const kept = { synchronised: true, kept: true, canKeep: true, program: "timedatectl" } as const;
  const past = [{ what: "generation 1 of a was made", at: "2026-11-20T11:59:00.000Z" }];

  it("agrees with what has happened, and something keeps it", () => {
    expect(clockLooked(now, past, kept).well).toEqual(["2026-11-20 12:00 UTC (synchronised, says timedatectl)"]);
    expect(clockLooked(now, [], undefined)).toMatchObject({ findings: [], well: ["2026-11-20 12:00 UTC"] });
    // A minute is no time.
    expect(clockLooked(new Date("2026-11-20T11:58:00Z"), past, kept).findings).toEqual([]);
  });

  it("is earlier than what has happened", () => {
    const known = [...past, { what: "generation 2 of a begins", at: "2026-12-24T00:00:00.000Z" }];
    expect(clockLooked(now, known, kept).findings).toMatchObject([
      { check: "doctor-clock", severity: "fault", command: "timedatectl set-ntp true" },
    ]);
    expect(clockLooked(now, known, { ...kept, program: "chronyc" }).findings[0]?.command).toBe("chronyc makestep");
    const [nobody] = clockLooked(now, known, undefined).findings;
    expect({ command: nobody?.command, hint: nobody?.hint }).toEqual({
      command: undefined,
      hint: "set it, and have it kept right: install chrony or systemd-timesyncd",
    });
  });

  it("is kept by nothing, or not yet", () => {
    const off = { ...kept, synchronised: false, kept: false };
    expect(clockLooked(now, [], off).findings).toMatchObject([
      { severity: "warning", command: "timedatectl set-ntp true" },
    ]);
    expect(clockLooked(now, [], { ...off, kept: true }).findings[0]?.command).toBeUndefined();
    // Somebody else's business: a container has its host's clock.
    expect(clockLooked(now, [], { ...off, canKeep: false }).findings).toEqual([]);
  });
});

describe("state", () => {
  const well = {
    name: "a.example",
    configured: true,
    parked: false,
    stage: "verified",
    issued: true,
    served: true,
    bad: [],
  } as const;
  const one = (over: Partial<Parameters<typeof stuckFindings>[0]>) => stuckFindings({ ...well, ...over });

  it("verified, taken out, or nobody's", () => {
    expect(one({})).toEqual([]);
    expect(one({ stage: "switched", parked: true })).toEqual([]);
    expect(one({ stage: "staged", configured: false })).toEqual([]);
    expect(one({ stage: "switched", served: false })).toEqual([]);
  });

  it("stuck half-way, never issued, failed, or served otherwise", () => {
    expect(one({ stage: "staged" })).toMatchObject([{ severity: "fault", command: "mailcert deploy a.example" }]);
    expect(one({ stage: "reloaded" })).toMatchObject([{ severity: "warning", command: "mailcert deploy a.example" }]);
    expect(one({ issued: false, stage: "none" })).toMatchObject([{ command: "mailcert renew a.example" }]);
    expect(one({ bad: ["imaps://a.example:993"] })[0]?.message).toContain("imaps://a.example:993");
    const lastError = { at: "2026-11-20T11:00:00Z", what: "issue", message: "no", hints: ["open port 80"] } as const;
    expect(one({ lastError })).toEqual([
      {
        check: "doctor-stuck",
        severity: "fault",
        message: "a.example: the last attempt to issue (2026-11-20 11:00 UTC) failed: no",
        hint: "open port 80; once that is mended: mailcert renew a.example",
      },
    ]);
  });

  it("one cause, one finding: what another look has found is not told once more", () => {
    const failed = (message: string) =>
      one({ lastError: { at: "2026-11-20T11:00:00Z", what: "deploy", message, hints: [] } });
    const fault = (check: string, message: string, severity: DoctorFinding["severity"] = "fault") =>
      ({ check, severity, message }) as const;
    const left = (stuck: readonly DoctorFinding[], ...others: readonly DoctorFinding[]) =>
      withoutExplained(stuck, others).length;
    const refused = failed(
      "dovecot was not reloaded: Dovecot refuses its configuration: /etc/x line 3: no such setting",
    );
    expect(
      left(
        refused,
        fault("doctor-server", "dovecot: Dovecot refuses its configuration: /etc/x line 3: no such setting"),
      ),
    ).toBe(0);
    expect(left(refused, fault("doctor-server", "postfix: another thing"))).toBe(1);
    expect(
      left(
        failed("TLS is switched off (Dovecot: ssl = no in /etc/a line 6): 993 (SSL/TLS) serves no certificate"),
        fault("doctor-tls-off", "dovecot offers no TLS on port 993 (Dovecot: ssl = no in /etc/a line 6), where"),
      ),
    ).toBe(0);
    const hook = "before_deploy: there is no program /x";
    expect(left(failed(hook), fault("doctor-configuration", `${hook} (/etc/mailcert/mailcert.yaml line 2)`))).toBe(0);
    // A warning is no reason of a failure.
    expect(left(failed(hook), fault("doctor-configuration", hook, "warning"))).toBe(1);
    const remembered = one({ bad: ["imaps://a.example:993"] });
    expect(left(remembered, { ...fault("doctor-served", "x"), command: "mailcert deploy a.example" })).toBe(0);
    expect(left(remembered, { ...fault("doctor-served", "x"), command: "mailcert deploy b.example" })).toBe(1);
    expect(left(failed("imaps://a.example:993 gives none"), fault("doctor-served", "d: imaps://a.example:993 x"))).toBe(
      0,
    );
    const never = one({ issued: false, stage: "none" });
    expect(left(never, fault("doctor-configuration", "a.example: private-ca cannot certify a.example: x"))).toBe(0);
    expect(left(never, fault("doctor-configuration", "b.example: private-ca cannot certify b.example: x"))).toBe(1);
  });
});
