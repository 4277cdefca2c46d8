// Everything that a private CA makes, over many configurations, before OpenSSL (-x509_strict, -crl_check) and zlint (RFC 5280, Apple): roots, issuing CAs, cross certificates, servers' and people's certificates, lists; and what is self-signed.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { KeyAlgorithm } from "../../src/domain/keys.ts";
import { revocationReasonNames } from "../../src/domain/revocation.ts";
import { createPrivateCas } from "../../src/issuers/private-ca/cas.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { labParts } from "./parts.ts";

const runs = process.env["MAILCERT_FULL"] === "1" ? 1000 : 24;
const seed = Number(process.env["MAILCERT_SEED"] ?? 20_261_122);
const random = (count: number): Uint8Array => randomBytes(count);
const execute = promisify(execFile);
const day = 86_400_000;

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/).filter((text) => !text.includes("--"));
const domain = fc
  .tuple(label, fc.constantFrom("example", "example.org", "co.uk", "internal", "xn--p1ai"))
  .map((parts) => parts.join("."));
const address = fc.oneof(
  fc.ipV4().filter((ip) => !/^(0|127)\.|^255/.test(ip)),
  fc.constant("2001:db8::25"),
);

const algorithm = fc.constantFrom<KeyAlgorithm>("ecdsa", "ecdsa-p384", "rsa", "rsa-3072");

/** A person: the part before the @, and the user name where it is not the address. */
const person = fc.record({
  local: fc.stringMatching(/^[a-z0-9]([a-z0-9.+_-]{0,30}[a-z0-9])?$/).filter((text) => !text.includes("..")),
  login: fc.option(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,30}$/), { nil: undefined }),
});

const configuration = fc.record({
  domains: fc.uniqueArray(domain, { minLength: 1, maxLength: 3 }),
  hosts: fc.uniqueArray(fc.oneof(label, fc.constant("*"), fc.constant("")), { minLength: 1, maxLength: 6 }),
  addresses: fc.uniqueArray(address, { maxLength: 2 }),
  any: fc.boolean(),
  algorithm,
  people: fc.array(fc.tuple(person, algorithm), { maxLength: 2 }),
  days: fc.oneof(fc.constantFrom(1, 90, 397, 398, 825), fc.integer({ min: 1, max: 825 })),
  rootDays: fc.oneof(fc.constant(undefined), fc.integer({ min: 1200, max: 9131 })),
  rotations: fc.integer({ min: 0, max: 2 }),
  // Each costs 600,000 rounds of PBKDF2.
  sealed: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  revoked: fc.array(fc.constantFrom(...revocationReasonNames), { maxLength: 3 }),
  crlUrl: fc.option(fc.constant("http://mail.example.org/ca.crl"), { nil: undefined }),
  now: fc.date({ min: new Date("2026-01-01"), max: new Date("2056-01-01"), noInvalidDate: true }),
});
type Configuration = Parameters<Parameters<(typeof configuration)["map"]>[0]>[0];

interface Judged {
  /** Files for zlint: certificates and lists. */
  readonly files: readonly string[];
  /** What zlint says because of the lifetime that was asked for. */
  readonly long: readonly string[];
  /** Lines of a shell script; each prints its name and what went wrong. */
  readonly script: readonly string[];
}

let folder = "";
const keys = new Map<KeyAlgorithm, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-judges-"));
  for (const algorithm of ["ecdsa", "ecdsa-p384", "rsa", "rsa-3072"] as const)
    keys.set(algorithm, await generateKey(algorithm));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const namesOf = ({ domains, hosts, addresses }: Configuration): readonly string[] => [
  ...new Set([
    ...hosts.map((host, index) => {
      const base = domains[index % domains.length] ?? "";
      return host === "" ? base : `${host}.${base}`;
    }),
    ...addresses,
  ]),
];

/** Apple's rule for public CAs (support.apple.com/102028), which zlint takes every leaf for: private ones may have 825 days (103769). 397, the default, keeps to both. */
const longLints = (days: number): readonly string[] => [
  ...(days > 398 ? ["e_tls_server_cert_valid_time_longer_than_398_days error"] : []),
  ...(days > 397 ? ["w_tls_server_cert_valid_time_longer_than_397_days warn"] : []),
];

/** One CA's whole life with the functions that ship, its files, and the commands that judge them. */
const live = async (index: number, one: Configuration): Promise<Judged> => {
  const stateDir = join(folder, String(index));
  const cas = createPrivateCas({ stateDir, random, generateKey, uid: process.getuid?.() ?? 0 });
  const names = namesOf(one);
  const { now, days, sealed, crlUrl } = one;
  const passphrase = async (): Promise<string> => "correct horse battery staple";
  const caDomains = one.any ? ["*"] : [...one.domains, ...one.addresses];
  await cas.init({
    name: "default",
    names,
    caDomains,
    now,
    ...(one.rootDays === undefined ? {} : { days: one.rootDays }),
    ...(sealed ? { issuing: { passphrase } } : {}),
  });
  for (let round = 0; round < one.rotations; round += 1) await cas.rotate({ name: "default", passphrase, now });
  const asked = (at: Date) => ({
    names,
    algorithm: one.algorithm,
    privateKey: keys.get(one.algorithm) ?? "",
    now: at,
    signal: new AbortController().signal,
    step: () => undefined,
  });
  const issue = async (at: Date): Promise<{ readonly leaf: string; readonly chain: readonly string[] }> =>
    createPrivateCa({ stateDir, random, generateKey, relying: async () => [] }).issue({
      ...asked(at),
      settings: { kind: "private-ca", ca: "default", days, ...(crlUrl === undefined ? {} : { crlUrl }) },
    });
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(stateDir, name);
    await writeFile(path, content);
    return path;
  };
  const good = await issue(now);
  const { notBefore, notAfter } = readCertificate(good.leaf);
  // Apple: at most 825 days, the last second counted; by default within the 398 of public CAs.
  expect(notAfter.getTime() + 1000 - notBefore.getTime()).toBe(days * day);
  const leaves = [await write("good.pem", good.leaf)];
  const chain = await write("chain.pem", good.chain.join(""));
  const clients = await Promise.all(
    one.people.map(async ([{ local, login }, kind], at) => {
      const { leaf } = await cas.issueClient({
        name: "default",
        address: `${local}@${one.domains[0]}`,
        ...(login === undefined ? {} : { login }),
        days,
        now,
        privateKey: keys.get(kind) ?? "",
      });
      return write(`client-${at}.pem`, leaf);
    }),
  );
  const bad: string[] = [];
  for (const [at, reason] of one.revoked.entries()) {
    const { leaf } = await issue(now);
    bad.push(await write(`bad-${at}.pem`, leaf));
    const found = await cas.find(readCertificate(leaf).serial);
    if (found) await cas.revoke(found, reason, now);
  }
  // The last of two devices is lost.
  const lost = clients.length > 1 ? clients.slice(-1) : [];
  for (const path of lost) {
    const found = await cas.find(readCertificate(await readFile(path, "utf8")).serial);
    expect(found && (await cas.revoke(found, "keyCompromise", now)).outcome).toBe("revoked");
  }
  await cas.refreshCrls("default", now, true);
  const ca = join(stateDir, "ca/default");
  const roots = await cas.roots("default", now);
  const script: string[] = [];
  for (const [at, root] of roots.entries()) {
    const anchor = await write(`anchor-${at}.pem`, root);
    const verify = (purpose: string): string =>
      `openssl verify -attime ${Math.floor(now.getTime() / 1000)} -x509_strict -crl_check -no-CApath -no-CAstore -CAfile ${anchor} -untrusted ${chain} -CRLfile ${ca}/crl.pem -purpose ${purpose}`;
    const takes = (purpose: string, path: string): string =>
      `${verify(purpose)} ${path} >out 2>&1 || { echo "${index}: root ${at} refuses ${path} for ${purpose}"; cat out; }`;
    script.push(...leaves.map((path) => takes("sslserver", path)));
    script.push(...clients.filter((path) => !lost.includes(path)).map((path) => takes("sslclient", path)));
    for (const path of [...bad, ...lost])
      script.push(
        `${verify(bad.includes(path) ? "sslserver" : "sslclient")} ${path} >out 2>&1 && echo "${index}: root ${at} takes ${path}"; grep -q "certificate revoked" out || { echo "${index}: root ${at} refuses ${path} for another reason"; cat out; }`,
      );
  }
  const entries = await readdir(ca, { recursive: true, withFileTypes: true });
  const made = entries
    .filter(({ name }) => name.endsWith(".pem") && !name.endsWith("key.pem"))
    .map(({ parentPath, name }) => join(parentPath, name));
  const own = await createSelfSigned({ random }).issue({
    ...asked(now),
    settings: { kind: "self-signed", days },
  });
  const alone = await write("self-signed.pem", own.leaf);
  script.push(
    `openssl verify -attime ${Math.floor(now.getTime() / 1000)} -x509_strict -no-CApath -no-CAstore -CAfile ${alone} -purpose sslserver ${alone} >out 2>&1 || { echo "${index}: self-signed"; cat out; }`,
  );
  const long = longLints(days).flatMap((lint) => [...leaves, ...bad, alone].map((path) => `${path}: ${lint}`));
  return { files: [...made, ...leaves, ...bad, ...clients, alone], script, long };
};

interface Lints {
  readonly [lint: string]: { readonly result: string };
}

/** What zlint has to say of these files: `file: lint result`. */
const lint = async (program: string, files: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let at = 0; at < files.length; at += 200) {
    const some = files.slice(at, at + 200);
    const args = ["-includeSources", "RFC5280,RFC5480,RFC5891,Apple", ...some];
    const { stdout } = await execute(program, args, { maxBuffer: 1 << 28 });
    const lines = stdout.trim().split("\n");
    if (lines.length !== some.length) throw new Error(`zlint judged ${lines.length} files of ${some.length}`);
    for (const [index, line] of lines.entries()) {
      const lints = Object.entries(JSON.parse(line) as Lints);
      if (!lints.some(([, { result }]) => result === "pass")) found.push(`${some[index]}: nothing was judged`);
      for (const [name, { result }] of lints)
        if (!["pass", "NA", "NE", "info"].includes(result)) found.push(`${some[index]}: ${name} ${result}`);
    }
  }
  return found;
};

describe(`${runs} configurations of a private CA`, () => {
  const judged: Judged[] = [];

  it("can be made, with leaves of the days that were asked for", async () => {
    const sample = [...fc.sample(configuration, { numRuns: runs, seed }).entries()];
    // Each waits for the disk most of the time.
    for (let at = 0; at < runs; at += 8)
      judged.push(...(await Promise.all(sample.slice(at, at + 8).map(([index, one]) => live(index, one)))));
    expect(judged).toHaveLength(runs);
  }, 2_400_000);

  it("every root that clients may know accepts the leaf, and refuses what is on the list (openssl)", async () => {
    const path = join(folder, "judge.sh");
    await writeFile(path, `cd ${folder}\n${judged.flatMap(({ script }) => script).join("\n")}\n`);
    const { stdout } = await execute("bash", [path], { maxBuffer: 1 << 26 });
    expect(stdout).toBe("");
    expect((await readFile(path, "utf8")).split("\n").length).toBeGreaterThan(runs);
  }, 2_400_000);

  it("zlint finds nothing in any certificate or list but the days of those that were to live longer than a public CA's", async () => {
    const { zlint } = await labParts();
    const files = judged.flatMap((one) => one.files);
    expect(files.length).toBeGreaterThan(3 * runs);
    const found = await lint(join(zlint, "zlint"), files);
    expect(found.toSorted()).toEqual(judged.flatMap(({ long }) => long).toSorted());
  }, 2_400_000);
});
