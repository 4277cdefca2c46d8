// The private CA: made once, finished after a kill, limited to its domains in the eyes of OpenSSL, and clear about what is wrong.
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { PrivateCaSettings } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { IssueRequest, IssuedChain } from "../../src/issuers/issuer.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { makeLeaf } from "../../src/x509/leaf.ts";
import { certificateText, verify } from "./openssl.ts";

const random = (count: number): Uint8Array => randomBytes(count);
const day = 86_400_000;
const now = new Date("2026-11-20T12:00:00.000Z");

let stateDir: string;
let steps: string[];
let leafKey: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "mailcert-ca-"));
  steps = [];
  leafKey = await generateKey("ecdsa");
});
afterEach(async () => rm(stateDir, { recursive: true, force: true }));

const folder = (ca = "default"): string => join(stateDir, "ca", ca);

const issue = async (
  names: readonly string[],
  settings: Partial<PrivateCaSettings> = {},
  options: {
    readonly at?: Date;
    readonly generate?: typeof generateKey;
    readonly record?: IssueRequest["record"];
  } = {},
): Promise<IssuedChain> =>
  createPrivateCa({ stateDir, random, generateKey: options.generate ?? generateKey, relying: async () => [] }).issue({
    names,
    algorithm: "ecdsa",
    privateKey: leafKey,
    settings: { kind: "private-ca", ca: "default", days: 397, ...settings },
    now: options.at ?? now,
    signal: new AbortController().signal,
    step: (what) => steps.push(what),
    ...(options.record ? { record: options.record } : {}),
  });

const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const outcome: unknown = await work.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Failure);
  return outcome as Failure;
};

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

describe("the root", () => {
  test("is made once, with the files and modes of design §4, and used again", async () => {
    const first = await issue(["mail.example.org"]);
    const second = await issue(["imap.example.org"]);
    expect(second.root).toBe(first.root);
    expect(first.chain).toEqual([first.root]);
    expect((await readdir(folder())).toSorted()).toEqual(["issued.jsonl", "root-key.pem", "root.pem"]);
    expect(await modeOf(folder())).toBe("700");
    expect(await modeOf(join(folder(), "root-key.pem"))).toBe("600");
    expect(await modeOf(join(folder(), "root.pem"))).toBe("644");
    expect(await modeOf(join(folder(), "issued.jsonl"))).toBe("600");
    expect(steps.map((line) => line.split(" ")[0])).toEqual(["made", "using"]);
  });

  test("is an ECDSA P-256 CA for ten years, without a path length, limited to its domain", async () => {
    const { root = "" } = await issue(["mail.example.co.uk"]);
    const facts = readCertificate(root);
    expect(facts).toMatchObject({
      isCa: true,
      selfSigned: true,
      key: { type: "ec", curve: "P-256" },
      keyUsage: ["keyCertSign", "cRLSign"],
    });
    expect(facts.extendedKeyUsage).toBeUndefined();
    expect(facts.subject).toBe(`CN=example.co.uk CA ${facts.subjectKeyId?.slice(0, 8)},O=mailcert private CA`);
    expect((facts.notAfter.getTime() + 1000 - facts.notBefore.getTime()) / day).toBe(3652);
    const text = await certificateText(root);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text).toMatch(
      /Name Constraints: critical\s+Permitted:\s+DNS:example\.co\.uk\s+email:example\.co\.uk\s+email:\.example\.co\.uk\s+Excluded:\s+IP:0\.0\.0\.0\/0\.0\.0\.0\s+IP:0:0:0:0:0:0:0:0\/0:0:0:0:0:0:0:0\s/,
    );
  });

  test.each([
    [
      ["mail.example.org", "mail.example.net"],
      ["example.org", "example.net"],
    ],
    [["*.example.org"], ["example.org"]],
    [["host.dyndns.org"], ["host.dyndns.org"]],
    [["mail.corp.internal"], ["corp.internal"]],
    [["mail.lan"], ["mail.lan"]],
    [["co.uk"], ["co.uk"]],
  ])("for %j is limited to %j", async (names, domains) => {
    const { root = "" } = await issue(names);
    const permitted = [...(await certificateText(root)).matchAll(/^ +DNS:(.*)$/gm)].map((match) => match[1]);
    expect(permitted).toEqual(domains);
  });

  test("two CAs have different roots and names", async () => {
    const one = readCertificate((await issue(["mail.example.org"])).root ?? "");
    const two = readCertificate((await issue(["mail.example.org"], { ca: "second" })).root ?? "");
    expect(one.subject).not.toBe(two.subject);
    expect(one.serial).not.toBe(two.serial);
    expect(one.spkiSha256).not.toBe(two.spkiSha256);
  });

  test("has a common name that fits, however long the domain is", async () => {
    const domain = `${"a".repeat(60)}.${"b".repeat(60)}.example.org`;
    const { root = "" } = await issue([`mail.${domain}`], { caDomains: [domain] });
    expect(readCertificate(root).commonName?.length).toBeLessThanOrEqual(64);
    expect(
      (await verify({ root, leaf: (await issue([`mail.${domain}`])).leaf, name: `mail.${domain}` })).output,
    ).toMatch(/: OK\n/);
  });
});

describe("name constraints bite in OpenSSL", () => {
  // As an attacker who has the CA's key would: certificates that mailcert itself refuses to make.
  const forged = async (
    names: readonly string[],
    commonName?: string,
  ): Promise<{ readonly root: string; readonly leaf: string }> => {
    const root = await readFile(join(folder(), "root.pem"), "utf8");
    const privateKey = await readFile(join(folder(), "root-key.pem"), "utf8");
    const { notBefore } = readCertificate(root);
    const notAfter = new Date(notBefore.getTime() + 3000 * day);
    const leaf = await makeLeaf({
      privateKey: leafKey,
      names,
      commonName,
      notBefore,
      notAfter,
      issuer: { certificate: root, privateKey },
      random,
    });
    return { root, leaf };
  };
  const atThisTime = { at: new Date() };

  test.each([
    ["mail.example.net", /permitted subtree violation/],
    ["example.org.evil.net", /permitted subtree violation/],
    ["badexample.org", /permitted subtree violation/],
    ["192.0.2.1", /excluded subtree violation/],
    ["2001:db8::1", /excluded subtree violation/],
  ])("a leaf for %s is refused", async (name, why) => {
    await issue(["mail.example.org"], {}, atThisTime);
    const inside = await forged(["mail.example.org"], "mail.example.org");
    expect((await verify({ ...inside, name: "mail.example.org" })).output).toMatch(/: OK\n/);
    const outside = await verify({ ...(await forged([name])), name });
    expect(outside.ok).toBe(false);
    expect(outside.output).toMatch(why);
  });

  test.each([
    ["192.0.2.2", /permitted subtree violation/],
    ["mail.example.org", /excluded subtree violation/],
    ["2001:db8::1", /violation/],
  ])("a CA for one address certifies that address and not %s", async (name, why) => {
    const { root = "", leaf } = await issue(["192.0.2.1"], {}, atThisTime);
    expect((await verify({ root, leaf, name: "192.0.2.1" })).output).toMatch(/: OK\n/);
    const outside = await verify({ ...(await forged([name])), name });
    expect(outside.ok).toBe(false);
    expect(outside.output).toMatch(why);
  });

  test('"*" writes no constraints', async () => {
    const { root = "" } = await issue(["mail.example.org"], { caDomains: ["*"] }, atThisTime);
    expect(await certificateText(root)).not.toContain("Name Constraints");
    const anything = await forged(["mail.example.net", "192.0.2.1"]);
    expect((await verify({ ...anything, name: "192.0.2.1" })).output).toMatch(/: OK\n/);
  });
});

describe("a leaf", () => {
  test("is written down before it is handed out", async () => {
    const { leaf } = await issue(["mail.example.org"]);
    const lines = (await readFile(join(folder(), "issued.jsonl"), "utf8")).split("\n");
    expect(lines).toHaveLength(2);
    const facts = readCertificate(leaf);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      at: now.toISOString(),
      serial: facts.serial,
      sha256: facts.sha256,
      names: ["mail.example.org"],
      notBefore: facts.notBefore.toISOString(),
      notAfter: facts.notAfter.toISOString(),
      signer: facts.authorityKeyId,
    });
  });

  test("the list survives a line that a power cut tore", async () => {
    await issue(["mail.example.org"]);
    await writeFile(join(folder(), "issued.jsonl"), '{"at":"2026-');
    await issue(["mail.example.org"]);
    const lines = (await readFile(join(folder(), "issued.jsonl"), "utf8")).split("\n");
    expect(lines[0]).toBe('{"at":"2026-');
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ names: ["mail.example.org"] });
  });

  test.each([
    [["mail.example.org", "imap.example.org"], "CN=mail.example.org"],
    [[`${"a".repeat(60)}.example.org`, "mail.example.org"], "CN=mail.example.org"],
    [[`${"a".repeat(60)}.example.org`], ""],
    [["192.0.2.1"], ""],
  ])("for %j has the subject %j", async (names, subject) => {
    const { leaf, root = "" } = await issue(names, {}, { at: new Date() });
    expect(readCertificate(leaf).subject).toBe(subject);
    // RFC 5280 §4.2.1.6: critical where the subject is empty.
    expect((await certificateText(leaf)).includes("Subject Alternative Name: critical")).toBe(subject === "");
    expect((await verify({ root, leaf, name: names[0] ?? "" })).output).toMatch(/: OK\n/);
  });

  test("is valid for the days asked for, to the second, and from an hour ago", async () => {
    const facts = readCertificate((await issue(["mail.example.org"], { days: 825 })).leaf);
    expect((facts.notAfter.getTime() + 1000 - facts.notBefore.getTime()) / day).toBe(825);
    expect(now.getTime() - facts.notBefore.getTime()).toBe(3_600_000);
  });

  test("is refused beyond 825 days, with Apple as the reason, before a CA is made", async () => {
    const failure = await failureOf(issue(["mail.example.org"], { days: 826 }));
    expect(failure.kind).toBe("config");
    expect(failure.hints.join()).toContain("Apple");
    expect(await readdir(stateDir)).toEqual([]);
  });

  test("never begins before its root", async () => {
    const root = readCertificate((await issue(["mail.example.org"])).root ?? "");
    const facts = readCertificate(
      (await issue(["mail.example.org"], {}, { at: new Date(now.getTime() - 1_800_000) })).leaf,
    );
    expect(facts.notBefore).toEqual(root.notBefore);
  });

  test("ends with its root, and a root that ends is announced", async () => {
    const { root = "" } = await issue(["mail.example.org"]);
    const end = readCertificate(root).notAfter;
    const near = await issue(["mail.example.org"], {}, { at: new Date(end.getTime() - 600 * day) });
    expect(readCertificate(near.leaf).notAfter < end).toBe(true);
    expect(steps.at(-1)).toMatch(/root ends on 2036-\d\d-\d\d, within a year after this certificate/);
    const short = await issue(["mail.example.org"], {}, { at: new Date(end.getTime() - 30 * day) });
    expect(readCertificate(short.leaf).notAfter).toEqual(end);
    expect(steps.at(-1)).toMatch(/ends with its CA's root on 2036/);
    const over = await failureOf(issue(["mail.example.org"], {}, { at: new Date(end.getTime() + day) }));
    expect(over.message).toMatch(/root in .* ended on 2036/);
    expect(over.hints.join()).toContain("move");
  });

  test("is not made while the clock is before the root", async () => {
    await issue(["mail.example.org"]);
    const failure = await failureOf(issue(["mail.example.org"], {}, { at: new Date("2020-01-01T00:00:00Z") }));
    expect(failure.message).toContain("the clock says 2020-01-01");
  });
});

describe("a name outside", () => {
  test("is refused with the ways out, and nothing is written down", async () => {
    await issue(["mail.example.org"]);
    const before = await readFile(join(folder(), "issued.jsonl"), "utf8");
    for (const name of ["mail.example.net", "*.example.net", "192.0.2.1", "2001:db8::1"]) {
      const failure = await failureOf(issue(["mail.example.org", name]));
      expect(failure.kind).toBe("data");
      expect(failure.message).toContain(
        `private-ca cannot certify ${name}: the private CA "default" is limited to example.org`,
      );
      expect(failure.hints).toHaveLength(3);
      expect(failure.hints[1]).toContain("mailcert ca rotate default --ca-domains example.org,");
      expect(failure.hints[0]).toContain("--ca NAME");
      expect(failure.hints[2]).toContain(
        `if nobody has imported its root yet, move it away (mv ${folder()} /root/mailcert-ca-default), make another (mailcert ca init --ca-domains example.org,`,
      );
      // The registrable domain, not the one name: the CA's default.
      expect(failure.hints[2]).toContain(
        `--ca-domains example.org,${name.includes("example.net") ? "example.net" : name}`,
      );
    }
    expect(await readFile(join(folder(), "issued.jsonl"), "utf8")).toBe(before);
  });

  test("that differs by a slip of the pen is asked about first", async () => {
    await issue(["mail.exmaple.org"]);
    const { hints } = await failureOf(issue(["mail.example.org"]));
    expect(hints).toHaveLength(4);
    expect(hints[0]).toBe(
      `was exmaple.org mistyped? Then take back what was set up for it (mailcert deploy --remove NAME, its entry out of the configuration), move the CA away (mv ${folder()} /root/mailcert-ca-default), and run this again`,
    );
  });

  test("stated domains are judged without a CA", async () => {
    const failure = await failureOf(issue(["mail.example.net"], { caDomains: ["example.org"] }));
    expect(failure.message).toContain("limited to example.org");
    expect(await readdir(stateDir)).toEqual([]);
  });

  test.each([[["*.example.org"]], [["not a domain"]], [["-"]]])("ca_domains %j is refused", async (caDomains) => {
    const failure = await failureOf(issue(["mail.example.org"], { caDomains }));
    expect(failure.kind).toBe("config");
    expect(failure.message).toContain("ca_domains");
  });

  test.each(["../default", "", "a/b", ".hidden"])("the CA name %j is no folder of ours", async (ca) => {
    expect((await failureOf(issue(["mail.example.org"], { ca }))).kind).toBe("config");
    expect(await readdir(stateDir)).toEqual([]);
  });
});

describe("check says what issue would say, and makes nothing", () => {
  const check = async (
    names: readonly string[],
    settings: Partial<PrivateCaSettings> = {},
  ): Promise<readonly string[] | undefined> =>
    createPrivateCa({ stateDir, random, generateKey, relying: async () => [] }).check?.(names, {
      kind: "private-ca",
      ca: "default",
      days: 397,
      ...settings,
    });
  test("which CA would be made, and with which limits; nothing more once it is there", async () => {
    expect(await check(["mail.exmaple.org"])).toEqual([
      'would make the private CA "default", limited to exmaple.org and the names below it; others come with a new root (mailcert ca rotate)',
    ]);
    await issue(["mail.example.org"]);
    expect(await check(["mail.example.org"])).toEqual([]);
  });

  /** The same words from both; the folder as it was. */
  const refusedAlike = async (
    names: readonly string[],
    settings: Partial<PrivateCaSettings> = {},
  ): Promise<Failure> => {
    const before = await readdir(stateDir, { recursive: true });
    const said = await failureOf(check(names, settings));
    const { kind, message, hints } = await failureOf(issue(names, settings));
    expect({ kind: said.kind, message: said.message, hints: said.hints }).toEqual({ kind, message, hints });
    expect(await readdir(stateDir, { recursive: true })).toEqual(before);
    return said;
  };

  test("a CA that does not exist yet is no hindrance and is not made", async () => {
    await check(["mail.example.org"]);
    expect(await readdir(stateDir)).toEqual([]);
  });

  test("names inside are accepted; outside, without a name, with bad settings: as issue says", async () => {
    await issue(["mail.example.org"]);
    await check(["mail.example.org", "*.example.org"]);
    expect((await refusedAlike(["mail.example.net"])).kind).toBe("data");
    await refusedAlike([]);
    await refusedAlike(["mail.example.org"], { days: 826 });
    await refusedAlike(["mail.example.org"], { ca: "../x" });
    await refusedAlike(["mail.example.net"], { ca: "second", caDomains: ["example.org"] });
    // Another CA is the way out.
    await check(["mail.example.net"], { ca: "second" });
  });

  test("a CA that is damaged or lost its key", async () => {
    await issue(["mail.example.org"]);
    await rm(join(folder(), "root-key.pem"));
    expect((await refusedAlike(["mail.example.org"])).message).toContain("root-key.pem is missing");
    await rm(join(folder(), "root.pem"));
    expect((await refusedAlike(["mail.example.org"])).message).toContain("issued.jsonl");
  });

  test("other domains than those that the CA was made with: said, with the ways out, never ignored", async () => {
    await issue(["mail.exmaple.org"]);
    const failure = await refusedAlike(["mail.example.org"], { caDomains: ["example.org"] });
    expect(failure.kind).toBe("config");
    expect(failure.message).toBe(
      `ca_domains asks for example.org, but the private CA "default" in ${folder()} is there already and limited to exmaple.org and the names below it; that changes with a new root only`,
    );
    expect(failure.hints).toEqual([
      "make another CA beside it: ca: NAME (--ca NAME)",
      "or give it a new root with other limits, which everybody has to import: mailcert ca rotate default --ca-domains example.org",
      `or, if nobody has imported its root yet, move it away (mv ${folder()} /root/mailcert-ca-default), make another (mailcert ca init --ca-domains example.org), then run this again`,
    ]);
    // Wider, narrower, none at all: none of it is what the root says.
    const fits = ["mail.exmaple.org"];
    for (const caDomains of [["exmaple.org", "example.org"], ["mail.exmaple.org"], ["*"]]) {
      const { hints } = await refusedAlike(fits, { caDomains });
      expect(hints[0]).toContain(
        'to use it as it is: no ca_domains, or ca_domains: ["exmaple.org"] (--ca-domains exmaple.org)',
      );
    }
    await check(fits, { caDomains: ["exmaple.org"] });
    await issue(fits, { caDomains: ["EXMAPLE.org"] });
  });

  test("a CA for any name takes ca_domains: * alone, in any order with others", async () => {
    await issue(["mail.example.org"], { caDomains: ["*"] });
    await check(["mail.example.net"], { caDomains: ["example.net", "*"] });
    expect((await refusedAlike(["mail.example.org"], { caDomains: ["example.org"] })).message).toContain(
      "not limited: it may certify any name",
    );
  });
});

describe("notes", () => {
  test("a CA that was made is told of, once, with its limits and its end", async () => {
    const { root = "", notes } = await issue(["mail.example.org"]);
    expect(notes).toEqual([
      `made the private CA ${readCertificate(root).commonName}, limited to example.org and the names below it, until 2036-11-19`,
      "back it up, for a lost CA cannot be made again: mailcert ca backup --out FILE",
    ]);
    expect(await issue(["mail.example.org"])).not.toHaveProperty("notes");
    const { notes: free } = await issue(["mail.example.org"], { ca: "any", caDomains: ["*"] });
    expect(free?.[0]).toContain("not limited: it may certify any name, until");
  });
});

test("a CA that was made is in the log, once, with what takes it back", async () => {
  const log: unknown[] = [];
  const record = async (change: unknown): Promise<void> => void log.push(change);
  await issue(["mail.example.org"], {}, { record });
  await issue(["mail.example.org"], {}, { record });
  expect(log).toEqual([
    {
      what: `made the private CA "default" in ${folder()}`,
      undo: `where nobody has imported its root yet: move ${folder()} away`,
    },
  ]);
});

describe("after a kill", () => {
  test("a key without a root is used for the root", async () => {
    const key = await generateKey("ecdsa");
    await mkdir(folder(), { recursive: true, mode: 0o700 });
    await writeFile(join(folder(), "root-key.pem"), key, { mode: 0o600 });
    const issued = await issue(["mail.example.org"]);
    expect(await readFile(join(folder(), "root-key.pem"), "utf8")).toBe(key);
    expect(issued.root).toBe(await readFile(join(folder(), "root.pem"), "utf8"));
  });

  test("what a run that is no more left half-written is removed, a live one's is not", async () => {
    await mkdir(folder(), { recursive: true, mode: 0o700 });
    await writeFile(join(folder(), ".mailcert-4194999-1.tmp"), "half a key"); // beyond the largest pid
    await writeFile(join(folder(), ".mailcert-1-1.tmp"), "being written");
    await issue(["mail.example.org"]);
    expect((await readdir(folder())).toSorted()).toEqual([
      ".mailcert-1-1.tmp",
      "issued.jsonl",
      "root-key.pem",
      "root.pem",
    ]);
  });

  test("runs at once end with one root", async () => {
    const roots = await Promise.all(
      ["a", "b", "c", "d"].map(async (host) => (await issue([`${host}.example.org`])).root),
    );
    expect(new Set(roots).size).toBe(1);
    expect(roots[0]).toBe(await readFile(join(folder(), "root.pem"), "utf8"));
  });

  test("a failure to make the key leaves nothing that a later run would trip over", async () => {
    const generate = async (): Promise<string> => Promise.reject(new Error("no entropy"));
    await expect(issue(["mail.example.org"], {}, { generate })).rejects.toThrow("no entropy");
    expect((await issue(["mail.example.org"])).root).toContain("BEGIN CERTIFICATE");
  });
});

describe("a damaged CA is named, and never made anew in silence", () => {
  beforeEach(async () => {
    await issue(["mail.example.org"]);
  });

  test.each([
    ["root-key.pem", "garbage", /root-key\.pem is not a readable private key/],
    ["root-key.pem", "", /root-key\.pem is not a readable private key/],
    ["root.pem", "garbage", /root\.pem is not a readable certificate/],
    ["root.pem", "", /root\.pem is not a readable certificate/],
  ])("%s with %j in it", async (file, content, message) => {
    await writeFile(join(folder(), file), content);
    const failure = await failureOf(issue(["mail.example.org"]));
    expect(failure.kind).toBe("data");
    expect(failure.message).toMatch(message);
    expect(failure.hints.join()).toContain(folder());
  });

  test("a key that belongs to another root", async () => {
    await writeFile(join(folder(), "root-key.pem"), await generateKey("ecdsa"));
    expect((await failureOf(issue(["mail.example.org"]))).message).toMatch(/root\.pem belongs to another key/);
  });

  test("a leaf in the root's place", async () => {
    const { leaf } = await issue(["mail.example.org"]);
    await writeFile(join(folder(), "root.pem"), leaf);
    await writeFile(join(folder(), "root-key.pem"), leafKey);
    expect((await failureOf(issue(["mail.example.org"]))).message).toMatch(
      /root\.pem is not the certificate of a root CA/,
    );
  });

  test("a missing key, with and without its root", async () => {
    await rm(join(folder(), "root-key.pem"));
    expect((await failureOf(issue(["mail.example.org"]))).message).toMatch(
      /root-key\.pem is missing, while root\.pem is there/,
    );
    await rm(join(folder(), "root.pem"));
    expect((await failureOf(issue(["mail.example.org"]))).message).toMatch(
      /root-key\.pem is missing, while issued\.jsonl/,
    );
    expect(await readdir(folder())).toEqual(["issued.jsonl"]);
  });

  test("a root that is a folder", async () => {
    await rm(join(folder(), "root.pem"));
    await mkdir(join(folder(), "root.pem"));
    await chmod(join(folder(), "root.pem"), 0o700);
    const failure = await failureOf(issue(["mail.example.org"]));
    expect(failure.message).toContain(`cannot read ${join(folder(), "root.pem")}: it is a folder`);
  });
});
