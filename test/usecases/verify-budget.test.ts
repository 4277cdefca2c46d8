// verify --full with all that it asks: never more than ten connections to one entry point, counted by servers that take whatever OpenSSL has.
import { randomBytes } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import { mostConnections } from "../../src/domain/allowance.ts";
import { parseTarget } from "../../src/domain/targets.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { askMailInClear } from "../../src/probe/mail-asker.ts";
import { createProfiler } from "../../src/probe/profiler.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { canInject, protocols } from "../../src/protocols/index.ts";
import { verifyPlan } from "../../src/usecases/verify-plan.ts";
import { verify } from "../../src/usecases/verify.ts";
import { type FakeServer, type Script, mailServer, startServer } from "../fakes/mail-server.ts";
import { type Issued, type Pki, issue, makePki, served } from "../fakes/pki.ts";

let pki: Pki;
let rsa: Issued;
const open: FakeServer[] = [];
beforeAll(async () => {
  pki = await makePki();
  rsa = await issue({ names: ["mail.example.org"], by: pki.intermediate, key: "RSA-2048" });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const now = (): Date => new Date();
const run = async (protocol: ProtocolName, mode: "starttls" | "implicit", tls: TlsOptions, script?: Script) => {
  const server = await startServer(script ?? mailServer(protocol, mode), tls);
  open.push(server);
  const wanted = (["starttls", "implicit"] as const)
    .flatMap((one) =>
      parseTarget(`${protocol}${one === "implicit" ? "s" : ""}://mail.example.org:${server.port}`, protocols),
    )
    .filter((target) => target.protocol === protocol && target.mode === mode)
    .map((target) => ({ ...target, address: "127.0.0.1" }));
  const request = { wanted, anchors: [pki.root.pem], full: true, timeoutMs: 20_000 };
  const deps = {
    now,
    probe: createProbe({ now }),
    resolve: async () => [],
    further: { canInject, inject: createInjector(), mailInClear: askMailInClear },
    profile: createProfiler({ random: randomBytes }),
  };
  const planned = await verifyPlan(deps, request);
  expect(planned.connections).toBe(mostConnections);
  expect(server.connections).toBe(0);
  const result = await verify(deps, request);
  expect(server.connections).toBeLessThanOrEqual(planned.connections);
  return { result, server, entry: result.entries[0] };
};

const both = (): TlsOptions => {
  const [first, second] = [served(pki.leaf, pki.intermediate), served(rsa, pki.intermediate)];
  return { key: [first.key, second.key], cert: [first.cert, second.cert] };
};
const everything: TlsOptions = { minVersion: "TLSv1", ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0", dhparam: "auto" };

/** What stays open where nothing else is known. */
const asked = [
  "ver-legacy",
  "ver-12",
  "ciph-broken",
  "ciph-weak",
  "ciph-phase",
  "ciph-good",
  "kex-pq",
  "kex-ec",
  "kex-bigch",
  "reneg-sec",
  "comp",
  "ems",
  "alpn",
  "0rtt",
  "sni",
];

describe.each([
  ["imap", "starttls"],
  ["pop3", "implicit"],
  ["smtp", "starttls"],
  ["submission", "starttls"],
  ["submission", "implicit"],
  ["sieve", "starttls"],
] as const)("%s %s", (protocol, mode) => {
  test("a sound server: all is asked, and all is judged", async () => {
    const { entry } = await run(protocol, mode, {
      ...pki.served,
      minVersion: "TLSv1.2",
      ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20",
    });
    expect(entry?.checked).toEqual(expect.arrayContaining([...asked, "reneg-cli"]));
    if (mode === "starttls") expect(entry?.checked).toContain("st-cmd-inj");
    // The role of port 25 does not care.
    if (protocol === "submission" && mode === "starttls") expect(entry?.checked).toContain("st-enforced");
  });

  test.each([
    ["one kind of key", () => pki.served],
    ["both kinds", both],
  ])("one that takes everything, with %s", async (_kinds, certificate) => {
    const { entry } = await run(protocol, mode, { ...certificate(), ...everything });
    expect(entry?.observation.profile).toMatchObject({
      versions: { TLSv1: true, "TLSv1.1": true, "TLSv1.2": true, "TLSv1.3": true },
    });
    expect(entry?.checked).toEqual(expect.arrayContaining(["ver-12", "ciph-weak", "kex-bigch", "0rtt", "sni"]));
    if (mode === "starttls") expect(entry?.checked).toContain("st-cmd-inj");
  });

  test("TLS 1.3 alone", async () => {
    const { entry } = await run(protocol, mode, { ...pki.served, minVersion: "TLSv1.3" });
    expect(entry?.observation.profile?.versions).toMatchObject({ "TLSv1.2": false, "TLSv1.3": true });
    expect(entry?.checked).toEqual(expect.arrayContaining(["ver-legacy", "ciph-broken", "kex-bigch", "sni"]));
    expect(entry?.checked).not.toContain("reneg-cli");
  });
});

describe("names", () => {
  test("a server of two names: what is shown without one, and to an unknown one, is told once", async () => {
    const other = await issue({ names: ["other.example"], by: pki.intermediate });
    const { createSecureContext } = await import("node:tls");
    const mine = createSecureContext(pki.served);
    const SNICallback: TlsOptions["SNICallback"] = (name, done) =>
      done(null, name === "mail.example.org" ? mine : undefined);
    const { entry } = await run("imap", "implicit", { ...served(other, pki.intermediate), SNICallback });
    expect(entry?.findings.filter(({ check }) => check === "sni")).toMatchObject([
      { severity: "info", message: "without a name in TLS (SNI) the certificate is another one, for other.example" },
    ]);
  });
  test("both kinds of key behind one name: the other kind is no other name's certificate", async () => {
    const { entry } = await run("submission", "starttls", both());
    expect(entry?.findings.filter(({ check }) => check === "sni")).toEqual([]);
  });
});
