// What an order asks for besides its names, at a real CA (Pebble): profile, end, chain, account binding, addresses; and what a killed run left.
import { X509Certificate, createHash } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { Failure } from "../../src/domain/failure.ts";
import { generateKey } from "../../src/system/keys.ts";
import { type IssueOnLoopback, issuerOnLoopback } from "./acme-issuer.ts";
import { type Pebble, type PebbleOptions, startPebble } from "./pebble.ts";

const day = 86_400;
const name = "mail.example.org";

/** A Pebble for all tests of a block, a state folder for each. */
const shared = (options: PebbleOptions): (() => { issue: IssueOnLoopback; pebble: Pebble; state: string }) => {
  let pebble: Pebble | undefined;
  let state = "";
  beforeAll(async () => {
    pebble = await startPebble({ vaNoSleep: true, ...options });
  });
  afterAll(() => pebble?.stop());
  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), "mailcert-extensions-"));
  });
  afterEach(() => rm(state, { recursive: true }));
  return () => {
    if (!pebble) throw new Error("Pebble is not running");
    return { issue: issuerOnLoopback(pebble, state), pebble, state };
  };
};

const lifetimeDays = (leaf: string): number => {
  const { notBefore, notAfter } = readCertificate(leaf);
  return Math.round((notAfter.getTime() - notBefore.getTime()) / 1000 / day);
};

describe("profiles and ends", () => {
  const at = shared({ profiles: { classic: 90 * day, tlsserver: 45 * day, shortlived: 6 * day } });

  test("the first that the CA offers; another one for the RSA slot", async () => {
    const { issue } = at();
    const wish = { profiles: ["unheard-of", "shortlived", "classic"], rsaProfiles: ["tlsserver"] };
    const ecdsa = await issue([name], wish);
    expect(lifetimeDays(ecdsa.leaf)).toBe(6);
    expect(ecdsa.unmet).toBeUndefined();
    expect(lifetimeDays((await issue([name], wish, { algorithm: "rsa" })).leaf)).toBe(45);
  });

  test("none that it offers: its default, and what it has is said", async () => {
    const { unmet, leaf } = await at().issue([name], { profiles: ["unheard-of"] });
    expect(unmet?.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the CA does not offer the profile unheard-of \(it offers classic, shortlived, tlsserver\): its default was taken$/,
      ),
    ]);
    expect([6, 45, 90]).toContain(lifetimeDays(leaf));
  });

  test("days: as far as the CA goes along", async () => {
    const { leaf, unmet } = await at().issue([name], { profiles: ["classic"], days: 10 });
    // Pebble honours notAfter.
    expect(lifetimeDays(leaf)).toBe(10);
    expect(unmet).toBeUndefined();
  });

  test("an address (RFC 8738), by http-01 and by tls-alpn-01", async () => {
    const { issue } = at();
    for (const challenge of ["http-01", "tls-alpn-01"] as const) {
      const { leaf } = await issue(["127.0.0.1"], { challenges: [challenge] });
      expect(readCertificate(leaf)).toMatchObject({ dnsNames: [], ipNames: ["127.0.0.1"] });
    }
  });

  test("a run that was killed after its certificate was issued: the next has that one; a renewal has another", async () => {
    const { issue } = at();
    const privateKey = await generateKey("ecdsa");
    const lost = await issue([name], {}, { privateKey, staged: [] });
    const found = await issue([name], {}, { privateKey, staged: [] });
    expect(found.leaf).toBe(lost.leaf);
    expect(found.steps.some((step) => / placed for /.test(step))).toBe(false);
    const renewed = await issue([name], {}, { privateKey, staged: [readCertificate(found.leaf).sha256] });
    expect(renewed.leaf).not.toBe(lost.leaf);
    // Where nothing is kept (--out), nothing is found again.
    const [first, second] = [await issue([name], {}, { privateKey }), await issue([name], {}, { privateKey })];
    expect(first.leaf).not.toBe(second.leaf);
  });

  test("two slots in a row are two orders", async () => {
    const { issue } = at();
    const ecdsa = await issue([name], {}, { staged: [] });
    const rsa = await issue([name], {}, { algorithm: "rsa", staged: [] });
    expect(new X509Certificate(ecdsa.leaf).publicKey.asymmetricKeyType).toBe("ec");
    expect(new X509Certificate(rsa.leaf).publicKey.asymmetricKeyType).toBe("rsa");
  });
});

describe("chains", () => {
  const at = shared({ alternateRoots: 2, chainLength: 2 });
  const issuerName = (pem: string): string => /^CN=(.*)$/m.exec(new X509Certificate(pem).issuer)?.[1] ?? "";

  test("by the name at the top, by a key in it, and the default where there is no such chain", async () => {
    const { issue, pebble } = at();
    const tops: string[] = [];
    for (const number of [0, 1, 2]) tops.push(issuerName(await pebble.root(number)));
    for (const preferredChain of tops) {
      const { chain, unmet } = await issue([name], { preferredChain });
      expect(issuerName(chain.at(-1) ?? "")).toBe(preferredChain);
      expect(unmet).toBeUndefined();
      const spki = new X509Certificate(chain.at(-1) ?? "").publicKey.export({ type: "spki", format: "der" });
      const byKey = `sha256:${createHash("sha256").update(spki).digest("hex")}`;
      expect((await issue([name], { preferredChain: byKey })).chain.at(-1)).toBe(chain.at(-1));
    }
    const { unmet } = await issue([name], { preferredChain: "No Such Root" });
    expect(unmet?.[0]?.message).toContain('the CA has no chain for preferred_chain "No Such Root" (its chains end at ');
    for (const top of tops) expect(unmet?.[0]?.message).toContain(top);
  });
});

describe("external account binding", () => {
  const hmac = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
  const at = shared({ externalAccountBinding: { "kid-1": hmac } });
  const failure = async (run: Promise<unknown>): Promise<Failure> =>
    run.then(
      () => Promise.reject(new Error("it went well")),
      (error: unknown) => error as Failure,
    );

  test("registers once with it, and needs the file no more", async () => {
    const { issue, state } = at();
    const hmacFile = join(state, "hmac");
    await writeFile(hmacFile, `${hmac}\n`, { mode: 0o600 });
    const eab = { kid: "kid-1", hmacFile };
    const first = await issue([name], { eab });
    await rm(hmacFile);
    expect((await issue([name], { eab })).account).toBe(first.account);
  });

  test("what is missing or wrong is said, and never the key", async () => {
    const { issue, state } = at();
    const none = await failure(issue([name]));
    expect(none).toMatchObject({ kind: "config", facts: { externalAccountRequired: true } });
    expect(none.hints[0]).toContain("--eab-kid KID --eab-hmac-file FILE");
    const hmacFile = join(state, "hmac");
    const eab = { kid: "kid-1", hmacFile };
    expect((await failure(issue([name], { eab }))).message).toBe(`${hmacFile} does not exist`);
    await writeFile(hmacFile, "not base64url!", { mode: 0o600 });
    expect((await failure(issue([name], { eab }))).message).toContain("holds no HMAC key");
    await chmod(hmacFile, 0o644);
    expect((await failure(issue([name], { eab }))).hints[0]).toBe(`chmod 600 ${hmacFile}`);
    await writeFile(hmacFile, Buffer.alloc(48, 7).toString("base64url"));
    await chmod(hmacFile, 0o600);
    const refused = await failure(issue([name], { eab: { ...eab, kid: "kid-9" } }));
    expect(refused.message).toContain("the CA would not register an account");
    expect(JSON.stringify([refused.message, refused.hints, refused.facts])).not.toContain("BwcHBw");
    // A key without its account waits for the next try.
    expect(await readdir(join(state, "accounts"))).toHaveLength(1);
  });
});
