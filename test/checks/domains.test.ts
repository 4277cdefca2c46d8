// Checks of mail domains: what each record gives, and what MTA-STS demands of the hosts that MX records name.
import { beforeAll, describe, expect, test } from "vitest";
import type { DomainCheck, DomainFacts, EntryFacts } from "../../src/checks/check.ts";
import { checks } from "../../src/checks/index.ts";
import { certName } from "../../src/checks/cert-name.ts";
import { daneSec } from "../../src/checks/dane-sec.ts";
import { stsMx } from "../../src/checks/sts-mx.ts";
import { domainFacts, withMx, withPolicy } from "../fakes/domain-facts.ts";
import { type FactsOptions, entryFacts } from "../fakes/entry-facts.ts";
import { type Issued, type Pki, day, issue, makePki } from "../fakes/pki.ts";

const domainChecks = checks.filter((check): check is DomainCheck => check.scope === "domain");
const judge = (facts: DomainFacts): readonly string[] =>
  domainChecks.flatMap((check) => check.judge(facts)).map(({ severity, check }) => `${severity} ${check}`);

const rows: readonly (readonly [keyof typeof domainFacts, readonly string[]])[] = [
  ["sound", []],
  ["strict", []],
  ["testing", ["info sts-policy"]],
  ["short", ["info sts-policy"]],
  ["none", ["info sts-policy"]],
  ["asPage", ["warning sts-policy"]],
  ["unfetched", ["warning sts-policy"]],
  ["malformed", ["warning sts-policy"]],
  ["noMx", ["info mx-host"]],
  ["noDomain", ["fault mx-host"]],
  ["unasked", ["fault mx-host", "warning sts-policy"]],
  ["nullMx", ["info mx-host"]],
  ["halfNull", ["fault mx-host"]],
  ["addressMx", ["fault mx-host"]],
  ["oddMx", ["fault mx-host"]],
  ["aliasMx", ["warning mx-host"]],
  ["services", []],
  ["noServices", ["fault srv-target"]],
  ["readOnly", ["info srv-target"]],
  ["notSent", []],
  ["chatOnly", ["info srv-target"]],
  ["worseFirst", ["warning srv-target"]],
  [
    "badTargets",
    ["fault srv-target", "fault srv-target", "fault srv-target", "warning srv-target", "fault srv-target"],
  ],
];
test.each(rows)("%s", (name, expected) => {
  expect(judge(domainFacts[name])).toEqual(expected);
});
test("every kind of domain has its row", () => {
  expect(rows.map(([name]) => name).toSorted()).toEqual(Object.keys(domainFacts).toSorted());
});

test("each applies only to what was asked", () => {
  const ids = (facts: DomainFacts) => domainChecks.filter((check) => check.applies(facts)).map(({ id }) => id);
  expect(ids(domainFacts.sound)).toEqual(["mx-host", "sts-policy"]);
  expect(ids(domainFacts.services)).toEqual(["srv-target"]);
});

test("what DNS cannot say is told as such, never as absent", () => {
  const services = domainFacts.services.services?.map((one) => ({
    ...one,
    lookup: { kind: "unknown", why: "SERVFAIL" } as const,
  }));
  // Once, however many were asked for.
  expect(judge({ domain: "example.org", services: services ?? [] })).toEqual(["fault srv-target"]);
});

describe("sts-mx", () => {
  let pki: Pki;
  let good: readonly Issued[];
  let other: Issued;
  let wild: Issued;
  beforeAll(async () => {
    pki = await makePki();
    good = [pki.leaf, pki.intermediate];
    other = await issue({ names: ["other.example"], by: pki.intermediate });
    wild = await issue({ names: ["*.example.org"], by: pki.intermediate });
  });
  const mta = { protocol: "smtp", mode: "starttls", port: 25 } as const;
  const facts = (policy: DomainFacts, options: FactsOptions = {}): EntryFacts =>
    entryFacts({ entry: mta, chain: good, ...options, mxOf: [policy] });
  const said = (one: EntryFacts): readonly string[] =>
    stsMx.judge(one).map(({ severity, message }) => `${severity}: ${message}`);
  const enforce = withPolicy("enforce");

  test("a host that keeps all of it is silent, and was judged", () => {
    expect(said(facts(enforce))).toEqual([]);
    expect(stsMx.applies?.(facts(enforce))).toBe(true);
    expect(said(facts(withPolicy("enforce", ["*.example.org"]), { chain: [wild, pki.intermediate] }))).toEqual([]);
  });

  test.each([
    ["mode: none", () => facts(withPolicy("none", []))],
    ["no policy", () => facts(withMx({}))],
    ["not an MX host", () => entryFacts({ entry: mta, chain: [other] })],
  ])("%s: nothing is demanded", (_, of) => {
    expect(stsMx.applies?.(of())).toBe(false);
    expect(said(of())).toEqual([]);
  });

  const broken: readonly (readonly [string, () => EntryFacts, RegExp])[] = [
    ["not listed", () => facts(withPolicy("enforce", ["mx2.example.org"])), /does not list mail\.example\.org/],
    ["a star is one label", () => facts(withPolicy("enforce", ["*.mail.example.org"])), /does not list/],
    ["another name", () => facts(enforce, { chain: [other, pki.intermediate] }), /without its name \(other\.example\)/],
    ["nobody's root", () => facts(enforce, { verifyError: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" }), /not trusted/],
    ["expired", () => facts(enforce, { verifyError: "CERT_HAS_EXPIRED" }), /CERT_HAS_EXPIRED/],
    [
      "this host's own root",
      () => facts(enforce, { chain: [...good, pki.root], ownRoots: [pki.root.sha256] }),
      /own CA/,
    ],
    [
      "no STARTTLS",
      () =>
        facts(enforce, {
          chain: [],
          observation: { error: { stage: "starttls", reason: "not-offered", message: "x" } },
        }),
      /gives no TLS/,
    ],
    [
      "no handshake",
      () => facts(enforce, { chain: [], observation: { error: { stage: "handshake", reason: "tls", message: "x" } } }),
      /gives no TLS/,
    ],
  ];
  test.each(broken)("%s: a fault where it is enforced, a warning while it is tested", (_, of, message) => {
    const one = of();
    expect(said(one)).toEqual([expect.stringMatching(message)]);
    expect(said(one)[0]).toMatch(/^fault: .*do not deliver here/);
    const sts = one.mxOf?.[0]?.sts;
    if (sts?.kind !== "found") throw new Error("no policy");
    const tested = { ...one, mxOf: [withPolicy("testing", sts.policy.mx)] };
    expect(said(tested)[0]).toMatch(/^warning: .*with `mode: enforce`/);
  });

  test("a host that could not be reached says nothing about the policy", () => {
    const error = { stage: "connect", reason: "timeout", message: "x" } as const;
    expect(said(facts(enforce, { chain: [], observation: { error } }))).toEqual([]);
  });

  test("two domains at one host: each policy speaks", () => {
    const one = {
      ...facts(enforce),
      mxOf: [withPolicy("enforce", []), { ...withPolicy("testing", []), domain: "example.net" }],
    };
    expect(said(one)).toEqual([
      expect.stringMatching(/^fault: .*example\.org/),
      expect.stringMatching(/^warning: .*example\.net/),
    ]);
  });

  test("dane-sec: signed TLSA records count only where the MX records are signed too", () => {
    const records = [{ usage: 3, selector: 1, matchingType: 1, data: "ab".repeat(32) }];
    const tlsa = { kind: "found", owner: "_25._tcp.mail.example.org", records, secure: true } as const;
    const unsigned = { ...withMx({}), mx: { kind: "none", exists: true, secure: false } } as const;
    expect(daneSec.judge(facts(withMx({}), { tlsa }))).toEqual([]);
    expect(daneSec.judge(facts(unsigned, { tlsa }))).toMatchObject([
      { severity: "warning", message: expect.stringContaining("MX records of example.org are not") },
    ]);
    expect(daneSec.judge(facts(domainFacts.unasked, { tlsa }))).toEqual([]);
  });

  test("cert-name: the domain's own name is enough for programs that came by SRV records", async () => {
    const domain = await issue({
      names: ["example.org"],
      by: pki.intermediate,
      notAfter: new Date(Date.now() + 90 * day),
    });
    const at = (serviceOf?: readonly string[]) =>
      certName.judge(entryFacts({ chain: [domain, pki.intermediate], ...(serviceOf ? { serviceOf } : {}) }));
    expect(at()).toMatchObject([{ severity: "fault" }]);
    expect(at(["example.net"])).toMatchObject([{ severity: "fault" }]);
    expect(at(["example.org"])).toMatchObject([
      { severity: "warning", message: expect.stringContaining("SRV records") },
    ]);
  });
});
