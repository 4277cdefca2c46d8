// The words of pre-flight: which facts are faults, which only look like some.
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import {
  clockFinding,
  diskFinding,
  isStuck,
  limitFinding,
  portFinding,
  resolveFinding,
  writeFinding,
} from "../../src/domain/preflight.ts";

const severity = ({ severity: how }: Finding): string => how;
const name = "mail.example.org";

describe("the clock", () => {
  it.each([
    [undefined, "info"],
    [0, "ok"],
    [5 * 60_000, "ok"],
    [-5 * 60_000 - 1, "warning"],
    [60 * 60_000, "warning"],
    [60 * 60_000 + 1, "fault"],
    [-400 * 86_400_000, "fault"],
  ])("%s ms: %s", (ahead, how) => {
    expect(severity(clockFinding(ahead))).toBe(how);
  });

  it("says which one is behind", () => {
    expect(clockFinding(7_200_000).message).toBe("this host's clock is 120 minutes behind the CA's");
    expect(clockFinding(-7_200_000).message).toBe("this host's clock is 120 minutes ahead of the CA's");
  });
});

describe("where a name leads", () => {
  const own = ["127.0.0.1", "192.0.2.10", "2001:db8::10"];
  const found = (...addresses: readonly string[]) => ({ kind: "found", addresses }) as const;

  it("here, or elsewhere: behind NAT that is right, so it is no fault", () => {
    expect(severity(resolveFinding(name, found("192.0.2.10", "2001:db8::10"), own, true))).toBe("ok");
    const partly = resolveFinding(name, found("192.0.2.10", "2001:db8::99"), own, true);
    expect(severity(partly)).toBe("warning");
    expect(partly.message).toContain("leads to 2001:db8::99, which");
    expect(severity(resolveFinding(name, found("203.0.113.1"), own, false))).toBe("info");
  });

  it("nowhere: a fault where the challenge goes there, a warning where the name would be left out", () => {
    const nowhere = { kind: "none", exists: false } as const;
    const fault = resolveFinding(name, nowhere, own, true);
    expect(fault).toMatchObject({ severity: "fault", message: `${name} does not exist in DNS (NXDOMAIN)` });
    const dropped = resolveFinding(name, nowhere, own, true, true);
    expect(dropped).toMatchObject({ severity: "warning", message: expect.stringContaining("it would be left out") });
    expect(severity(resolveFinding(name, nowhere, own, false, true))).toBe("info");
    expect(resolveFinding(name, { kind: "none", exists: true }, own, true).message).toBe(
      `${name} has no A or AAAA record`,
    );
  });

  it("nobody could say: no fault, whatever the challenge", () => {
    for (const needed of [true, false])
      expect(severity(resolveFinding(name, { kind: "unknown", why: "SERVFAIL" }, own, needed))).toBe("warning");
  });

  it("many addresses are cut short", () => {
    const many = Array.from({ length: 30 }, (_, index) => `203.0.113.${index}`);
    expect(resolveFinding(name, found(...many), own, true).message).toContain("203.0.113.5 and 24 more");
  });
});

it("folders and the disk", () => {
  expect(severity(writeFinding("state", "/var/lib/mailcert", undefined))).toBe("ok");
  expect(writeFinding("state", "/var/lib/mailcert", "the file system is read-only")).toMatchObject({
    severity: "fault",
    message: "/var/lib/mailcert (state) cannot be written to: the file system is read-only",
  });
  const mib = 1 << 20;
  expect([3 * mib, 4 * mib, 64 * mib - 1, 64 * mib].map((bytes) => severity(diskFinding("/x", bytes)))).toEqual([
    "fault",
    "warning",
    "warning",
    "ok",
  ]);
  expect(severity(diskFinding("/x", undefined))).toBe("info");
});

it("a limit that is used up is a fault, with the time at which it is not", () => {
  expect(severity(limitFinding("letsencrypt", undefined))).toBe("ok");
  const used = { what: "new orders (300 in 3 hours)", retryAt: new Date("2026-11-20T12:00:00Z") };
  expect(limitFinding("letsencrypt", used)).toMatchObject({
    severity: "fault",
    message: "this would exceed a rate limit of letsencrypt: new orders (300 in 3 hours)",
    hint: expect.stringContaining("2026-11-20T12:00:00.000Z"),
  });
});

describe("ports", () => {
  const held = { challenge: "http-01", listenTrouble: "port 80 is held by nginx (pid 7)" } as const;
  const reached = (answer: "open" | "refused" | "silent", own: boolean) =>
    ({ challenge: "http-01", reached: [{ address: "192.0.2.10", port: 80, own, answer }] }) as const;

  it("one that is taken is a fault where no other way is left", () => {
    expect(portFinding(held, ":80", true)).toMatchObject({
      severity: "fault",
      message: "http-01 could not listen on :80: port 80 is held by nginx (pid 7)",
      hint: expect.stringContaining("--webroot"),
    });
    expect(severity(portFinding(held, ":80", false))).toBe("warning");
    expect(portFinding({ ...held, challenge: "tls-alpn-01" }, ":443", true).hint).toContain("--challenge http-01");
    expect(severity(portFinding({ challenge: "http-01" }, ":80", true))).toBe("ok");
  });

  it("a web server that is not there; a router that refuses from inside proves nothing", () => {
    expect(severity(portFinding(reached("open", true), ":80", true))).toBe("ok");
    expect(severity(portFinding(reached("refused", true), ":80", true))).toBe("fault");
    expect(severity(portFinding(reached("refused", false), ":80", true))).toBe("warning");
    expect(severity(portFinding(reached("silent", true), ":80", true))).toBe("warning");
    expect(portFinding(reached("refused", false), ":80", true).message).toContain("refuses connections from here");
    expect([reached("refused", true), reached("refused", false), reached("silent", true), held].map(isStuck)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
