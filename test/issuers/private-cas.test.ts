// A private CA over its whole life: rotated (also when killed in between), kept offline, revoking, backed up; OpenSSL judges.
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { PrivateCaSettings } from "../../src/domain/certificate-config.ts";
import { examineChain } from "../../src/domain/chain.ts";
import { readCrl } from "../../src/domain/crl.ts";
import { Failure } from "../../src/domain/failure.ts";
import { caFindings } from "../../src/domain/private-ca.ts";
import { matchTlsa } from "../../src/domain/tlsa.ts";
import type { IssuedChain } from "../../src/issuers/issuer.ts";
import type { PrivateCas } from "../../src/issuers/private-cas.ts";
import { findAuthority } from "../../src/issuers/private-ca/authority.ts";
import { createPrivateCas } from "../../src/issuers/private-ca/cas.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { settle } from "../../src/issuers/private-ca/layout.ts";
import { planRotate } from "../../src/issuers/private-ca/make.ts";
import { makeSet } from "../../src/issuers/private-ca/new-files.ts";
import { ofSandbox } from "../../src/issuers/private-ca/published.ts";
import { type RevokedRecord, recordRevoked } from "../../src/issuers/private-ca/records.ts";
import { openStore } from "../../src/store/index.ts";
import { fileFailure } from "../../src/system/files.ts";
import { generateKey } from "../../src/system/keys.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { seal, unseal } from "../../src/system/sealed.ts";
import { openssl, verify } from "./openssl.ts";

const random = (count: number): Uint8Array => randomBytes(count);
const hour = 3_600_000;
const day = 24 * hour;
const now = new Date("2026-11-20T12:00:00.000Z");
const uid = process.getuid?.() ?? 0;
const secret = "correct horse battery staple";

let stateDir: string;
let cas: PrivateCas;
let leafKey: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "mailcert-cas-"));
  cas = createPrivateCas({ stateDir, random, generateKey, uid });
  leafKey = await generateKey("ecdsa");
});
afterEach(async () => rm(stateDir, { recursive: true, force: true }));

const folder = (): string => join(stateDir, "ca/default");

const issue = (names = ["mail.example.org"], at = now, more: Partial<PrivateCaSettings> = {}): Promise<IssuedChain> =>
  createPrivateCa({ stateDir, random, generateKey, relying: async () => [] }).issue({
    names,
    algorithm: "ecdsa",
    privateKey: leafKey,
    settings: { kind: "private-ca", ca: "default", days: 397, ...more },
    now: at,
    signal: new AbortController().signal,
    step: () => undefined,
  });

const passphrase = async (): Promise<string> => secret;
const rotation = { name: "default", passphrase, now };
const rotate = (more = {}): Promise<unknown> => cas.rotate({ ...rotation, ...more });

const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const outcome: unknown = await work.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Failure);
  return outcome as Failure;
};

/** By a client that knows this root and nothing else. */
const accepts = async (root: string, { leaf, chain }: IssuedChain, name = "mail.example.org"): Promise<boolean> =>
  (await verify({ root, leaf, chain, name })).ok;

const rootOf = async (path = "root.pem"): Promise<string> => readFile(join(folder(), path), "utf8");

/** What every file holds, by path. */
const contents = async (at: string): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const pairs = await Promise.all(
    files.map(async (path) => [path.slice(at.length + 1), await readFile(path, "utf8")] as const),
  );
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

describe("rotation", () => {
  test("clients that know only the old root, and those that know only the new one, both accept what is issued then", async () => {
    const before = await issue();
    await rotate();
    const after = await issue();
    const [fresh = "", old = ""] = await cas.roots("default", now);
    expect(readCertificate(old).sha256).toBe(readCertificate(before.root ?? "").sha256);
    expect(readCertificate(after.root ?? "").sha256).toBe(readCertificate(fresh).sha256);
    expect([await accepts(old, after), await accepts(fresh, after)]).toEqual([true, true]);
    // What was issued before goes on with the old root, and is none of the new one's.
    expect([await accepts(old, before), await accepts(fresh, before)]).toEqual([true, false]);
    const report = examineChain([after.leaf, ...after.chain].map(readCertificate));
    expect(report).toMatchObject({ outOfOrder: false, superfluous: [], rootIncluded: true });
    expect(report.chain).toHaveLength(3);
  });

  test("twice: three roots, and each of them leads to the newest leaf", async () => {
    await issue();
    await rotate();
    await rotate();
    const roots = await cas.roots("default", now);
    expect(roots).toHaveLength(3);
    const after = await issue();
    expect(await Promise.all(roots.map((root) => accepts(root, after)))).toEqual([true, true, true]);
    expect((await readdir(join(folder(), "older"))).toSorted()).toEqual(["0001", "0002"]);
  });

  test("TLSA records that name the key of the old root, or of the new one, are both satisfied", async () => {
    const before = await issue();
    const oldKey = readCertificate(before.root ?? "").spkiSha256;
    await rotate();
    const after = await issue();
    const newKey = readCertificate(after.root ?? "").spkiSha256;
    const chain = [after.leaf, ...after.chain].map((pem) => readCertificate(pem).der);
    const offer = { spki: undefined, chain };
    const record = { usage: 2, selector: 1, matchingType: 1 };
    expect(matchTlsa([{ ...record, data: oldKey }], offer)).toBe("match");
    expect(matchTlsa([{ ...record, data: newKey }], offer)).toBe("match");
    expect(matchTlsa([{ ...record, data: "0".repeat(64) }], offer)).toBe("mismatch");
  });

  test("new limits: what the old root may not certify is served under the new one alone", async () => {
    await issue();
    await rotate({ caDomains: ["example.org", "example.net"] });
    const [fresh = "", old = ""] = await cas.roots("default", now);
    const both = await issue(["mail.example.org", "mail.example.net"]);
    expect(both.chain).toHaveLength(1);
    expect([await accepts(old, both), await accepts(fresh, both, "mail.example.net")]).toEqual([false, true]);
    expect(await accepts(old, await issue(["imap.example.org"]), "imap.example.org")).toBe(true);
  });

  test("near the old root's end: a leaf ends with it, and in its last 30 days it is not led to any more", async () => {
    await cas.init({ name: "default", names: ["mail.example.org"], days: 600, now });
    await rotate();
    const old = readCertificate(await rootOf("older/0001/root.pem"));
    const late = new Date(old.notAfter.getTime() - 100 * day);
    const capped = await issue(undefined, late);
    expect(readCertificate(capped.leaf).notAfter).toEqual(old.notAfter);
    expect(capped.chain).toHaveLength(2);
    const last = await issue(undefined, new Date(old.notAfter.getTime() - 29 * day));
    expect(last.chain).toHaveLength(1);
    expect(readCertificate(last.leaf).notAfter.getTime()).toBeGreaterThan(old.notAfter.getTime());
    expect(await cas.roots("default", new Date(old.notAfter.getTime() + day))).toHaveLength(1);
  });

  test("killed anywhere, the CA is the old one or the new one, whole; the next run finishes it", async () => {
    await cas.init({ name: "default", names: ["mail.example.org"], now });
    await cas.refreshCrls("default", now, true);
    const { authority, constraints } = await planRotate(folder(), rotation);
    const before = { set: authority, privateKey: authority.signer.privateKey };
    const incoming = join(folder(), "rotation-0001");
    await makeSet(incoming, { ca: "default", constraints, now, before }, { random, generateKey, uid });
    const fresh = readCertificate(await readFile(join(incoming, "root.pem"), "utf8")).sha256;
    const old = authority.facts.sha256;
    const pristine = await contents(folder());
    /** The renames of a rotation, in their order. */
    const moves: (readonly [string, string])[] = [
      ...["crl.pem", "root-key.pem", "root.pem"].map((name) => [name, `older/0001/${name}`] as const),
      ["rotation-0001", "arrival-0001"],
      ...["root-key.pem", "root.pem", "cross.pem"].map((name) => [`arrival-0001/${name}`, name] as const),
    ];
    for (let done = 0; done <= moves.length; done += 1) {
      await rm(folder(), { recursive: true });
      for (const [path, content] of Object.entries(pristine)) {
        await mkdir(join(folder(), path, ".."), { recursive: true, mode: 0o700 });
        await writeFile(join(folder(), path), content, { mode: 0o600 });
      }
      await mkdir(join(folder(), "older/0001"), { recursive: true });
      for (const [from, to] of moves.slice(0, done)) await rename(join(folder(), from), join(folder(), to));
      // As a run without the lock reads it.
      const seen = await findAuthority(folder());
      expect(seen?.facts.sha256, `after ${done} moves`).toBe(fresh);
      expect(seen?.older.map(({ facts }) => facts.sha256)).toEqual([old]);
      expect(await cas.show("default", now)).toMatchObject({ unfinished: true });
      await settle(folder());
      expect(Object.keys(await contents(folder()))).toEqual([
        "cross.pem",
        "older/0001/crl.pem",
        "older/0001/root-key.pem",
        "older/0001/root.pem",
        "root-key.pem",
        "root.pem",
      ]);
      expect(await accepts((await findAuthority(folder()))?.older[0]?.root ?? "", await issue())).toBe(true);
      expect(await cas.show("default", now)).not.toHaveProperty("unfinished");
    }
  }, 60_000);

  test("killed before that is decided, the old one stands, and what was half made goes", async () => {
    await issue();
    const half = join(folder(), ".mailcert-999999-00aabbccddee.tmp");
    await mkdir(half);
    await writeFile(join(half, "root-key.pem"), "half");
    const before = readCertificate(await rootOf()).sha256;
    expect((await findAuthority(folder()))?.facts.sha256).toBe(before);
    await rotate();
    expect(await readdir(folder())).not.toContain(".mailcert-999999-00aabbccddee.tmp");
  });

  test("never takes the place of an earlier root, also where one of those was removed", async () => {
    await issue();
    await rotate();
    await rotate();
    await rm(join(folder(), "older/0001"), { recursive: true });
    const kept = await rootOf("older/0002/root-key.pem");
    await rotate();
    expect(await rootOf("older/0002/root-key.pem")).toBe(kept);
    expect((await readdir(join(folder(), "older"))).toSorted()).toEqual(["0002", "0003"]);
    // As a version that counted them left it.
    await mkdir(join(folder(), "rotation-0002"));
    await writeFile(join(folder(), "rotation-0002/root.pem"), await rootOf());
    expect((await failureOf(settle(folder()))).message).toContain("older/0002/root-key.pem is there already");
    expect(await rootOf("older/0002/root-key.pem")).toBe(kept);
  });

  test("without a CA, and with a root that has ended, it says what to do", async () => {
    expect((await failureOf(rotate())).hints[0]).toContain("mailcert ca init default");
    await issue();
    const ended = await failureOf(rotate({ now: new Date("2040-01-01T00:00:00Z") }));
    expect(ended).toMatchObject({ kind: "data", message: expect.stringContaining("ended on 2036-") });
  });
});

describe("a root's key that is kept away", () => {
  const offline = (): string => join(stateDir, "usb");
  const init = (at: string | undefined): Promise<void> =>
    cas.init({
      name: "default",
      names: ["mail.example.org"],
      now,
      issuing: { passphrase, ...(at === undefined ? {} : { offline: at }) },
    });

  test("leaves this host, under a passphrase that OpenSSL takes; the issuing CA signs, and clients of the root accept it", async () => {
    await init(offline());
    expect((await readdir(folder())).toSorted()).toEqual([
      "issuing-key.pem",
      "issuing.pem",
      "root-crl.pem",
      "root.pem",
    ]);
    const sealed = await readFile(join(offline(), "root-key.pem"), "utf8");
    expect(sealed).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect((await stat(join(offline(), "root-key.pem"))).mode & 0o777).toBe(0o600);
    const shape = (await openssl(["asn1parse"], sealed)).output;
    expect(shape).toMatch(/PBES2[^]*PBKDF2[^]*:0927C0[^]*hmacWithSHA256[^]*aes-256-cbc/);
    expect((await openssl(["pkey", "-passin", `pass:${secret}`, "-noout"], sealed)).ok).toBe(true);
    expect((await openssl(["pkey", "-passin", "pass:another one", "-noout"], sealed)).ok).toBe(false);
    const issued = await issue();
    expect(issued.chain).toHaveLength(2);
    expect(await accepts(await rootOf(), issued)).toBe(true);
    expect(readCertificate(issued.chain[0] ?? "")).toMatchObject({ isCa: true, selfSigned: false });
    expect(await cas.show("default", now)).toMatchObject({ root: { key: "away" }, issuing: { key: "here" } });
  });

  test("is asked for by a rotation, which needs it and a place for the next one", async () => {
    await init(offline());
    expect(await failureOf(rotate())).toMatchObject({
      kind: "usage",
      hints: [expect.stringContaining("--root-key FILE")],
    });
    const rootKey = join(offline(), "root-key.pem");
    expect((await failureOf(rotate({ rootKey }))).hints[0]).toContain("--offline DIR");
    expect((await failureOf(rotate({ rootKey, offline: offline() }))).kind).toBe("cannot-create");
    const wrong = await failureOf(
      rotate({ rootKey, offline: join(stateDir, "usb2"), passphrase: async () => "nonsense" }),
    );
    expect(wrong).toMatchObject({ kind: "data", message: expect.stringContaining("the passphrase does not open") });
    const before = await issue();
    await rotate({ rootKey, offline: join(stateDir, "usb2") });
    expect((await readdir(folder())).toSorted()).toEqual([
      "cross.pem",
      "issued.jsonl",
      "issuing-key.pem",
      "issuing.pem",
      "older",
      "root-crl.pem",
      "root.pem",
    ]);
    const after = await issue();
    expect(after.chain).toHaveLength(3);
    const roots = await cas.roots("default", now);
    expect(await Promise.all(roots.map((root) => accepts(root, after)))).toEqual([true, true]);
    expect(await accepts(roots[1] ?? "", before)).toBe(true);
  });

  test("must be the present root's: one of an earlier root is refused, and nothing is begun", async () => {
    await init(offline());
    const [first, second] = [join(offline(), "root-key.pem"), join(stateDir, "usb2")];
    await rotate({ rootKey: first, offline: second });
    const present = await cas.show("default", now);
    const wrong = await failureOf(rotate({ rootKey: first, offline: join(stateDir, "usb3") }));
    expect(wrong).toMatchObject({
      kind: "data",
      message: expect.stringContaining(`the earlier root ${present?.older[0]?.title}`),
    });
    expect(wrong.message).toContain(`is ${present?.root.title}`);
    expect(await cas.show("default", now)).toEqual(present);
    expect(await readdir(stateDir)).not.toContain("usb3");
    await writeFile(join(stateDir, "stray.pem"), await generateKey("ecdsa"));
    const stray = await failureOf(rotate({ rootKey: join(stateDir, "stray.pem"), offline: join(stateDir, "usb3") }));
    expect(stray.message).toContain("the key of another root");
  });

  test("may lie here as well, under the passphrase, and opens with it alone", async () => {
    await init(undefined);
    expect(await cas.show("default", now)).toMatchObject({ root: { key: "sealed" } });
    expect((await failureOf(rotate({ passphrase: async () => "nonsense" }))).kind).toBe("data");
    await rotate();
    expect(await readFile(join(folder(), "root-key.pem"), "utf8")).toContain("ENCRYPTED");
    expect(await accepts((await cas.roots("default", now))[1] ?? "", await issue())).toBe(true);
  });

  test("a second init refuses, with the way out; and so does a folder that holds another root's key", async () => {
    await init(offline());
    const failure = await failureOf(init(join(stateDir, "usb3")));
    expect(failure).toMatchObject({
      kind: "config",
      hints: [expect.stringContaining("mailcert ca rotate"), expect.anything()],
    });
    const other = cas.init({ name: "other", names: ["a.example"], now, issuing: { passphrase, offline: offline() } });
    expect((await failureOf(other)).kind).toBe("cannot-create");
    expect(await cas.list()).toEqual(["default"]);
  });
});

describe("the list of revoked certificates", () => {
  const serialOf = ({ leaf }: IssuedChain): string => readCertificate(leaf).serial;
  const revoke = async (issued: IssuedChain, at = now) => {
    const found = await cas.find(serialOf(issued));
    if (!found) throw new Error("not found");
    return cas.revoke(found, "superseded", at);
  };
  const listAt = async (path = "crl.pem") => readCrl(await readFile(join(folder(), path), "utf8"));

  test("names what was revoked, and OpenSSL refuses that and nothing else", async () => {
    const [bad, good] = [await issue(), await issue()];
    expect(await revoke(bad)).toMatchObject({ outcome: "revoked" });
    expect(await revoke(bad)).toMatchObject({ outcome: "already" });
    const list = await listAt();
    expect(list.serials).toEqual([serialOf(bad).replace(/^(?:00)+/, "")]);
    const trusted = join(stateDir, "trusted.pem");
    await writeFile(trusted, (await rootOf()) + (await rootOf("crl.pem")));
    const judge = async ({ leaf }: IssuedChain): Promise<string> => {
      await writeFile(join(stateDir, "leaf.pem"), leaf);
      const args = ["verify", "-x509_strict", "-crl_check", "-CAfile", trusted, join(stateDir, "leaf.pem")];
      return (await openssl(args)).output;
    };
    expect(await judge(bad)).toContain("certificate revoked");
    expect(await judge(good)).toContain(": OK");
  });

  test("lacks nothing that a killed run wrote down: with and without a list from before", async () => {
    const [bad, worse] = [await issue(), await issue()];
    const record = async (issued: IssuedChain): Promise<void> => {
      const line = (await rootOf("issued.jsonl")).split("\n").find((one) => one.includes(serialOf(issued))) ?? "";
      await recordRevoked(folder(), { ...(JSON.parse(line) as RevokedRecord), reason: "superseded" });
    };
    for (const issued of [bad, worse]) {
      await record(issued);
      expect((await cas.refreshCrls("default", now, false)).made).toBe(1);
      expect((await listAt()).serials).toContain(serialOf(issued).replace(/^(?:00)+/, ""));
      expect((await cas.refreshCrls("default", now, false)).made).toBe(0);
    }
  });

  test("its number only ever grows, also when the list was lost, or the clock stands still", async () => {
    await issue();
    const numbers: bigint[] = [];
    for (let round = 0; round < 3; round += 1) {
      await cas.refreshCrls("default", now, true);
      numbers.push((await listAt()).number);
    }
    await rm(join(folder(), "crl.pem"));
    await cas.refreshCrls("default", new Date(now.getTime() + day), true);
    numbers.push((await listAt()).number);
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n))).toBe(true);
  });

  test("is made anew at half of its time, by whoever looks at the date that is noted", async () => {
    let clock = now;
    const store = openStore({ dir: stateDir, run: createRunProgram(process.env), pid: 1, now: () => clock });
    await issue();
    expect(store.crlIsDue()).toBe(false);
    await cas.refreshCrls("default", now, true);
    const first = await listAt();
    expect(store.crlIsDue()).toBe(false);
    expect((await cas.refreshCrls("default", now, false)).made).toBe(0);
    clock = new Date(now.getTime() + 15 * day + 1000);
    expect(store.crlIsDue()).toBe(true);
    expect((await cas.refreshCrls("default", clock, false)).made).toBe(1);
    expect((await listAt()).nextUpdate.getTime()).toBeGreaterThan(first.nextUpdate.getTime());
    expect(store.crlIsDue()).toBe(false);
  });

  test("begins an hour back, for clients whose clock is slow; a clock that was ahead by less harms nobody, by more it is made anew", async () => {
    const offline = join(stateDir, "usb");
    await cas.init({ name: "default", names: ["mail.example.org"], now, issuing: { passphrase, offline } });
    await cas.refreshCrls("default", now, true);
    for (const path of ["crl.pem", "root-crl.pem"])
      expect((await listAt(path)).thisUpdate, path).toEqual(new Date(now.getTime() - hour));
    expect((await listAt()).nextUpdate).toEqual(new Date(now.getTime() + 30 * day));
    const look = async (at: Date) => {
      const ca = await cas.show("default", at);
      return ca && caFindings(ca, at).map(({ check }) => check);
    };
    const [little, much] = [new Date(now.getTime() - hour), new Date(now.getTime() - hour - 1000)];
    expect(await look(little)).toEqual([]);
    expect((await cas.refreshCrls("default", little, false)).made).toBe(0);
    expect(await look(much)).toEqual(["ca-crl-early"]);
    expect((await cas.refreshCrls("default", much, false)).made).toBe(1);
    expect(await look(much)).toEqual([]);
  });

  test("of a clock that was ahead is made anew when the clock is right again", async () => {
    const store = openStore({ dir: stateDir, run: createRunProgram(process.env), pid: 1, now: () => now });
    await issue();
    await cas.refreshCrls("default", new Date(now.getTime() + 700 * day), true);
    const ahead = await listAt();
    expect(store.crlIsDue()).toBe(true);
    const ca = await cas.show("default", now);
    expect(ca && caFindings(ca, now)).toMatchObject([{ check: "ca-crl-early", severity: "fault" }]);
    expect((await cas.refreshCrls("default", now, false)).made).toBe(1);
    const right = await listAt();
    expect(right.thisUpdate).toEqual(new Date(now.getTime() - hour));
    expect(right.number).toBe(ahead.number + 1n);
    expect(store.crlIsDue()).toBe(false);
  });

  test("of a CA that cannot be read just now is looked at again in an hour, of none never", async () => {
    await issue();
    await cas.init({ name: "other", names: ["a.example"], now });
    await cas.refreshCrls("default", now, true);
    const root = await rootOf();
    await writeFile(join(folder(), "root.pem"), "torn");
    await cas.refreshCrls("other", now, true);
    const due = async (): Promise<string> => (await readFile(join(stateDir, "ca/crl-due"), "utf8")).trim();
    expect(await due()).toBe(new Date(now.getTime() + 3_600_000).toISOString());
    await writeFile(join(folder(), "root.pem"), root);
    await cas.noteDue(now);
    expect(await due()).toBe(new Date(now.getTime() + 15 * day - hour / 2).toISOString());
    for (const name of ["default", "other"]) await rm(join(stateDir, "ca", name), { recursive: true });
    await cas.noteDue(now);
    expect(await readdir(join(stateDir, "ca"))).not.toContain("crl-due");
  });

  test("keeps what is revoked until well after its end, then leaves it out", async () => {
    const bad = await issue();
    await revoke(bad);
    const { notAfter } = readCertificate(bad.leaf);
    await cas.refreshCrls("default", new Date(notAfter.getTime() + 59 * day), true);
    expect((await listAt()).serials).toHaveLength(1);
    await cas.refreshCrls("default", new Date(notAfter.getTime() + 61 * day), true);
    expect((await listAt()).serials).toEqual([]);
  });

  test("after a rotation each key has its own, and the old key goes on to revoke what it signed", async () => {
    const before = await issue();
    await rotate();
    const after = await issue();
    await revoke(before);
    await revoke(after);
    expect((await listAt()).serials).toHaveLength(1);
    expect((await listAt("older/0001/crl.pem")).serials).toEqual([serialOf(before).replace(/^(?:00)+/, "")]);
    for (const [list, root] of [
      ["crl.pem", "root.pem"],
      ["older/0001/crl.pem", "older/0001/root.pem"],
    ] as const) {
      const judged = await openssl(["crl", "-noout", "-CAfile", join(folder(), root), "-in", join(folder(), list)]);
      expect(judged.output).toContain("verify OK");
    }
  });

  test("of an earlier key that was taken away: said in time, once a day, with the file that mends it; of one that has ended nothing is said", async () => {
    const old = await issue();
    await cas.refreshCrls("default", now, true);
    await rotate();
    await cas.refreshCrls("default", now, true);
    const key = join(folder(), "older/0001/root-key.pem");
    await rename(key, join(stateDir, "away.pem"));
    const look = async (at: Date) => {
      const ca = await cas.show("default", at);
      return (ca && caFindings(ca, at)) ?? [];
    };
    const due = async (at: Date): Promise<number> => {
      await cas.refreshCrls("default", at, false);
      return Date.parse((await readFile(join(stateDir, "ca/crl-due"), "utf8")).trim()) - at.getTime();
    };
    const later = (days: number): Date => new Date(now.getTime() + days * day);
    expect(await due(later(14))).toBe(day - hour / 2);
    expect(await look(later(14))).toEqual([]);
    expect(await due(later(16))).toBe(day);
    expect(await look(later(16))).toMatchObject([
      {
        check: "ca-crl-old",
        severity: "warning",
        message: expect.stringContaining("ends on 2026-12-20, and the key that signs the next one is not on this host"),
        hint: expect.stringContaining(`bring ${key} back`),
      },
    ]);
    expect(await due(later(31))).toBe(day);
    expect(await look(later(31))).toMatchObject([{ check: "ca-crl-old", severity: "fault" }]);
    // When all that it has signed has ended, nobody asks for its list.
    const gone = new Date(readCertificate(old.leaf).notAfter.getTime() + day);
    expect(await due(gone)).toBe(15 * day - hour / 2);
    expect(await look(gone)).toEqual([]);
    await rename(join(stateDir, "away.pem"), key);
    expect((await cas.refreshCrls("default", later(31), false)).made).toBeGreaterThan(0);
    expect(await look(later(31))).toEqual([]);
    const over = new Date(readCertificate(await rootOf("older/0001/root.pem")).notAfter.getTime() + day);
    expect((await look(over)).filter(({ message }) => message.includes("earlier"))).toEqual([]);
    await cas.refreshCrls("default", over, false);
    expect((await look(over)).filter(({ check }) => check === "ca-crl-old")).toEqual([]);
  });

  test("copies are kept up to date, as text or as DER, until somebody takes them away", async () => {
    const bad = await issue();
    await cas.refreshCrls("default", now, true);
    const [text, der] = [join(stateDir, "list.pem"), join(stateDir, "list.crl")];
    await cas.publish("default", text);
    await cas.publish("default", der);
    await revoke(bad);
    expect(await readFile(text, "utf8")).toBe(await rootOf("crl.pem"));
    expect((await readFile(der)).equals((await listAt()).der)).toBe(true);
    await rm(der);
    await cas.refreshCrls("default", now, true);
    expect((await cas.show("default", now))?.published).toEqual([text]);
    await writeFile(der, "somebody else's");
    expect((await failureOf(cas.publish("default", der))).kind).toBe("cannot-create");
  });

  test("a copy that the hourly run may not write says how to let it", async () => {
    const path = "/srv/www/ca.crl";
    const readOnly = fileFailure(Object.assign(new Error("EROFS"), { code: "EROFS" }), "write", path);
    const full = fileFailure(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }), "write", path);
    if (!(readOnly instanceof Failure) || !(full instanceof Failure)) throw new Error("no failures");
    expect(ofSandbox(readOnly, path)).toMatchObject({
      kind: "cannot-create",
      message: `cannot write ${path}: the file system is read-only`,
      hints: ["let the hourly run write into /srv/www: mailcert schedule install", expect.stringContaining("doctor")],
    });
    expect(ofSandbox(full, path)).toBe(full);
  });

  test("the place where it is published stands in the certificate where the configuration says it", async () => {
    const { leaf } = await issue(undefined, now, { crlUrl: "http://mail.example.org/ca.crl" });
    const { output } = await openssl(["x509", "-noout", "-ext", "crlDistributionPoints"], leaf);
    expect(output).toMatch(/Full Name:\s+URI:http:\/\/mail\.example\.org\/ca\.crl/);
    expect((await openssl(["x509", "-noout", "-text"], (await issue()).leaf)).output).not.toContain("Distribution");
  });
});

describe("a backup", () => {
  const file = (): string => join(stateDir, "ca.backup");
  const other = async (): Promise<{ readonly there: PrivateCas; readonly dir: string }> => {
    const dir = join(stateDir, "elsewhere");
    return { there: createPrivateCas({ stateDir: dir, random, generateKey, uid }), dir };
  };
  const make = async (): Promise<void> => {
    await issue();
    await rotate();
    await cas.refreshCrls("default", now, true);
    await cas.backup("default", file(), secret, now);
  };
  const options = { replace: false, dryRun: false, now };

  test("brings all of it back on another host: keys, roots, lists, modes", async () => {
    await make();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file())).includes("PRIVATE KEY")).toBe(false);
    const { there, dir } = await other();
    expect(await there.restore(file(), secret, { ...options, dryRun: true })).toMatchObject({ ca: "default" });
    expect(await there.list()).toEqual([]);
    await there.restore(file(), secret, options);
    expect(await contents(join(dir, "ca/default"))).toEqual(await contents(folder()));
    for (const [name, mode] of [
      ["", 0o700],
      ["root-key.pem", 0o600],
      ["older/0001/root-key.pem", 0o600],
      ["root.pem", 0o644],
    ] as const)
      expect((await stat(join(dir, "ca/default", name))).mode & 0o777).toBe(mode);
  });

  test("opens with no other passphrase, and not when it was cut or one bit of it is another", async () => {
    await make();
    const { there } = await other();
    const whole = await readFile(file());
    const restore = (): Promise<unknown> => there.restore(file(), secret, options);
    const wrong = await failureOf(there.restore(file(), "another passphrase", options));
    expect(wrong).toMatchObject({ kind: "data", message: expect.stringContaining("the passphrase is another one") });
    for (const length of [0, 10, 21, 60, 300, whole.length - 17, whole.length - 1]) {
      await writeFile(file(), whole.subarray(0, length));
      expect((await failureOf(restore())).kind, `cut to ${length}`).toBe("data");
    }
    const places = [0, 19, 25, 40, 300, 400, whole.length - 20, whole.length - 1];
    for (const place of places) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(place) ^ 1, place);
      await writeFile(file(), flipped);
      expect((await failureOf(restore())).kind, `bit at ${place}`).toBe("data");
    }
    expect(await there.list()).toEqual([]);
    await writeFile(file(), whole);
    await restore();
    expect(await there.list()).toEqual(["default"]);
  }, 60_000);

  test("is never written over, and takes no CA's place unasked; asked, the other is moved aside and its revocations stay", async () => {
    await make();
    expect((await failureOf(cas.backup("default", file(), secret, now))).kind).toBe("cannot-create");
    const later = await issue();
    const found = await cas.find(readCertificate(later.leaf).serial);
    if (!found) throw new Error("not found");
    await cas.revoke(found, "keyCompromise", now);
    const copy = join(stateDir, "later.pem");
    await cas.publish("default", copy);
    const before = await contents(folder());
    expect(await failureOf(cas.restore(file(), secret, options))).toMatchObject({ kind: "config" });
    const { replaced = "" } = await cas.restore(file(), secret, { ...options, replace: true });
    expect(await contents(replaced)).toEqual(before);
    expect(await cas.find(found.serial)).toMatchObject({ revoked: { reason: "keyCompromise" } });
    // On the wire as well: the list, its number, and the copy that was begun after the backup.
    const list = readCrl(await rootOf("crl.pem"));
    expect(list.serials).toEqual([found.serial.replace(/^(?:00)+/, "")]);
    expect(list.number).toBeGreaterThan(readCrl(before["crl.pem"] ?? "").number);
    expect((await cas.show("default", now))?.published).toEqual([copy]);
    expect(readCrl(await readFile(copy, "utf8")).number).toBe(list.number);
  }, 60_000);

  test("with another root than the present one says so", async () => {
    await make();
    await rotate();
    const { otherRoot } = await cas.restore(file(), secret, { ...options, replace: true });
    expect(otherRoot?.now).toBe((await cas.show("default", now))?.root.title);
    expect(otherRoot?.before).not.toBe(otherRoot?.now);
  });

  test("a restoration that was killed when the old one had left is finished by the next run: no other CA is made", async () => {
    await make();
    const root = readCertificate(await rootOf()).sha256;
    await rename(folder(), join(stateDir, "ca/.restored-default"));
    expect(await cas.list()).toEqual(["default"]);
    expect((await cas.show("default", now))?.root.sha256).toBe(root);
    const issued = await issue();
    expect(readCertificate(issued.root ?? "").sha256).toBe(root);
    expect(await readdir(join(stateDir, "ca"))).not.toContain(".restored-default");
  });

  test("has nothing of a killed run's temporary folder, and lays nothing of it that an earlier version put in", async () => {
    await issue();
    const half = join(folder(), ".mailcert-999999-00aabbccddee.tmp");
    await mkdir(half);
    await writeFile(join(half, "root-key.pem"), "half");
    const { contains } = await cas.backup("default", file(), secret, now);
    expect(contains).toEqual(["issued.jsonl", "root-key.pem", "root.pem"]);
    const path = ".mailcert-999999-00aabbccddee.tmp/root-key.pem";
    const { content } = await unseal(await readFile(file()), secret, file());
    const inside = JSON.parse(content.toString("utf8")) as { files: object[] };
    inside.files.push({ path, mode: 0o600, content: "aGFsZg==" });
    const header = { ca: "default", madeAt: now.toISOString(), root: "" };
    await writeFile(file(), await seal(Buffer.from(JSON.stringify(inside), "utf8"), header, secret));
    const { there, dir } = await other();
    expect((await there.restore(file(), secret, options)).contains).toEqual(contains);
    expect(await readdir(join(dir, "ca/default"))).toEqual(contains);
  }, 120_000);

  test("a restoration that was killed before the old one left is told of, and cleared away: it never becomes the CA by itself", async () => {
    await issue();
    await cas.refreshCrls("default", now, true);
    const root = readCertificate(await rootOf()).sha256;
    const waiting = join(stateDir, "ca/.restored-default");
    await cp(folder(), waiting, { recursive: true });
    expect(await cas.list()).toEqual(["default"]);
    const ca = await cas.show("default", now);
    expect(ca).toMatchObject({ halfRestored: true, root: { sha256: root } });
    expect(ca && caFindings(ca, now)).toMatchObject([{ check: "ca-not-restored", severity: "warning" }]);
    expect(await cas.refreshCrls("default", now, false)).toMatchObject({ finished: "cleared" });
    expect(await readdir(join(stateDir, "ca"))).not.toContain(".restored-default");
    expect(readCertificate(await rootOf()).sha256).toBe(root);
    expect(await cas.show("default", now)).not.toHaveProperty("halfRestored");
  });
});
