// Pre-flight as `issue --dry-run` shows it: every finding with its severity, in order; nothing ordered, nothing left behind.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KnownType, RecordOf } from "../../src/dns/authoritative.ts";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { Finding } from "../../src/domain/finding.ts";
import { emptyState } from "../../src/domain/state.ts";
import type { PreflightFinding } from "../../src/domain/preflight.ts";
import { preflight } from "../../src/usecases/preflight.ts";
import type { PreflightTools } from "../../src/usecases/preflight-tools.ts";
import { makeRequest } from "../../src/x509/request.ts";
import { type AcmeCas, acmeAt, acmeCas, found } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const ca = "ca.example";
const name = "mail.example.org";
const config = (over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({ issuer: acmeAt(ca), ...over });

let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas({ ...fake.world, localAddresses: () => ["127.0.0.1", "192.0.2.10"] });
  cas.addresses.set(name, { kind: "found", addresses: ["192.0.2.10"] });
  cas.caa.set(name, { kind: "none" });
  cas.facts.set(ca, { clockAheadMs: 1000 });
});
afterEach(() => fake.dispose());

const look = async (
  one: CertificateConfig = config(),
  tools: Partial<PreflightTools> = {},
): Promise<readonly PreflightFinding[]> => {
  const usual = await fake.world.preflight();
  return preflight({ ...cas.world, preflight: async () => ({ ...usual, ...tools }) }, one);
};
const bad = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ severity }) => severity !== "ok").map(({ check, severity }) => `${severity} ${check}`);

describe("what it looks at", () => {
  it("all is well: a line for each thing, in the order in which one would mend it", async () => {
    const findings = await look();
    expect(findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual([
      "ok preflight-write",
      "ok preflight-write",
      "ok preflight-write",
      "ok preflight-resolve",
      "ok preflight-port",
      "ok preflight-account",
      "ok preflight-caa",
      "ok preflight-limit",
      "ok preflight-clock",
    ]);
    expect(cas.orders).toEqual([]);
    expect(cas.inspected).toMatchObject([{ thoroughly: true, names: [name], exempt: false }]);
    expect(cas.world.store.read(name)).toBeUndefined();
  });

  it("nothing for an issuer that spends nothing", async () => {
    expect(await look(certificate())).toEqual([]);
  });

  it("state, disk and the settings of each mail server", async () => {
    const findings = await look(config(), {
      accessTrouble: async (folder) => (folder === "/etc/fake" ? "the file system is read-only" : undefined),
      freeBytes: async () => 1 << 20,
    });
    expect(bad(findings)).toEqual(["fault preflight-write", "fault preflight-write"]);
    expect(findings.map(({ message }) => message)).toContain(
      "/etc/fake (settings of fake) cannot be written to: the file system is read-only",
    );
    expect(bad(await look(config(), { freeBytes: async () => undefined }))).toEqual(["info preflight-write"]);
  });

  it("a server in the configuration that is not there", async () => {
    const findings = await look(config({ servers: ["nowhere"] }));
    expect(bad(findings)).toEqual(["fault preflight-write"]);
  });

  it("names: dead, elsewhere, unknown; a name that would be left out is no fault", async () => {
    const names = [name, "dead.example.org", "nat.example.org", "mute.example.org"];
    for (const one of names) cas.caa.set(one, { kind: "none" });
    cas.addresses.set("dead.example.org", { kind: "none", exists: false });
    cas.addresses.set("nat.example.org", { kind: "found", addresses: ["203.0.113.1"] });
    const resolves = async (over: Partial<CertificateConfig>) =>
      (await look(config({ names, ...over })))
        .filter(({ check }) => check === "preflight-resolve")
        .map(({ severity }) => severity);
    expect(await resolves({})).toEqual(["ok", "fault", "warning", "warning"]);
    expect(await resolves({ onDeadName: "drop" })).toEqual(["ok", "warning", "warning", "warning"]);
    cas.addresses.set(name, { kind: "none", exists: true });
    expect(await resolves({ onDeadName: "drop" })).toEqual(["fault", "warning", "warning", "warning"]);
    const inDns = acmeAt(ca, { challenges: ["dns-01"] });
    expect(await resolves({ issuer: inDns })).toEqual(["info", "info", "info", "warning"]);
  });
});

describe("ports", () => {
  const taken = { listenTrouble: async (address: string) => `port ${address} is held by nginx (pid 7)` };

  it("one that is taken is a fault where it is the only way", async () => {
    const findings = await look(config(), taken);
    expect(bad(findings)).toEqual(["fault preflight-port"]);
    expect(findings.find(({ check }) => check === "preflight-port")?.message).toContain("nginx (pid 7)");
  });

  it("and where every way is stuck; a warning where another one is left", async () => {
    const two = config({ issuer: acmeAt(ca, { challenges: ["http-01", "tls-alpn-01"] }) });
    expect(bad(await look(two, taken))).toEqual(["fault preflight-port", "fault preflight-port"]);
    const one = { listenTrouble: async (address: string) => (address === ":80" ? "taken" : undefined) };
    expect(bad(await look(two, one))).toEqual(["warning preflight-port"]);
    const three = config({ issuer: acmeAt(ca, { challenges: ["http-01", "dns-01"] }) });
    expect(bad(await look(three, taken))).toEqual(["warning preflight-port"]);
  });

  it("no port at all is asked for where the proof stands in DNS", async () => {
    const findings = await look(config({ issuer: acmeAt(ca, { challenges: ["dns-01"] }) }), taken);
    expect(findings.some(({ check }) => check === "preflight-port")).toBe(false);
  });

  it("with a folder of a web server, a token is fetched at each address; from inside, only this host's own prove anything", async () => {
    const web = config({ issuer: acmeAt(ca, { webroot: "/var/www/html" }) });
    cas.addresses.set(name, { kind: "found", addresses: ["192.0.2.10", "2001:db8::10"] });
    const tried: string[] = [];
    const refusing = (refused: string): Partial<PreflightTools> => ({
      ...taken,
      tryWebroot: async (webroot, hosts) =>
        hosts.flatMap((host) =>
          host.addresses.map((address) => {
            tried.push(`${webroot} ${host.name} ${address}`);
            return {
              name: host.name,
              address,
              answer: address === refused ? ("refused" as const) : ("shown" as const),
            };
          }),
        ),
    });
    const worst = async (refused: string) =>
      (await look(web, refusing(refused))).find(({ check }) => check === "preflight-webroot")?.severity;
    expect(await worst("nobody")).toBe("ok");
    expect(tried).toEqual([`/var/www/html ${name} 192.0.2.10`, `/var/www/html ${name} 2001:db8::10`]);
    expect(await worst("192.0.2.10")).toBe("fault");
    expect(await worst("2001:db8::10")).toBe("warning");
    expect((await look(web, refusing("nobody"))).some(({ check }) => check === "preflight-port")).toBe(false);
    const missing = new Failure("config", "the webroot /var/www/html does not exist", { hints: ["name it"] });
    const findings = await look(web, { tryWebroot: () => Promise.reject(missing) });
    expect(bad(findings)).toContain("fault preflight-webroot");
  });
});

describe("a proof in DNS", () => {
  const inDns = (over: Partial<AcmeSettings> = {}) =>
    config({ issuer: acmeAt(ca, { challenges: ["dns-01"], dns: "ns1", ...over }) });
  const proof = async (one: CertificateConfig, tools: Partial<PreflightTools> = {}): Promise<readonly Finding[]> =>
    (await look(one, tools)).filter(({ check }) => check === "preflight-dns" || check === "preflight-port");
  beforeEach(() => {
    cas.authority.follow = async (at) => ({
      kind: "destination",
      owner: at.replace(".alias.example.org", ".proofs.example.net"),
      zone: { kind: "zone", apex: at.endsWith(".alias.example.org") ? "example.net" : "example.org", servers: [] },
      aliases: [],
    });
  });

  it("settings that are missing or wrong", async () => {
    const missing = new Failure("config", "there is no such file", { hints: ["make it"] });
    const findings = await proof(inDns(), { updater: () => Promise.reject(missing) });
    expect(findings).toEqual([
      { check: "preflight-dns", severity: "fault", message: "there is no such file", hint: "make it" },
    ]);
  });

  it("its server is asked about each name, after its aliases; a wildcard is its domain", async () => {
    const asked: string[] = [];
    const updater: PreflightTools["updater"] = async () => ({
      check: async ({ name: at, zone, value }) => {
        expect(value).toHaveLength(43);
        asked.push(`${at} in ${zone}`);
      },
    });
    const names = [name, `*.${name}`, "alias.example.org"];
    const findings = await proof({ ...inDns(), names }, { updater });
    expect(asked).toEqual([
      `_acme-challenge.${name} in example.org`,
      "_acme-challenge.proofs.example.net in example.net",
    ]);
    expect(findings).toMatchObject([{ severity: "ok", message: expect.stringContaining("ns1 may publish") }]);
    expect(await proof(inDns(), { updater: async () => ({}) })).toMatchObject([
      { severity: "ok", message: expect.stringContaining("was not asked") },
    ]);
  });

  it("what its server says is a fault, and a warning where another challenge could do", async () => {
    const refusing = (code: string): Partial<PreflightTools> => ({
      updater: async () => ({
        check: ({ name: at }) => Promise.reject(new Failure("config", `${at}: ${code}`, { facts: { code } })),
      }),
    });
    const names = [name, "imap.example.org"];
    expect(await proof({ ...inDns(), names }, refusing("BADSIG"))).toMatchObject([
      { severity: "fault", message: `_acme-challenge.${name}: BADSIG` },
    ]);
    expect(await proof({ ...inDns(), names }, refusing("REFUSED"))).toHaveLength(2);
    const both = inDns({ challenges: ["http-01", "dns-01"] });
    expect((await proof(both, refusing("BADSIG"))).map(({ severity }) => severity)).toEqual(["ok", "warning"]);
    // Nothing else proves a wildcard.
    const wild = await proof({ ...both, names: [name, `*.${name}`] }, refusing("BADSIG"));
    expect(wild.map(({ severity }) => severity)).toEqual(["ok", "fault"]);
  });

  it("a zone that cannot be found", async () => {
    cas.authority.follow = async () => ({ kind: "unknown", why: "no zone" });
    expect(await proof(inDns())).toMatchObject([{ severity: "fault", message: expect.stringContaining("no zone") }]);
  });

  it("a standing record: that it lets this account validate, or which one to publish", async () => {
    const shown = (...values: readonly string[]): void => {
      cas.authority.askAll = async <Type extends KnownType>(at: string) => ({
        kind: "asked" as const,
        owner: at,
        zone: "example.org",
        replies: [
          {
            kind: "answered" as const,
            server: "ns1.example.org",
            answers: [],
            records: values.map((data) => ({ name: at, type: "TXT", data }) as unknown as RecordOf<Type>),
          },
        ],
      });
    };
    const standing = config({ issuer: acmeAt(ca, { challenges: ["dns-persist-01"] }) });
    const line = `${ca}; accounturi=https://${ca}/acct/1`;
    shown(line);
    expect(await proof(standing)).toMatchObject([{ severity: "ok" }]);
    expect(await proof({ ...standing, names: [`*.${name}`] })).toMatchObject([
      { severity: "warning", hint: expect.stringContaining(`"${line}; policy=wildcard"`) },
    ]);
    shown();
    expect(await proof(standing)).toMatchObject([
      { severity: "fault", hint: expect.stringContaining(`_validation-persist.${name}. IN TXT "${line}"`) },
    ]);
    cas.facts.set(ca, { clockAheadMs: 0, account: undefined as never });
    expect(await proof(standing)).toMatchObject([{ severity: "fault", message: expect.stringContaining("none yet") }]);
  });
});

describe("what is remembered", () => {
  it("the wait after a failure, which a person need not keep", async () => {
    await cas.world.store.write({
      ...emptyState(name),
      attempts: 2,
      nextAttempt: new Date(fake.clock.now.getTime() + 600_000).toISOString(),
      lastError: { at: fake.clock.now.toISOString(), what: "issue", message: "no terms" },
    });
    const [first] = await look();
    expect(first).toMatchObject({
      check: "preflight-backoff",
      severity: "warning",
      message: "the last attempt failed, and the timer's next one is at 2026-11-20T12:10:00.000Z: no terms",
      hint: `mended? mailcert renew ${name} tries at once`,
    });
    fake.clock.now = new Date(fake.clock.now.getTime() + 600_000);
    expect(bad(await look())).toEqual([]);
  });

  it("a request from elsewhere is held to the entry", async () => {
    const request = join(fake.world.store.dir, "request.pem");
    const privateKey = await fake.world.generateKey("ecdsa");
    const { pem } = await makeRequest({ names: [name, "imap.example.org"], privateKey });
    writeFileSync(request, pem);
    const csr = config({ csr: request, servers: [] });
    expect(bad(await look(csr))).toEqual(["fault preflight-csr"]);
    expect(bad(await look({ ...csr, names: [name, "imap.example.org"] }))).not.toContain("fault preflight-csr");
    expect(bad(await look({ ...csr, csr: "/nowhere.pem" }))).toEqual(["fault preflight-csr"]);
  });
});

describe("the CA", () => {
  it("that does not answer", async () => {
    cas.facts.set(ca, new Failure("unavailable", "the directory cannot be read", { hints: ["look at the network"] }));
    const findings = await look();
    expect(bad(findings)).toEqual(["fault preflight-account"]);
    expect(findings.at(-1)).toMatchObject({ message: "the directory cannot be read", hint: "look at the network" });
  });

  it("an account that cannot be used, one that would be registered", async () => {
    cas.facts.set(ca, { clockAheadMs: 0, accountTrouble: new Failure("config", "it was deactivated") });
    expect(bad(await look())).toEqual(["fault preflight-account"]);
    cas.facts.set(ca, { clockAheadMs: 0, account: undefined as never });
    expect((await look()).find(({ check }) => check === "preflight-account")).toMatchObject({
      severity: "ok",
      message: "an account at ca.example would be registered",
    });
  });

  it("a limit that is used up, a clock that is wrong", async () => {
    cas.facts.set(ca, { clockAheadMs: 7_200_000, exhausted: { what: "new orders", retryAt: fake.clock.now } });
    expect(bad(await look())).toEqual(["fault preflight-limit", "fault preflight-clock"]);
  });

  it("is told that no limit counts only inside the window that it gave for every key", async () => {
    const hour = 3_600_000;
    const at = (ms: number): string => new Date(fake.clock.now.getTime() + ms).toISOString();
    const window = { start: at(-hour), end: at(hour), chosen: at(0) };
    const target = {
      number: 1,
      names: [name],
      issuer: "acme",
      authority: `https://${ca}/dir`,
      account: `https://${ca}/acct/1`,
      createdAt: at(-hour),
      notBefore: at(-hour),
      notAfter: at(1000 * hour),
      leaves: {},
    } as const;
    const state = { ...emptyState(name), generations: [target], target: 1 };
    const ari = (windows: object) => ({ generation: 1, nextPoll: at(hour), windows });
    const exempt = async (windows: object, over: Partial<CertificateConfig> = {}): Promise<boolean | undefined> => {
      await cas.world.store.write({ ...state, ari: ari(windows) });
      await look(config(over));
      return cas.inspected.at(-1)?.exempt;
    };
    expect(await exempt({ ecdsa: window })).toBe(true);
    expect(await exempt({ ecdsa: { ...window, end: at(-1) } })).toBe(false);
    expect(await exempt({ ecdsa: window }, { keys: ["ecdsa", "rsa"] })).toBe(false);
    expect(await exempt({ ecdsa: window, rsa: window }, { keys: ["ecdsa", "rsa"] })).toBe(true);
    expect(await exempt({ ecdsa: window }, { issuer: acmeAt("other.example") })).toBe(false);
  });

  it("a fallback's faults are warnings: it is asked only where the first cannot", async () => {
    cas.facts.set("two.example", { accountTrouble: new Failure("config", "no terms"), clockAheadMs: 0 });
    expect(bad(await look(config({ fallbacks: [acmeAt("two.example")] })))).toEqual(["warning preflight-account"]);
  });

  it("several: each line names its CA, and one that is down is a warning where the next one is well", async () => {
    const two = config({ fallbacks: [acmeAt("two.example")] });
    cas.facts.set(ca, new Failure("unavailable", "nothing listens"));
    cas.facts.set("two.example", { clockAheadMs: 0 });
    const ofCas = (await look(two)).filter(({ check }) => /account|caa|limit|clock/.test(check));
    expect(ofCas.map(({ severity, ca: of }) => `${severity} ${of ?? ""}`)).toEqual([
      `warning ${ca}`,
      "ok two.example",
      "ok two.example",
      "ok two.example",
      "ok two.example",
    ]);
    cas.facts.set("two.example", { accountTrouble: new Failure("config", "no terms"), clockAheadMs: 0 });
    expect(bad(await look(two))).toEqual(["fault preflight-account", "fault preflight-account"]);
    // What is wrong with our own settings lets nobody else be asked.
    cas.facts.set(ca, { accountTrouble: new Failure("config", "no terms"), clockAheadMs: 0 });
    cas.facts.set("two.example", { clockAheadMs: 0 });
    expect(bad(await look(two))).toEqual(["fault preflight-account"]);
  });

  it("several: one that failed a while ago waits, and says so", async () => {
    const two = config({ fallbacks: [acmeAt("two.example")] });
    cas.facts.set("two.example", { clockAheadMs: 0 });
    const nextAttempt = new Date(fake.clock.now.getTime() + 600_000).toISOString();
    const failure = { at: fake.clock.now.toISOString(), message: "HTTP 503", nextAttempt };
    await cas.world.store.write({ ...emptyState(name), caFailures: { [`https://${ca}/dir`]: failure } });
    expect((await look(two)).find(({ check }) => check === "preflight-backoff")).toMatchObject({
      severity: "warning",
      ca,
      message: `it failed, and the others go first until 2026-11-20 12:10 UTC: HTTP 503`,
    });
  });
});

describe("CAA", () => {
  const caa = async (one: CertificateConfig = config()): Promise<readonly Finding[]> =>
    (await look(one)).filter(({ check }) => check === "preflight-caa");

  it("a no is a fault with the line that would permit it", async () => {
    cas.caa.set(name, found("example.org", "other.example"));
    expect(await caa()).toMatchObject([
      { severity: "fault", hint: expect.stringContaining('example.org. IN CAA 0 issue "ca.example"') },
    ]);
  });

  it("a bogus zone and nobody's word are a warning: the order goes on, a nameless CA a warning", async () => {
    cas.caa.set(name, { kind: "blocked", owner: "example.org", why: "SERVFAIL" });
    expect(await caa()).toMatchObject([{ severity: "warning", hint: expect.stringContaining("delv example.org CAA") }]);
    cas.caa.delete(name);
    expect(await caa()).toMatchObject([{ severity: "warning" }]);
    cas.caa.set(name, found("example.org", "other.example"));
    cas.facts.set(ca, { identities: [], clockAheadMs: 0 });
    expect(await caa()).toMatchObject([{ severity: "warning", message: expect.stringContaining("does not say") }]);
  });

  it("fewer challenges than configured are told, and a wildcard's are not fewer for being a wildcard's", async () => {
    const issuer = acmeAt(ca, { challenges: ["http-01", "dns-01"] });
    cas.caa.set(name, found("example.org", `${ca}; validationmethods=dns-01`));
    expect(await caa(config({ issuer }))).toMatchObject([{ severity: "info", reference: "RFC 8657 4" }]);
    cas.caa.set("*.example.org", found("example.org", ca));
    expect(await caa(config({ issuer, names: ["*.example.org"] }))).toMatchObject([{ severity: "ok" }]);
  });

  it("several names: each where it belongs", async () => {
    const names = [name, "b.example.org", "192.0.2.10"];
    cas.caa.set("b.example.org", found("b.example.org", ";"));
    const findings = await caa(config({ names }));
    expect(findings.map(({ severity }) => severity)).toEqual(["fault", "ok"]);
    expect(findings[1]?.message).toBe(`CAA lets ca.example issue for ${name}`);
  });
});
