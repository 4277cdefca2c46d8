// dns show and dns check with an ACME CA, several names and a zone of their own making; the documents fit their schemas.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CaFacts, Issuer } from "../../src/issuers/issuer.ts";
import type { Dns } from "../../src/dns/dns.ts";
import type { Authoritative, Everywhere, KnownType, RecordOf } from "../../src/dns/authoritative.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { dnsCheckDocument, dnsCheckText, dnsShowDocument, dnsShowText } from "../../src/reports/dns.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { dnsCheck } from "../../src/usecases/dns-check.ts";
import { dnsShow } from "../../src/usecases/dns-show.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { acmeAt } from "../fakes/acme-cas.ts";
import { noDns } from "../fakes/dns.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
let fake: FakeWorld;
let ca: { facts: CaFacts; trouble?: Failure };
beforeEach(() => {
  fake = fakeWorld();
  ca = { facts: { identities: ["ca.example"], account: "https://ca.example/acct/7" } };
});
afterEach(() => fake.dispose());

const answers = (records: Readonly<Record<string, readonly unknown[]>>): Authoritative => ({
  ...noDns.authoritative,
  askAll: async <Type extends KnownType>(owner: string, type: Type): Promise<Everywhere<Type>> => {
    const found = (records[`${owner} ${type}`] ?? []).map((data) => ({ name: owner, type, data }));
    const said = { server: "ns1", address: "192.0.2.53", kind: "answered", answers: [] } as const;
    return {
      kind: "asked",
      owner,
      zone: "example.org",
      replies: [{ ...said, records: found as unknown as readonly RecordOf<Type>[] }],
    };
  },
});

const worldWith = (dns: Partial<Dns> = {}): World => ({
  ...fake.world,
  dns: async () => ({ ...noDns, ...dns }),
  issuer: async (kind) => {
    const made = await fake.world.issuer(kind);
    if (kind !== "acme") return made;
    const inspect: Issuer["inspect"] = async () => {
      if (ca.trouble) throw ca.trouble;
      return ca.facts;
    };
    return { ...made, inspect };
  },
});

const acme: CertificateConfig = certificate({ names: [name, "*.example.net"], issuer: acmeAt("ca.example") });

describe("dns show", () => {
  it("CAA names the CA and our account, forbids wildcards where there are none, and permits them where there are", async () => {
    const shown = await dnsShow(worldWith(), acme, []);
    const text = dnsShowText([shown], false);
    const permission = '"ca.example; accounturi=https://ca.example/acct/7"';
    expect(text).toContain(`${name}. IN CAA 0 issue ${permission}`);
    expect(text).toContain(`${name}. IN CAA 0 issuewild ";"`);
    expect(text).toContain(`example.net. IN CAA 0 issuewild ${permission}`);
    expect(text).not.toContain("example.net. IN CAA 0 issue ");
    expect(complaints(dnsShowDocument([shown]))).toEqual([]);
  });

  it("a CA that cannot be asked, or says no name, is told of; the rest is printed", async () => {
    ca.trouble = new Failure("unavailable", "refuses the connection");
    const shown = await dnsShow(worldWith(), acme, ["example.org", "example.com"]);
    const text = dnsShowText([shown], true);
    expect(text.replaceAll("\n; ", " ")).toContain(
      "could not be asked for its name in CAA records: refuses the connection",
    );
    expect(text).not.toContain("IN CAA");
    expect(text).toContain("_smtp._tls.example.com");
    expect(complaints(dnsShowDocument([shown]))).toEqual([]);
  });

  it("a certificate without a host name keeps the others from nothing: a wildcard's CAA is printed, addresses have none", async () => {
    const wild = certificate({ names: ["*.example.net"], issuer: acmeAt("ca.example") });
    const bare = certificate({ names: ["192.0.2.7"], issuer: acmeAt("ca.example") });
    const all = [];
    for (const one of [wild, bare, acme]) all.push(await dnsShow(worldWith(), one, []));
    expect(all.map(({ groups }) => groups.map(({ topic }) => topic))).toEqual([
      ["dane", "caa"],
      ["dane"],
      ["dane", "caa", "mta-sts", "tlsrpt", "srv"],
    ]);
    const text = dnsShowText(all, false);
    expect(text).toContain("example.net. IN CAA 0 issuewild");
    expect(text).toContain("has no host name of its own");
    expect(complaints(dnsShowDocument(all))).toEqual([]);
  });

  it("TLSA names the key that is live, once there is one", async () => {
    const world = worldWith();
    const config = certificate();
    expect(dnsShowText([await dnsShow(world, config, [])], false)).toContain("nothing is live yet");
    await issue(world, config, { newKey: false });
    await deploy(world, config, { replace: false, accept: async () => false });
    const text = dnsShowText([await dnsShow(world, config, [])], false);
    const state = world.store.read(name);
    expect(text).toContain(`_25._tcp.${name}. IN TLSA 3 1 1 ${state?.generations[0]?.leaves.ecdsa?.spkiSha256 ?? "?"}`);
  });
});

describe("dns check", () => {
  it("without any name server: what nobody could say is a warning, no fault", async () => {
    const checked = await dnsCheck(worldWith(), acme, []);
    expect(new Set(checked.findings.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
    expect(checked.answered).toBe(false);
    expect(complaints(dnsCheckDocument([checked]))).toEqual([]);
  });

  it("a certificate without a host name: its CAA, and why there is nothing else", async () => {
    const wild = certificate({ names: ["*.example.net"], issuer: acmeAt("ca.example") });
    const caa: Dns["caa"] = async () => ({ kind: "none" });
    const checked = await dnsCheck(worldWith({ caa }), wild, []);
    expect(checked.findings).toMatchObject([
      { check: "dane-match", severity: "info", message: expect.stringContaining("no host name of its own") },
      { check: "cert-caa", message: "no CAA record concerns *.example.net: every CA may issue for it" },
    ]);
    expect(complaints(dnsCheckDocument([checked]))).toEqual([]);
  });

  it("CAA that forbids is a fault, with what would permit; MX elsewhere is said", async () => {
    const authoritative = answers({ "example.org MX": [{ preference: 10, exchange: "mx.example.com." }] });
    const caa: Dns["caa"] = async () => ({
      kind: "found",
      owner: "example.org",
      records: [{ critical: false, tag: "issue", value: "other.example" }],
    });
    const checked = await dnsCheck(worldWith({ authoritative, caa }), acme, []);
    const text = dnsCheckText([checked]);
    expect(checked.answered).toBe(true);
    expect(text).toMatch(/FAULT {3}CAA at example\.org does not let ca\.example issue for mail\.example\.org/);
    expect(text).toContain("the mail of example.org goes to mx.example.com");
    expect(dnsCheckDocument([checked])).toMatchObject({ ok: false });
    expect(complaints(dnsCheckDocument([checked]))).toEqual([]);
  });

  it.each([
    ["one null MX: no mail, and nothing more to look at", [{ preference: 0, exchange: "." }], "info", "takes no mail"],
    [
      "a null MX among others",
      [
        { preference: 0, exchange: "." },
        { preference: 10, exchange: `${name}.` },
      ],
      "fault",
      "beside other MX records",
    ],
  ] as const)("%s", async (_, records, severity, words) => {
    const checked = await dnsCheck(
      worldWith({ authoritative: answers({ "example.org MX": records }) }),
      certificate(),
      [],
    );
    expect(checked.findings.filter(({ check }) => check === "mx-host")).toMatchObject([
      { severity, message: expect.stringContaining(words) },
    ]);
    expect(checked.findings.map(({ check }) => check)).not.toContain("mx-tlsrpt");
    expect(dnsCheckText([checked])).not.toContain("goes to");
  });

  it("an enforced policy and a private certificate do not go together; reports and services are looked at", async () => {
    const authoritative = answers({
      "example.org MX": [{ preference: 10, exchange: "Mail.Example.org." }],
      "_smtp._tls.example.org TXT": [[Buffer.from("v=TLSRPTv1; "), Buffer.from("rua=mailto:a@example.org")]],
      "_imaps._tcp.example.org SRV": [{ priority: 0, weight: 1, port: 993, target: `${name}.` }],
    });
    const mtaSts: Dns["mtaSts"] = async () => ({
      kind: "found",
      policy: { mode: "enforce", mx: [name], maxAge: 86_400 },
    });
    const world = worldWith({ authoritative, mtaSts });
    const config = certificate();
    // Before there was a policy.
    await issue(fake.world, config, { newKey: false });
    await deploy(fake.world, config, { replace: true, accept: async () => true });
    const { findings } = await dnsCheck(world, config, []);
    const said = findings.map(({ check, severity }) => `${check} ${severity}`);
    expect(said).toContain("mx-host ok");
    expect(said).toContain("sts-policy fault");
    expect(said).toContain("mx-tlsrpt ok");
    expect(said).toContain("srv-target ok");
  });
});
