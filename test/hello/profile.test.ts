// The order of the questions, what is made of the answers, and when a no is one: over servers that are functions.
import { describe, expect, test } from "vitest";
import { createAllowance, mostConnections } from "../../src/domain/allowance.ts";
import type { ProtocolVersion } from "../../src/domain/tls-profile.ts";
import type { HelloAnswer, ServerHello } from "../../src/hello/answer.ts";
import type { Offer } from "../../src/hello/client-hello.ts";
import { type Further, type KnownTls, type SoFar, tlsProfile } from "../../src/hello/profile.ts";
import { kindOf } from "../../src/hello/suite-kinds.ts";
import { suiteName } from "../../src/hello/suites.ts";

const order: readonly ProtocolVersion[] = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

interface Server {
  readonly versions: readonly ProtocolVersion[];
  readonly suites: (name: string) => boolean;
  readonly groups?: readonly number[];
  /** What else its ServerHello has. */
  readonly says?: Partial<ServerHello>;
  /** How it says no. */
  readonly no?: HelloAnswer;
  /** Before anything else: about the n-th question, from 1. */
  readonly first?: (offer: Offer, count: number) => HelloAnswer | undefined;
}

const closes: HelloAnswer = { kind: "refused", how: "closed" };
const alert: HelloAnswer = { kind: "refused", how: "alert", alert: 40 };
const good = (name: string): boolean => kindOf(name) === "good";

const answerOf = (server: Server, offer: Offer, count: number): HelloAnswer => {
  const { versions, says, no = alert, first, groups = [0x1d, 0x17] } = server;
  const special = first?.(offer, count);
  if (special) return special;
  const version = order
    .filter(
      (one) =>
        versions.includes(one) &&
        (offer.version === "TLSv1.3" ? one === "TLSv1.3" : order.indexOf(one) <= order.indexOf(offer.version)),
    )
    .at(-1);
  const modern = version === "TLSv1.3";
  const group = offer.groups.find((one) => groups.includes(one));
  // A suite on curves without a common curve is none in common.
  const suite = offer.suites.find(
    (one) =>
      (modern || server.suites(suiteName(one))) && (group !== undefined || !(modern || /ECDH/.test(suiteName(one)))),
  );
  const elliptic = modern || /ECDH/.test(suiteName(suite ?? 0));
  if (version === undefined || suite === undefined) return no;
  return {
    kind: "hello",
    version,
    suite,
    compression: 0,
    extensions: new Set([22, 23, 0xff01]),
    ...(elliptic && group !== undefined ? { group } : {}),
    ...(/_DHE?_/.test(suiteName(suite)) ? { dhBits: suiteName(suite).includes("_anon_") ? 1024 : 2048 } : {}),
    ...says,
  };
};

const known: KnownTls = { version: "TLSv1.3", group: "X25519", onCurve: false, anonymousMatters: true };

const look = async (server: Server, more: Partial<KnownTls> = {}, further?: Further, made = 1) => {
  const offers: Offer[] = [];
  const { profile, unnamed } = await tlsProfile(
    (offer) => {
      offers.push(offer);
      return Promise.resolve(answerOf(server, offer, offers.length));
    },
    { ...known, ...more },
    createAllowance(made),
    further,
  );
  expect(profile.connections).toBe(offers.length);
  expect(offers.length + made).toBeLessThanOrEqual(mostConnections);
  return { profile, offers, unnamed };
};

const clean = {
  brokenSuite: null,
  weakSuite: null,
  phaseOutSuite: null,
  weakGroup: null,
  hybridGroup: null,
  largeHello: true,
};
const modern: Server = { versions: ["TLSv1.2", "TLSv1.3"], suites: good };

describe("what is made of the answers", () => {
  test("a sound server: six questions, and one more that no is no where it only closes", async () => {
    for (const no of [alert, closes]) {
      const { profile } = await look({ ...modern, no });
      expect(profile).toMatchObject({
        ...clean,
        connections: no === alert ? 6 : 7,
        versions: { SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true },
        tls12: { extendedMasterSecret: true, secureRenegotiation: true, compression: false },
      });
      expect(profile.stopped).toBeUndefined();
      expect(profile.dhBits).toBeUndefined();
    }
  });

  test("each old version is found with its own question; gaps are seen", async () => {
    const all = await look({ versions: order, suites: () => true });
    expect(all.profile.versions).toEqual({
      SSLv3: true,
      TLSv1: true,
      "TLSv1.1": true,
      "TLSv1.2": true,
      "TLSv1.3": true,
    });
    expect(all.offers.slice(1, 4).map(({ version }) => version)).toEqual(["TLSv1.1", "TLSv1", "SSLv3"]);
    const gap = await look({ versions: ["SSLv3", "TLSv1.1", "TLSv1.2"], suites: () => true }, { version: "TLSv1.2" });
    expect(gap.profile.versions).toEqual({
      SSLv3: true,
      TLSv1: false,
      "TLSv1.1": true,
      "TLSv1.2": true,
      "TLSv1.3": false,
    });
    expect(
      (await look({ versions: ["TLSv1", "TLSv1.2"], suites: () => true }, { version: "TLSv1.2" })).offers[2]?.version,
    ).toBe("SSLv3");
  });

  test.each([
    ["TLS_RSA_WITH_RC4_128_MD5", "brokenSuite"],
    ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", "weakSuite"],
    ["TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "phaseOutSuite"],
    ["TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "brokenSuite"],
  ] as const)("%s alone is found", async (name, field) => {
    const { profile } = await look({ ...modern, suites: (one) => good(one) || one === name });
    expect(profile).toMatchObject({ ...clean, [field]: name });
  });

  test("anonymous suites are not asked for where they do not matter", async () => {
    const anonymous: Server = { ...modern, suites: (name) => good(name) || name.includes("_anon_") };
    expect((await look(anonymous)).profile.brokenSuite).toMatch(/_anon_/);
    const { profile, offers } = await look(anonymous, { anonymousMatters: false });
    expect(profile.brokenSuite).toMatch(/_anon_WITH_(NULL|RC4|DES)|_anon_EXPORT/);
    expect(offers.some((offer) => offer.suites.includes(0x0034))).toBe(false);
  });

  test("CBC with encrypt-then-MAC is none that is phased out; without, it is", async () => {
    const cbc: Server = { ...modern, suites: (name) => good(name) || name === "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" };
    expect((await look(cbc)).profile.phaseOutSuite).toBeNull();
    expect((await look({ ...cbc, says: { extensions: new Set() } })).profile.phaseOutSuite).toBe(
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    );
  });

  test("a server that prefers its own order is asked for Diffie-Hellman alone", async () => {
    const stubborn: Server = {
      ...modern,
      suites: (name) => good(name) || name.startsWith("TLS_DHE_"),
      first: ({ suites: offered }) => {
        const cbc = offered.find((suite) => suiteName(suite) === "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
        // Also at the question for old versions it would choose it: that one is refused by version.
        return cbc === undefined || offered.includes(0xc02f) || offered.includes(0x0005)
          ? undefined
          : { kind: "hello", version: "TLSv1.2", suite: cbc, compression: 0, extensions: new Set([22]), group: 0x17 };
      },
    };
    const { profile } = await look(stubborn);
    expect(profile).toMatchObject({ phaseOutSuite: expect.stringMatching(/^TLS_DHE_/), dhBits: 2048 });
  });

  test("weak groups, also behind a certificate on a curve; hybrid ones", async () => {
    expect((await look({ ...modern, groups: [0x13, 0x17] })).profile.weakGroup).toBe("secp192r1");
    expect((await look({ ...modern, groups: [0x17] }, { onCurve: true })).profile.weakGroup).toBeNull();
    const own = await look({
      ...modern,
      first: ({ groups }) =>
        groups[0] === 1
          ? answerOf(
              { ...modern, groups: [1], says: { group: 0xff01 } },
              { version: "TLSv1.2", suites: [0xc02f], groups: [1] },
              0,
            )
          : undefined,
    });
    expect(own.profile.weakGroup).toBe("a curve of its own");
    expect((await look({ ...modern, groups: [0x1d, 0x11eb] })).profile.hybridGroup).toBe("SecP256r1MLKEM768");
    const had = await look(modern, { group: "X25519MLKEM768" });
    expect(had.profile.hybridGroup).toBe("X25519MLKEM768");
    expect(had.offers.some(({ groups }) => groups.includes(0x11ec))).toBe(false);
  });

  test("a server of static RSA alone is talked to all the same", async () => {
    const old: Server = {
      versions: ["TLSv1.2"],
      suites: (name) => name === "TLS_RSA_WITH_AES_128_CBC_SHA",
      no: closes,
    };
    const { profile } = await look(old, { version: "TLSv1.2" });
    expect(profile).toMatchObject({
      brokenSuite: null,
      weakSuite: "TLS_RSA_WITH_AES_128_CBC_SHA",
      phaseOutSuite: null,
      weakGroup: null,
      versions: { "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": false },
    });
    expect(profile.stopped).toBeUndefined();
  });

  test("what TLS 1.2 lacks", async () => {
    const { profile } = await look({
      ...modern,
      says: { extensions: new Set(), compression: 1, signature: 0x0201 },
    });
    expect(profile.tls12).toEqual({
      suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      extendedMasterSecret: false,
      secureRenegotiation: false,
      compression: true,
      signatureHash: "SHA-1",
    });
    expect((await look({ ...modern, says: { signature: 0x0804 } })).profile.tls12?.signatureHash).toBeUndefined();
  });
});

describe("large ClientHellos", () => {
  const large = (offer: Offer): boolean => offer.padTo !== undefined;
  test("reset when large, answered when small", async () => {
    const { profile } = await look({
      ...modern,
      first: (offer) => (large(offer) ? { kind: "refused", how: "reset" } : undefined),
    });
    expect(profile).toMatchObject({ ...clean, largeHello: false });
    expect(profile.tls12).toBeDefined();
    expect(profile.stopped).toBeUndefined();
  });
  test("TLS 1.3 alone, closing without a word: no is no, and size is not the reason", async () => {
    const { profile } = await look({ versions: ["TLSv1.3"], suites: good, no: closes });
    expect(profile).toMatchObject({ ...clean, versions: { "TLSv1.2": false, "TLSv1.3": true } });
    expect(profile.stopped).toBeUndefined();
  });
  test("an alert is an answer, too", async () => {
    const { profile } = await look({
      versions: ["TLSv1.3"],
      suites: good,
      no: { kind: "refused", how: "alert", alert: 70 },
    });
    expect(profile).toMatchObject({ largeHello: true, versions: { "TLSv1.2": false } });
  });
});

describe("when a no is none", () => {
  test("from some question on the server closes everything: nothing that was closed counts", async () => {
    const { profile } = await look({
      ...modern,
      no: closes,
      first: (_offer, count) => (count > 1 ? closes : undefined),
    });
    expect(profile).toMatchObject({
      connections: 7,
      versions: { "TLSv1.2": true, "TLSv1.3": true },
      stopped: "in the end the server closed every connection, also for what it agreed to before",
    });
    expect(Object.keys(profile.versions)).toHaveLength(2);
    for (const field of ["brokenSuite", "weakSuite", "phaseOutSuite", "weakGroup", "hybridGroup"])
      expect(profile).not.toHaveProperty(field);
  });

  test("from the first one on: nothing counts at all", async () => {
    const { profile } = await look({ ...modern, first: () => closes });
    expect(profile).toMatchObject({ versions: { "TLSv1.3": true }, stopped: expect.stringContaining("in the end") });
    expect(Object.keys(profile).sort()).toEqual(["connections", "stopped", "versions"]);
  });

  test("alerts before that still count", async () => {
    const { profile } = await look({ ...modern, first: (_offer, count) => (count > 3 ? closes : undefined) });
    expect(profile).toMatchObject({ versions: { TLSv1: false }, brokenSuite: null, weakSuite: null });
    expect(profile.phaseOutSuite).toBeUndefined();
    expect(profile.stopped).toBeDefined();
  });

  test("another exchange that comes to TLS makes closings count, and spares the last question", async () => {
    const asked: SoFar[] = [];
    const others = (alive: boolean): Further => ({
      kept: 1,
      others: (soFar) => {
        asked.push(soFar);
        return Promise.resolve(alive);
      },
    });
    const { profile } = await look({ ...modern, no: closes }, { unnamed: true }, others(true));
    expect(profile).toMatchObject({ ...clean, connections: 6 });
    expect(asked).toMatchObject([{ tls12: true }]);
    // Without it the server is asked itself.
    expect((await look({ ...modern, no: closes }, {}, others(false))).profile).toMatchObject({
      ...clean,
      connections: 7,
    });
    // The one that was kept for others is theirs.
    const { offers } = await look({ ...modern, no: closes }, {}, { ...others(true), kept: 5 });
    expect(offers).toHaveLength(4);
  });

  test("at the first silence, or refusal before TLS, nothing more is asked", async () => {
    const busy: HelloAnswer = { kind: "none", why: "421 4.7.0 too many connections" };
    const { profile, offers } = await look({ ...modern, first: (_offer, count) => (count === 3 ? busy : undefined) });
    expect(offers).toHaveLength(3);
    expect(profile).toMatchObject({
      connections: 3,
      versions: { SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true },
      stopped: "421 4.7.0 too many connections",
    });
    expect(profile).not.toHaveProperty("brokenSuite");
  });
});

describe("what is agreed to is news about more than was asked", () => {
  const everything: Server = { versions: order, suites: () => true, groups: [1, 0x17, 0x1d, 0x11ec] };
  const all = { SSLv3: true, TLSv1: true, "TLSv1.1": true, "TLSv1.2": true, "TLSv1.3": true };

  test("a server that takes everything: all of it known with the ten", async () => {
    // Ordinary handshake, other kind of key, injection.
    const { profile, offers } = await look(everything, {}, undefined, 3);
    expect(offers.length).toBeLessThanOrEqual(7);
    expect(profile).toMatchObject({
      versions: all,
      brokenSuite: expect.any(String),
      weakSuite: expect.any(String),
      phaseOutSuite: expect.any(String),
      dhBits: 2048,
      weakGroup: "sect163k1",
      hybridGroup: "X25519MLKEM768",
      largeHello: true,
      tls12: expect.any(Object),
    });
  });

  test("one that keeps to its own order, good ones first: the lightest questions are left out, and never called passed", async () => {
    const best = (one: number): number =>
      ["good", "phase-out", "weak", "anonymous", "broken"].indexOf(kindOf(suiteName(one)));
    const stubborn: Server = {
      ...everything,
      first: (offer, count) =>
        offer.version === "TLSv1.3"
          ? undefined
          : answerOf(
              everything,
              { ...offer, suites: offer.suites.toSorted((left, right) => best(left) - best(right)) },
              count,
            ),
    };
    const { profile } = await look(stubborn, {}, undefined, 3);
    expect(profile).toMatchObject({ versions: all, phaseOutSuite: expect.any(String), weakSuite: expect.any(String) });
    expect(profile.brokenSuite).not.toBeNull();
    expect(profile.weakGroup).not.toBeNull();
    const more = await look(stubborn, {}, undefined, 1);
    expect(more.profile).toMatchObject({ brokenSuite: expect.any(String), weakSuite: expect.any(String) });
  });

  test("never more than ten connections, whatever the server takes, and however it says no", async () => {
    for (const made of [1, 2, 3, 4, 9, 10])
      for (const no of [alert, closes])
        for (const versions of [order, order.slice(0, 3), order.slice(3), order.slice(4)]) {
          const { offers } = await look({ ...everything, versions, no }, {}, undefined, made);
          expect(offers.length).toBeLessThanOrEqual(10 - made);
        }
  });
});

describe("without a name", () => {
  const leaf = Buffer.from("30", "hex");
  test("what is shown", async () => {
    const { unnamed, offers } = await look({ ...modern, says: { leaf } }, { unnamed: true });
    expect(unnamed).toEqual({ leaf });
    expect(offers.map((offer) => offer.unnamed === true)).toEqual([true, false, false, false, false, false]);
  });
  test.each([
    ["an alert", { kind: "refused", how: "alert", alert: 112 } as const, "TLS alert 112"],
    ["closing", closes, "closes the connection"],
  ])("refused by %s, and only for that", async (_how, no, words) => {
    const strict: Server = { ...modern, no, first: (offer) => (offer.unnamed === true ? no : undefined) };
    const { unnamed, profile } = await look(strict, { unnamed: true });
    expect(unnamed).toEqual({ error: expect.stringContaining(words) });
    expect(profile).toMatchObject({ ...clean, versions: { "TLSv1.2": true } });
    expect(profile.stopped).toBeUndefined();
  });
  test("a server that chokes on large hellos has said nothing about names", async () => {
    const small: Server = {
      ...modern,
      first: ({ padTo }) => (padTo === undefined ? undefined : { kind: "refused", how: "reset" }),
    };
    const { unnamed, profile } = await look(small, { unnamed: true });
    expect(unnamed).toBeUndefined();
    expect(profile).toMatchObject({ ...clean, largeHello: false });
  });
});

test("ALPN: what is chosen, that it is ignored, and a refusal that is for it", async () => {
  const alpn = "imap";
  expect((await look({ ...modern, says: { alpn: "h2" } }, { alpn })).profile.alpn).toBe("h2");
  expect((await look(modern, { alpn })).profile.alpn).toBeNull();
  expect((await look(modern)).profile).not.toHaveProperty("alpn");
  const no: HelloAnswer = { kind: "refused", how: "alert", alert: 120 };
  const { profile, unnamed } = await look(
    { ...modern, first: (offer) => (offer.alpn ? no : undefined) },
    { alpn, unnamed: true },
  );
  expect(profile).toMatchObject({ ...clean, versions: { "TLSv1.2": true } });
  expect(profile).not.toHaveProperty("alpn");
  expect(unnamed).toBeUndefined();
});
