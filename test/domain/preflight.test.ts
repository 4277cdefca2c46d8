// The words of pre-flight: which facts are faults, which only look like some.
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import {
  clockFinding,
  diskFinding,
  limitFinding,
  portFinding,
  resolveFinding,
  writeFinding,
} from "../../src/domain/preflight.ts";
import { caaFindings } from "../../src/domain/preflight-caa.ts";
import { type Fetched, isWebrootStuck, webrootFindings } from "../../src/domain/preflight-webroot.ts";

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
    const dropped = resolveFinding(name, nowhere, own, true, "droppable");
    expect(dropped).toMatchObject({ severity: "warning", message: expect.stringContaining("it would be left out") });
    expect(fault.hint).toContain("on_dead_name: drop");
    expect(resolveFinding(name, nowhere, own, true, "first")).toMatchObject({ severity: "fault" });
    expect(resolveFinding(name, nowhere, own, true, "first").hint).not.toContain("on_dead_name: drop");
    expect(severity(resolveFinding(name, nowhere, own, false, "droppable"))).toBe("info");
    const ordered = resolveFinding(name, nowhere, own, true, "ordered");
    expect([severity(ordered), ordered.message]).toEqual(["warning", expect.stringContaining("ordered all the same")]);
    const doubtful = { ...nowhere, unconfirmed: true } as const;
    for (const place of ["first", "further", "droppable", "ordered"] as const) {
      const told = resolveFinding(name, doubtful, own, true, place);
      expect([severity(told), told.message]).toEqual(["warning", expect.stringContaining("says this host's resolver")]);
    }
    expect(severity(resolveFinding(name, doubtful, own, false))).toBe("info");
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
  const held = "port 80 is held by nginx (pid 7)";

  it("one that is taken is a fault where no other way is left", () => {
    expect(portFinding("http-01", ":80", held, true)).toMatchObject({
      severity: "fault",
      message: "http-01 could not listen on :80: port 80 is held by nginx (pid 7)",
      hint: expect.stringContaining("--webroot"),
    });
    expect(severity(portFinding("http-01", ":80", held, false))).toBe("warning");
    expect(portFinding("tls-alpn-01", ":443", held, true).hint).toContain("--challenge http-01");
    expect(severity(portFinding("http-01", ":80", undefined, true))).toBe("ok");
  });
});

describe("a web server's folder", () => {
  const own = ["192.0.2.10"];
  const at = (address: string, answer: Fetched["answer"], why?: string): Fetched => ({
    name,
    address,
    answer,
    ...(why === undefined ? {} : { why }),
  });
  const said = (fetched: readonly Fetched[], only = true): readonly string[] =>
    webrootFindings("/srv/www", fetched, own, only).map((one) => `${one.severity} ${one.message}`);

  it("is well where the token was shown", () => {
    expect(said([at("192.0.2.10", "shown")])).toEqual([
      `ok http-01: a token of our own in /srv/www is shown by ${name} (192.0.2.10)`,
    ]);
    expect(said([])).toEqual(["info http-01: /srv/www can be written to; no address to fetch a token from"]);
  });

  it("is no way where this host's own web server says otherwise; from inside a NAT nothing is proven", () => {
    const missing = at("192.0.2.10", "other", "HTTP 404");
    expect(said([missing])).toEqual([
      `fault http-01 with /srv/www: ${name} (192.0.2.10) does not show a token of our own from there: HTTP 404`,
    ]);
    expect(said([missing], false)[0]).toMatch(/^warning /);
    expect(said([at("192.0.2.10", "refused")])[0]).toMatch(/^fault .* refuses connections to port 80$/);
    const outside = (["other", "refused", "silent", "elsewhere"] as const).map((answer) => at("203.0.113.1", answer));
    expect(said(outside).map((line) => line.split(" ")[0])).toEqual(["warning", "warning", "warning", "warning"]);
    expect([[missing], outside, [at("192.0.2.10", "silent")]].map((one) => isWebrootStuck(one, own))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("one line for each cause", () => {
    const many = Array.from({ length: 9 }, (_, index) => ({
      ...at("192.0.2.10", "other", "HTTP 404"),
      name: `n${index}`,
    }));
    expect(said(many)).toHaveLength(1);
    expect(said(many)[0]).toContain("n3 (192.0.2.10) and 5 more");
  });
});

describe("CAA that nobody could say", () => {
  const none = { kind: "none" } as const;
  const blocked = { kind: "blocked", owner: "org", why: "SERVFAIL" } as const;
  it("is one line for each cause", () => {
    const findings = caaFindings("ca.example", [
      { name: "a.example.org", lookup: blocked, methods: ["http-01"] },
      { name: "b.example.org", lookup: blocked, methods: ["http-01"] },
      { name: "c.example.net", lookup: { kind: "unknown", why: "c.example.net: no answer" }, methods: ["http-01"] },
      { name: "*.d.example.net", lookup: { kind: "unknown", why: "*.d.example.net: no answer" }, methods: ["dns-01"] },
      { name: "e.example.com", lookup: none, methods: ["http-01"] },
    ]);
    expect(findings.map((one) => `${one.severity} ${one.message}`)).toEqual([
      "warning a.example.org, b.example.org: the CAA records cannot be had: org answers SERVFAIL. An order is placed all the same; a CA that gets no other answer refuses it",
      "warning c.example.net, *.d.example.net: nobody could say whether there are CAA records (no answer)",
      "ok CAA lets ca.example issue for e.example.com",
    ]);
  });
});
