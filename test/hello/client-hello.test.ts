// The bytes of our ClientHellos, taken apart by another reader: what is offered stands there, well-formed, and nothing else.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { clientHello, goodbye } from "../../src/hello/client-hello.ts";
import { hybridGroups, weakGroups } from "../../src/hello/groups.ts";
import * as questions from "../../src/hello/questions.ts";
import { anonymousSuites, kindOf, mostSuites, staticDhSuites } from "../../src/hello/suite-kinds.ts";
import { suiteName, suites } from "../../src/hello/suites.ts";
import { readClientHello } from "../fakes/hello-server.ts";

const random = Buffer.from(Array.from({ length: 64 }, (_, index) => index));
const seen = (offer: Parameters<typeof clientHello>[0], sni: string | undefined = "mail.example.org") =>
  readClientHello(clientHello(offer, sni, random));
const u16s = (part: Buffer | undefined): readonly number[] =>
  Array.from({ length: ((part?.length ?? 2) - 2) / 2 }, (_, index) => part?.readUInt16BE(2 + index * 2) ?? 0);

const all = {
  "old 1.1": questions.oldVersions("TLSv1.1"),
  "old 1.0": questions.oldVersions("TLSv1"),
  "old 3": questions.oldVersions("SSLv3"),
  broken: questions.only(["broken"], false),
  "broken, anonymous or weak": questions.only(["broken", "weak"], true),
  weak: questions.only(["weak"], false),
  "phase out": questions.only(["phase-out"], false),
  "old 1.1, all wanted": questions.oldVersions(
    "TLSv1.1",
    questions.badKinds.flatMap((kind) => questions.suitesOf(kind, true)),
  ),
  "Diffie-Hellman": questions.diffieHellman,
  "weak group": questions.weakGroup(false),
  hybrid: questions.hybridGroup,
  "today 1.2": questions.today("TLSv1.2", { large: true }),
  "today 1.3": questions.today("TLSv1.3", { large: true }),
  "today, without a name": questions.today("TLSv1.2", { large: true, unnamed: true, protocol: "imap" }),
};

describe("every question", () => {
  test.each(Object.entries(all))("%s is well-formed and within what servers read", (_name, offer) => {
    const hello = seen(offer);
    expect(hello.suites.filter((suite) => suite !== 0x00ff)).toEqual(offer.suites);
    expect(offer.suites.length).toBeGreaterThan(0);
    expect(offer.suites.length).toBeLessThanOrEqual(mostSuites);
    expect(new Set(offer.suites).size).toBe(offer.suites.length);
    expect(hello.compressions.at(-1)).toBe(0);
  });

  test("SSL 3 has no extensions, and says by a suite what they would", () => {
    const hello = seen(all["old 3"]);
    expect(hello).toMatchObject({ record: 0x0300, version: 0x0300 });
    expect(hello.extensions.size).toBe(0);
    expect(hello.suites).toContain(0x00ff);
  });

  test("TLS 1.1 offers no signature algorithms, TLS 1.2 does", () => {
    expect(seen(all["old 1.1"])).toMatchObject({ version: 0x0302, record: 0x0301 });
    expect(seen(all["old 1.1"]).extensions.has(13)).toBe(false);
    expect(u16s(seen(all.weak).extensions.get(13)).slice(0, 1)).toEqual([0x0403]);
  });

  test("TLS 1.3: one version, no key share, a session id for middleboxes", () => {
    const { version, extensions } = seen(all.hybrid);
    expect(version).toBe(0x0303);
    expect(extensions.get(43)).toEqual(Buffer.from([2, 3, 4]));
    expect(extensions.get(51)).toEqual(Buffer.from([0, 0]));
    expect(u16s(extensions.get(10))).toEqual(hybridGroups);
    expect(clientHello(all.hybrid, undefined, random).subarray(44, 76)).toEqual(random.subarray(32));
  });

  test("the name goes along as SNI, and only where there is one", () => {
    const sni = seen(all.weak).extensions.get(0);
    expect(sni?.subarray(5).toString()).toBe("mail.example.org");
    expect(readClientHello(clientHello(all.weak, undefined, random)).extensions.has(0)).toBe(false);
  });

  test("without a name there is none, and ALPN has web servers' names before the protocol's own", () => {
    const { extensions } = seen(all["today, without a name"]);
    expect(extensions.has(0)).toBe(false);
    expect(extensions.get(16)?.toString("latin1")).toBe("\u0000\u0011\u0008http/1.1\u0002h2\u0004imap");
    expect(seen(all["today 1.2"]).extensions.has(16)).toBe(false);
  });

  test("old versions: what servers of that time know is always in it, what is wanted comes first", () => {
    const wanted = questions.suitesOf("weak", false);
    const { suites: offered } = questions.oldVersions("TLSv1", wanted);
    expect(new Set(questions.oldVersions("TLSv1").suites.filter((suite) => !offered.includes(suite)))).toEqual(
      new Set(),
    );
    expect(offered[0]).toBe(wanted[0]);
  });

  test("two packets: 1,800 bytes and a record header, by padding with zeroes", () => {
    for (const offer of [all["today 1.2"], all["today 1.3"]]) {
      const hello = seen(offer);
      expect(hello.bytes).toBe(1_805);
      expect(hello.extensions.get(21)?.every((byte) => byte === 0)).toBe(true);
      expect(seen({ ...offer, padTo: 0 }).bytes).toBeLessThan(700);
    }
  });

  test("weak groups: those alone, or with the curves that a certificate may be on behind them", () => {
    expect(u16s(seen(questions.weakGroup(false)).extensions.get(10))).toEqual(weakGroups);
    expect(u16s(seen(questions.weakGroup(true)).extensions.get(10))).toEqual([...weakGroups, 0x17, 0x18, 0x19]);
  });

  test("goodbye: user_canceled and close_notify, both warnings", () => {
    expect(goodbye("TLSv1.2")).toEqual(Buffer.from([21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0]));
    expect(goodbye("SSLv3").subarray(0, 3)).toEqual(Buffer.from([21, 3, 0]));
  });
});

describe("kinds of suites", () => {
  test.each([
    ["TLS_RSA_WITH_NULL_SHA256", "broken"],
    ["TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", "broken"],
    ["TLS_ECDHE_RSA_WITH_RC4_128_SHA", "broken"],
    ["TLS_DHE_RSA_WITH_DES_CBC_SHA", "broken"],
    ["TLS_ECDH_anon_WITH_NULL_SHA", "broken"],
    ["TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "anonymous"],
    ["TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "weak"],
    ["TLS_RSA_WITH_IDEA_CBC_SHA", "weak"],
    ["TLS_RSA_WITH_AES_256_GCM_SHA384", "weak"],
    ["TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "weak"],
    ["TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "phase-out"],
    ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "phase-out"],
    ["TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", "phase-out"],
    ["TLS_DHE_RSA_WITH_SEED_CBC_SHA", "phase-out"],
    ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "good"],
    ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "good"],
  ])("%s is %s", (name, kind) => {
    expect(kindOf(name)).toBe(kind);
    expect([...suites.values()]).toContain(name);
  });

  test("the questions about suites share none, and together with the good ones are the registry", () => {
    const lists = questions.badKinds.map((kind) => questions.suitesOf(kind, true));
    const good = [...suites].filter(([, name]) => kindOf(name) === "good").map(([suite]) => suite);
    const together = [...lists, good, staticDhSuites].flat();
    expect(new Set(together).size).toBe(together.length);
    expect(together.length).toBe(suites.size);
    expect(questions.suitesOf("broken", true)).toEqual([...questions.suitesOf("broken", false), ...anonymousSuites]);
    // Broken and weak ones go in one hello, with nothing cut off; where there is room, prehistoric ones go along.
    expect(all["broken, anonymous or weak"].suites).toEqual([...(lists[0] ?? []), ...(lists[1] ?? [])]);
    expect(all["phase out"].suites.filter((suite) => staticDhSuites.includes(suite)).length).toBe(24);
  });

  test("old versions are offered nothing that came with TLS 1.2", () => {
    for (const suite of questions.oldVersions("TLSv1").suites)
      expect(suiteName(suite)).not.toMatch(/GCM|CCM|POLY1305|SHA256|SHA384/);
  });

  test("numbers and names are those that OpenSSL has", () => {
    const { stdout } = spawnSync("openssl", ["ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], {
      encoding: "utf8",
    });
    const theirs = [...stdout.matchAll(/0x(..),0x(..) - (TLS_\S+)/g)].map(
      ([, high = "", low = "", name = ""]) => [Number.parseInt(high + low, 16), name] as const,
    );
    const common = theirs.filter(([number]) => suites.has(number));
    expect(common.length).toBeGreaterThan(60);
    for (const [number, name] of common) expect(suites.get(number)).toBe(name);
    const ours = new Set(suites.values());
    for (const [number, name] of theirs) if (ours.has(name)) expect(suites.get(number)).toBe(name);
  });

  test("a suite that nobody knows has its number", () => expect(suiteName(0x0abc)).toBe("suite 0x0abc"));
});
