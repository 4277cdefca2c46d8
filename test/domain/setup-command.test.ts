// The command that brings a certificate back: typed as printed it must make what was there, by the same CA.
import { describe, expect, test } from "vitest";
import { acmeCas } from "../../src/domain/acme-directories.ts";
import { sameElsewhere } from "../../src/domain/fallback.ts";
import { rawEntry } from "../../src/domain/certificate-settings.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { entryTitle, issuerTitle, setupAgain, setupCommand } from "../../src/domain/setup-command.ts";
import type { GenerationRecord } from "../../src/store/store.ts";
import { usualAcme, usualCertificate } from "../fakes/settings.ts";

const pebble = "https://127.0.0.1:14000/dir";
const certificate: CertificateConfig = {
  name: "mail.example.org",
  names: ["mail.example.org", "pop.example.org"],
  keys: ["ecdsa", "rsa"],
  issuer: {
    kind: "acme",
    directory: pebble,
    caFile: "/root/my ca.pem",
    email: "postmaster@example.org",
    agreeTos: true,
    ...usualAcme,
    httpAddress: ":80",
    challenges: ["dns-01", "http-01"],
    dns: "ns1",
  },
  servers: "auto",
  ...usualCertificate,
};
const record: GenerationRecord = {
  number: 1,
  names: ["mail.example.org"],
  dropped: ["pop.example.org"],
  issuer: "acme",
  authority: pebble,
  createdAt: "2026-11-20T12:00:00.000Z",
  notBefore: "2026-11-20T12:00:00.000Z",
  notAfter: "2027-02-18T12:00:00.000Z",
  leaves: {
    ecdsa: { sha256: "a", spkiSha256: "b", key: "0001", algorithm: "ecdsa" },
    rsa: { sha256: "a", spkiSha256: "b", key: "0001", algorithm: "rsa" },
  },
};
const entryOf = (over: Partial<CertificateConfig>) => Object.fromEntries(rawEntry({ ...certificate, ...over }));
const again = (over: Partial<CertificateConfig> = {}): string =>
  setupAgain("mail.example.org", { ...record, entry: entryOf(over) });

describe("setup again", () => {
  test("every option of the entry, names that were left out included, words quoted for a shell", () => {
    expect(again()).toBe(
      "mailcert setup mail.example.org pop.example.org --acme https://127.0.0.1:14000/dir --email postmaster@example.org --agree-tos " +
        "--ca-file '/root/my ca.pem' --challenge dns-01 --challenge http-01 --dns ns1 --key ecdsa --key rsa",
    );
  });

  test("the CA that issued has its own account binding and trust, not those of the first of the list", () => {
    const { issuer } = certificate;
    if (issuer.kind !== "acme") throw new Error("no ACME issuer");
    const bound = { ...issuer, eab: { kid: "first", hmacFile: "/secrets/first" } };
    const google = { ca: "google", directory: acmeCas.google.directory, eab: { kid: "g", hmacFile: "/secrets/g" } };
    const second = { directory: "https://second.example/dir", eab: { kid: "s", hmacFile: "/secrets/s" } };
    const entry = entryOf({ issuer: bound, fallbacks: [second, google].map((one) => sameElsewhere(bound, one)) });
    const by = (authority: string): string => setupAgain("mail.example.org", { ...record, authority, entry });
    expect(by(pebble)).toContain("--ca-file '/root/my ca.pem' --eab-kid first --eab-hmac-file /secrets/first");
    expect(by(second.directory)).toContain("--ca-file '/root/my ca.pem' --eab-kid s --eab-hmac-file /secrets/s");
    expect(by(google.directory)).toContain("--agree-tos --eab-kid g --eab-hmac-file /secrets/g");
    expect(by(google.directory)).not.toContain("--ca-file");
  });

  test("of a record that an older mailcert wrote: issuer, CA and keys", () => {
    expect(setupAgain("mail.example.org", record)).toBe(
      "mailcert setup mail.example.org pop.example.org --acme https://127.0.0.1:14000/dir --key ecdsa --key rsa",
    );
    const { dropped: _dropped, ...rest } = record;
    const leaves = { ecdsa: { sha256: "a", spkiSha256: "b", key: "0001", algorithm: "ecdsa" } } as const;
    const office: GenerationRecord = { ...rest, issuer: "private-ca", authority: "office", leaves };
    expect(setupAgain("mail.example.org", office)).toBe(
      "mailcert setup mail.example.org --issuer private-ca --ca office",
    );
    expect(setupAgain("mail.example.org", { ...office, issuer: "self-signed", authority: "self" })).toBe(
      "mailcert setup mail.example.org --issuer self-signed",
    );
  });

  test("of several CAs, the one that issued", () => {
    const entry = { names: ["mail.example.org"], issuer: ["letsencrypt", "zerossl"] };
    const authority = "https://acme.zerossl.com/v2/DV90";
    const { dropped: _dropped, ...rest } = record;
    expect(setupAgain("mail.example.org", { ...rest, authority, entry })).toBe(
      "mailcert setup mail.example.org --issuer zerossl",
    );
    expect(setupCommand("mail.example.org", entry)).toBe("mailcert setup mail.example.org --issuer letsencrypt");
  });

  test("what no option sets is named, and what no command can make is written out", () => {
    expect(
      again({ reuseKey: false, onDeadName: "drop", signProfile: "live", bundleUrl: "https://www.example.org/" }),
    ).toMatch(
      /\(its entry also had: reuse_key: false, on_dead_name: drop, sign_profile: live, bundle_url: https:.*\)$/,
    );
    expect(again({ csr: "/root/mail.csr", keys: ["rsa"] })).toMatch(
      /^write this below certificates: in the configuration: \{"mail\.example\.org":\{.*"csr":"\/root\/mail\.csr"/,
    );
    expect(setupAgain("office", { ...record, entry: entryOf({ name: "office" }) })).toMatch(
      /^write this below certificates: in the configuration: \{"office":\{/,
    );
  });

  test("the CA by its name", () => {
    expect(issuerTitle(record)).toBe("127.0.0.1:14000");
    expect(issuerTitle({ issuer: "private-ca", authority: "default" })).toBe("private-ca");
    expect(issuerTitle({ issuer: "private-ca", authority: "office" })).toBe("private-ca (office)");
    expect(entryTitle(entryOf({}))).toBe("127.0.0.1:14000");
    expect(entryTitle({ issuer: "letsencrypt" })).toBe("letsencrypt");
  });
});
