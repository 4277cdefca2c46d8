// What every issuer must keep: right key, right names, a chain that OpenSSL accepts, refusals before anything is spent.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { IssuerSettings } from "../../src/domain/certificate-config.ts";
import { examineChain } from "../../src/domain/chain.ts";
import { Failure } from "../../src/domain/failure.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import type { KeyAlgorithm } from "../../src/domain/keys.ts";
import { certificateMatches } from "../../src/domain/name-match.ts";
import type { IssuedChain, Issuer } from "../../src/issuers/issuer.ts";
import { generateKey } from "../../src/system/keys.ts";
import { verify } from "../issuers/openssl.ts";

export interface IssuerUnderTest<Settings extends IssuerSettings> {
  readonly issuer: Issuer<Settings>;
  readonly settings: Settings;
  /** Names that this issuer certifies in one certificate, the main one first. */
  readonly names: readonly string[];
  /** Names that it refuses, besides those that nobody certifies. */
  readonly refused: readonly string[];
  /** PEM: what its chains end in, for a client that trusts nothing else. */
  readonly anchor: (issued: IssuedChain) => Promise<string> | string;
  /** What was spent so far (requests sent, files made), in any form that can be compared. */
  readonly spent: () => Promise<unknown>;
  readonly close?: () => Promise<void>;
}

/** No issuer may certify these. */
const badNames = [
  "",
  "mail example.org",
  "localhost",
  "mail_1.example.org",
  "https://mail.example.org/",
  "postmaster@example.org",
  "mail.example.org:993",
  "mail..example.org",
  "-mail.example.org",
  "*.org",
  "mail.*.example.org",
  "mail.example.org\nssl_key = /tmp/x",
  "MAIL.example.org",
  "mail.example.org.",
  `${"a".repeat(64)}.example.org`,
  `${"abcdefg.".repeat(32)}example.org`,
  "192.0.2.256",
  "0.0.0.0",
];

export const issuerContract = <Settings extends IssuerSettings>(
  name: string,
  open: () => Promise<IssuerUnderTest<Settings>>,
  algorithms: readonly KeyAlgorithm[] = ["ecdsa", "ecdsa-p384", "rsa"],
): void => {
  describe(`issuer contract: ${name}`, () => {
    let subject: IssuerUnderTest<Settings>;
    const steps: string[] = [];
    const issue = async (
      names: readonly string[],
      algorithm: KeyAlgorithm,
      privateKey: string,
      signal?: AbortSignal,
    ): Promise<IssuedChain> =>
      subject.issuer.issue({
        names,
        algorithm,
        privateKey,
        settings: subject.settings,
        now: new Date(),
        signal: signal ?? new AbortController().signal,
        step: (what) => steps.push(what),
      });

    beforeAll(async () => {
      subject = await open();
    });
    afterAll(async () => subject.close?.());

    test.each(algorithms)("certifies a key of the kind %s for exactly the names asked for", async (algorithm) => {
      const privateKey = await generateKey(algorithm);
      const issued = await issue(subject.names, algorithm, privateKey);
      const leaf = readCertificate(issued.leaf);
      expect(keyMatches(privateKey, issued.leaf)).toBe(true);
      expect([...leaf.dnsNames, ...leaf.ipNames].toSorted()).toEqual([...subject.names].toSorted());
      expect(leaf.isCa).toBe(false);
      expect(leaf.extendedKeyUsage).toContain("serverAuth");
      expect(leaf.keyUsage).toContain("digitalSignature");
      expect(leaf.notBefore.getTime()).toBeLessThanOrEqual(Date.now());
      expect(leaf.notAfter.getTime()).toBeGreaterThan(Date.now());
      for (const wanted of subject.names) expect(certificateMatches(leaf, wanted)).toBe(true);
      // Each certificate is one PEM block that ends in a line break, so that files can be put together from them.
      for (const pem of [issued.leaf, ...issued.chain]) {
        expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n$/);
      }
      const report = examineChain([leaf, ...issued.chain.map((pem) => readCertificate(pem))]);
      expect(report).toMatchObject({ outOfOrder: false, duplicates: [], superfluous: [] });
      expect(report.chain[0]?.sha256).toBe(leaf.sha256);
      const anchor = await subject.anchor(issued);
      for (const wanted of subject.names) {
        const verdict = await verify({ root: anchor, leaf: issued.leaf, chain: issued.chain, name: wanted });
        expect(verdict.output).toMatch(/: OK\n/);
        expect(verdict.ok).toBe(true);
      }
      // The key stays where it was: in no certificate and in no line for people.
      const secret = privateKey.split("\n")[1] ?? "";
      expect(secret.length).toBeGreaterThan(20);
      expect([issued.leaf, ...issued.chain, issued.root ?? "", ...steps].join("\n")).not.toContain(secret);
      expect([issued.leaf, ...issued.chain, issued.root ?? "", ...steps].join("\n")).not.toContain("PRIVATE KEY");
    });

    test("never gives two certificates one serial number", async () => {
      const privateKey = await generateKey("ecdsa");
      const first = readCertificate((await issue(subject.names, "ecdsa", privateKey)).leaf);
      const second = readCertificate((await issue(subject.names, "ecdsa", privateKey)).leaf);
      expect(first.serial).not.toBe(second.serial);
      expect(first.spkiSha256).toBe(second.spkiSha256);
    });

    test("accepts its own names", () => {
      expect(subject.names.map((one) => subject.issuer.refuses(one, subject.settings))).toEqual(
        subject.names.map(() => undefined),
      );
    });

    test("its check, where it has one, accepts its own names alone, and makes nothing", async () => {
      const before = await subject.spent();
      await subject.issuer.check?.(subject.names, subject.settings);
      for (const bad of [...badNames, ...subject.refused]) {
        const checked = subject.issuer.check?.([...subject.names, bad], subject.settings);
        if (checked) await expect(checked, JSON.stringify(bad)).rejects.toMatchObject({ kind: "data" });
      }
      expect(await subject.spent()).toEqual(before);
    });

    test("refuses what it cannot certify, with the reason, before anything is spent", async () => {
      const privateKey = await generateKey("ecdsa");
      const before = await subject.spent();
      for (const bad of [...badNames, ...subject.refused]) {
        expect(subject.issuer.refuses(bad, subject.settings), JSON.stringify(bad)).toMatch(/\S/);
        const failure: unknown = await issue([...subject.names, bad], "ecdsa", privateKey).catch(
          (error: unknown) => error,
        );
        expect(failure, JSON.stringify(bad)).toBeInstanceOf(Failure);
        expect((failure as Failure).kind).toBe("data");
        expect((failure as Failure).message).not.toMatch(/[\u0000-\u001f]/);
      }
      await expect(issue([], "ecdsa", privateKey)).rejects.toBeInstanceOf(Failure);
      expect(await subject.spent()).toEqual(before);
    });

    test("says that a key is unreadable without showing it", async () => {
      const broken = "-----BEGIN PRIVATE KEY-----\nVEhJU0lTU0VDUkVU\n-----END PRIVATE KEY-----\n";
      const failure: unknown = await issue(subject.names, "ecdsa", broken).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Failure);
      expect(`${(failure as Failure).message}${String((failure as Failure).cause)}`).not.toContain("VEhJU0lTU0VDUkVU");
    });

    test("stops when it is told to", async () => {
      await expect(issue(subject.names, "ecdsa", await generateKey("ecdsa"), AbortSignal.abort())).rejects.toThrow();
    });
  });
};
