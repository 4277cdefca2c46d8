// Our ClientHellos before a TLS server that is not ours: OpenSSL, as Node has it, configured as badly as it lets itself be.
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type TlsOptions, createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAllowance } from "../../src/domain/allowance.ts";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import { askHello } from "../../src/probe/ask-hello.ts";
import type { KnownTls } from "../../src/hello/profile.ts";
import { type Profiled, createProfiler } from "../../src/probe/profiler.ts";
import { type Issued, issue } from "../fakes/pki.ts";

let ec: Issued;
let rsa: Issued;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ec = await issue({ names: ["mail.example.org"] });
  rsa = await issue({ names: ["mail.example.org"], key: "RSA-2048" });
});
afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
});

interface Server {
  readonly port: number;
  readonly connections: () => number;
  /** Names in SNI, as the server understood them. */
  readonly names: string[];
}

const listen = async (options: TlsOptions, leaf: Issued): Promise<Server> => {
  const names: string[] = [];
  let connections = 0;
  const server = createServer({
    key: leaf.privateKey,
    cert: leaf.pem,
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
    ...options,
  });
  server.on("tlsClientError", () => undefined).on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, connections: () => connections, names };
};

const profiler = createProfiler({ random: randomBytes });
const entryOf = (port: number) =>
  ({ protocol: "imap", mode: "implicit", host: "mail.example.org", address: "127.0.0.1", port }) as const;
const ordinary: KnownTls = {
  version: "TLSv1.3",
  group: "X25519",
  onCurve: true,
  anonymousMatters: true,
};
const answerOf = (server: Server, known: Partial<KnownTls> = {}): Promise<Profiled> =>
  profiler(
    entryOf(server.port),
    { ...ordinary, ...known },
    { ehlo: "", timeoutMs: 20_000, allowance: createAllowance(1) },
  );
const profileOf = async (server: Server, known: Partial<KnownTls> = {}): Promise<TlsProfile> =>
  (await answerOf(server, known)).profile;

const weakest = { minVersion: "TLSv1", ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0" } as const;

describe("a profile", () => {
  test("of a modern server: nothing but good, in six connections", async () => {
    const server = await listen({ minVersion: "TLSv1.2", ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20" }, ec);
    const { hybridGroup, ...profile } = await profileOf(server);
    expect(profile).toEqual({
      connections: 6,
      versions: { SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true },
      brokenSuite: null,
      weakSuite: null,
      phaseOutSuite: null,
      weakGroup: null,
      largeHello: true,
      tls12: {
        suite: expect.stringMatching(/^TLS_ECDHE_ECDSA_WITH_AES_(128|256)_GCM_SHA/) as string,
        extendedMasterSecret: true,
        secureRenegotiation: true,
        compression: false,
        signatureHash: "SHA-256",
      },
    });
    // By the OpenSSL that runs the test: 3.5 has it.
    expect([null, "X25519MLKEM768"]).toContain(hybridGroup);
    expect(server.connections()).toBe(6);
    expect(new Set(server.names)).toEqual(new Set(["mail.example.org"]));
  });

  test("of one that takes all that it has", async () => {
    const server = await listen({ ...weakest, ecdhCurve: "secp224r1:P-256" }, rsa);
    const profile = await profileOf(server, { onCurve: false });
    expect(profile.versions).toEqual({
      SSLv3: false,
      TLSv1: true,
      "TLSv1.1": true,
      "TLSv1.2": true,
      "TLSv1.3": true,
    });
    expect(profile.brokenSuite).toMatch(/_NULL_|_anon_/);
    expect(profile.weakSuite).toMatch(/^TLS_RSA_WITH_/);
    expect(profile.phaseOutSuite).toMatch(/_CBC_|_ARIA_|_CAMELLIA_/);
    expect(profile.connections).toBeLessThanOrEqual(9);
  });

  test("of one that does finite-field Diffie-Hellman: the size of its prime", async () => {
    const dhe = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ciphers: "DHE+AES:ECDHE+AESGCM" } as const;
    const profile = await profileOf(await listen({ ...dhe, dhparam: "auto" }, rsa), {
      version: "TLSv1.2",
      onCurve: false,
    });
    expect(profile.dhBits).toBe(2048);
    expect(profile.phaseOutSuite).toMatch(/^TLS_DHE_RSA_/);
    expect(profile.versions["TLSv1.3"]).toBe(false);
  });

  test("of one that has TLS 1.3 alone", async () => {
    const profile = await profileOf(await listen({ minVersion: "TLSv1.3" }, ec));
    expect(profile.versions).toEqual({
      SSLv3: false,
      TLSv1: false,
      "TLSv1.1": false,
      "TLSv1.2": false,
      "TLSv1.3": true,
    });
    expect(profile).toMatchObject({
      brokenSuite: null,
      weakSuite: null,
      phaseOutSuite: null,
      weakGroup: null,
      largeHello: true,
    });
    expect(profile.tls12).toBeUndefined();
    expect(profile.stopped).toBeUndefined();
  });

  test("without a name: the certificate that comes then, or that none does", async () => {
    const modern = { minVersion: "TLSv1.2", ciphers: "ECDHE+AESGCM" } as const;
    const open = await listen(modern, ec);
    expect(await answerOf(open, { unnamed: true })).toMatchObject({ unnamed: { leaf: ec.der } });
    // Static RSA has no key exchange of its own: the certificate is all that comes.
    const staticRsa = await listen({ maxVersion: "TLSv1.2", ciphers: "AES256-SHA256" }, rsa);
    expect(await answerOf(staticRsa, { version: "TLSv1.2", unnamed: true })).toMatchObject({
      unnamed: { leaf: rsa.der },
    });
    expect(new Set(open.names)).toEqual(new Set(["mail.example.org"]));
    const modernOnly = await answerOf(await listen({ minVersion: "TLSv1.3" }, ec), { unnamed: true });
    expect(modernOnly.unnamed).toBeUndefined();
  });

  test("ALPN: ignored, its own protocol's, a web server's, and refused", async () => {
    const look = async (ALPNProtocols?: readonly string[]) =>
      profileOf(
        await listen({ minVersion: "TLSv1.2", ...(ALPNProtocols ? { ALPNProtocols: [...ALPNProtocols] } : {}) }, ec),
        {
          alpn: "imap",
        },
      );
    expect((await look()).alpn).toBeNull();
    expect((await look(["imap"])).alpn).toBe("imap");
    expect((await look(["h2", "imap"])).alpn).toBe("h2");
    const strict = await look(["pop3"]);
    expect(strict.alpn).toBeUndefined();
    expect(strict).toMatchObject({ versions: { "TLSv1.2": true }, largeHello: true, brokenSuite: null });
  });

  test("a weak group is found behind a key on a curve, too", async () => {
    const bad = { maxVersion: "TLSv1.2", ciphers: "ECDHE+AESGCM:@SECLEVEL=0", ecdhCurve: "secp224r1:P-256" } as const;
    for (const leaf of [ec, rsa]) {
      const profile = await profileOf(await listen(bad, leaf), { version: "TLSv1.2", onCurve: leaf === ec });
      expect(profile.weakGroup).toBe("P-224");
    }
  });
});

describe("a single suite is agreed to, or not", () => {
  test.each([
    ["ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    ["AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"],
    ["ADH-AES128-SHA256", "TLS_DH_anon_WITH_AES_128_CBC_SHA256"],
    ["AECDH-AES256-SHA", "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"],
    ["ECDHE-RSA-NULL-SHA", "TLS_ECDHE_RSA_WITH_NULL_SHA"],
    ["DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
  ])("%s", async (openssl, name) => {
    const { suites } = await import("../../src/hello/suites.ts");
    const server = await listen({ maxVersion: "TLSv1.2", ciphers: `${openssl}:@SECLEVEL=0`, dhparam: "auto" }, rsa);
    const all = [...suites.keys()];
    const wanted = all.filter((suite) => suites.get(suite) === name);
    const ask = (offered: readonly number[]) =>
      askHello(
        entryOf(server.port),
        { version: "TLSv1.2", suites: offered, groups: [0x17, 0x1d] },
        { sni: undefined, ehlo: "", signal: AbortSignal.timeout(20_000), random: randomBytes(64) },
      );
    expect(await ask(wanted)).toMatchObject({ kind: "hello", version: "TLSv1.2", suite: wanted[0] });
    expect(await ask(all.filter((suite) => suite !== wanted[0]).slice(0, 60))).toMatchObject({
      kind: "refused",
      how: "alert",
      alert: 40,
    });
    expect(server.names).toEqual([]);
  });
});
