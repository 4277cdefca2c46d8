// The flags of setup and issue over an entry of the configuration: which private CA, and options that belong to another issuer.
import { describe, expect, test } from "vitest";
import { absoluteFromFlag } from "../../src/domain/acme-flags.ts";
import type {
  AcmeSettings,
  CertificateConfig,
  IssuerSettings,
  PrivateCaSettings,
} from "../../src/domain/certificate-config.ts";
import { type CertificateFlags, certificateFromFlags } from "../../src/domain/certificate-flags.ts";
import { Failure } from "../../src/domain/failure.ts";
import { usualAcme, usualCertificate } from "../fakes/settings.ts";

const entry = (issuer: IssuerSettings): CertificateConfig => ({
  name: "mail.example.org",
  names: ["mail.example.org"],
  keys: ["ecdsa"],
  issuer,
  servers: "auto",
  ...usualCertificate,
});
const privateCa = (more: Partial<PrivateCaSettings> = {}): CertificateConfig =>
  entry({ kind: "private-ca", ca: "default", days: 397, ...more });
const letsencrypt = entry({
  kind: "acme",
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  ca: "letsencrypt",
  agreeTos: true,
  ...usualAcme,
  httpAddress: ":80",
});

const issuerOf = (flags: CertificateFlags, existing?: CertificateConfig): IssuerSettings =>
  certificateFromFlags("mail.example.org", flags, existing).issuer;

const refusal = (flags: CertificateFlags, existing?: CertificateConfig): Failure => {
  try {
    issuerOf(flags, existing);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
  throw new Error("it was accepted");
};

test("what no flag says stays as the entry has it", () => {
  const before = { ...privateCa(), bundle: "/srv/mail", signProfile: "live" };
  expect(certificateFromFlags("mail.example.org", {}, before)).toEqual(before);
  expect(certificateFromFlags("mail.example.org", { bundle: "/srv/new" }, before)).toEqual({
    ...before,
    bundle: "/srv/new",
  });
});

describe("--ca", () => {
  test("names the CA; without it the entry's, else default", () => {
    expect(issuerOf({})).toMatchObject({ kind: "private-ca", ca: "default" });
    expect(issuerOf({ ca: "office" })).toMatchObject({ kind: "private-ca", ca: "office" });
    expect(issuerOf({}, privateCa({ ca: "office" }))).toMatchObject({ ca: "office" });
    expect(issuerOf({ ca: "other" }, privateCa({ ca: "office" }))).toMatchObject({ ca: "other" });
  });
  test("the entry's domains stay with the entry's CA", () => {
    const before = privateCa({ ca: "office", caDomains: ["example.org"] });
    expect(issuerOf({ ca: "office" }, before)).toMatchObject({ caDomains: ["example.org"] });
    expect(issuerOf({ ca: "other" }, before)).not.toHaveProperty("caDomains");
    expect(issuerOf({ ca: "other", caDomains: ["example.net"] }, before)).toMatchObject({ caDomains: ["example.net"] });
  });
  test.each(["", "../x", "a/b", "Office", "a..b"])("%j is no folder", (ca) => {
    expect(refusal({ ca })).toMatchObject({ kind: "usage", message: expect.stringContaining("--ca:") });
  });
});

describe("an option of another issuer is refused, with the issuer as it was typed", () => {
  const rows: readonly (readonly [CertificateFlags, CertificateConfig | undefined, string])[] = [
    [{ caFile: "/nonexistent" }, undefined, "--ca-file means nothing with the issuer private-ca"],
    [{ caFile: "/x", issuer: "self-signed" }, undefined, "--ca-file means nothing with the issuer self-signed"],
    [
      { acme: "https://ca.example/dir", issuer: "private-ca" },
      undefined,
      "--acme means nothing with the issuer private-ca",
    ],
    [{ webroot: "/srv/www", issuer: "self-signed" }, undefined, "--webroot means nothing with the issuer self-signed"],
    [{ profiles: ["x"] }, privateCa(), "--profile means nothing with the issuer private-ca"],
    [
      { ca: "office", issuer: "letsencrypt-staging" },
      undefined,
      "--ca means nothing with the issuer letsencrypt-staging",
    ],
    [{ caDomains: ["example.org"], issuer: "self-signed" }, undefined, "--ca-domains means nothing"],
    [{ email: "a@example.org" }, privateCa(), "--email means nothing with the issuer private-ca"],
  ];
  test.each(rows)("%j", (flags, existing, message) => {
    const failure = refusal(flags, existing);
    expect(failure.kind).toBe("usage");
    expect(failure.message).toContain(message);
    expect(failure.hints[0]).toMatch(/leave --[a-z-]+ out, or choose another issuer: --issuer \S/);
  });
  test("what fits is taken", () => {
    expect(issuerOf({ caFile: "/ca.pem" }, letsencrypt)).toMatchObject({ ca: "letsencrypt", caFile: "/ca.pem" });
    expect(issuerOf({ days: 30, issuer: "self-signed" })).toEqual({ kind: "self-signed", days: 30 });
  });
});

describe("what would mean nothing, or lacks something, is refused as it was typed", () => {
  const webroot = entry({ ...(letsencrypt.issuer as AcmeSettings), webroot: "/srv/www" });
  const rows: readonly (readonly [CertificateFlags, CertificateConfig | undefined, string, string])[] = [
    [{ issuer: "letsencrypt", challenges: ["dns-01"] }, undefined, "dns-01 needs --dns NAME", "docs/dns.md"],
    [{ challenges: ["http-01", "dns-01"] }, letsencrypt, "dns-01 needs --dns NAME", "secrets/NAME.yaml"],
    [{ httpAddress: ":8080" }, webroot, "--http-address means nothing while a web server shows", "take webroot out"],
    [{ httpAddress: ":8080", webroot: "/srv" }, letsencrypt, "--http-address means nothing while", "one of the two"],
    [{ challenges: ["tls-alpn-01"], webroot: "/srv" }, letsencrypt, "--webroot means nothing with", "http-01"],
    [{ tlsAlpnAddress: ":8443" }, letsencrypt, "--tls-alpn-address means nothing with", "--challenge tls-alpn-01"],
    [{ dns: "ns1" }, letsencrypt, "--dns means nothing with the challenge http-01", "--challenge dns-01"],
    [{ preferredChain: "sha256:12" }, letsencrypt, '--preferred-chain: "sha256:12" is not sha256:', "sha256:HEX"],
  ];
  test.each(rows)("%j", (flags, existing, message, hint) => {
    const failure = refusal(flags, existing);
    expect(failure.kind).toBe("usage");
    expect(failure.message).toContain(message);
    expect(failure.hints.join()).toContain(hint);
  });

  test("what fits is taken: a web root ends the listener's address, a profile that is named twice is one", () => {
    const listening = entry({ ...(letsencrypt.issuer as AcmeSettings), httpAddress: "127.0.0.1:8402" });
    expect(issuerOf({ webroot: "/srv" }, listening)).toMatchObject({ webroot: "/srv", httpAddress: ":80" });
    expect(issuerOf({ challenges: ["dns-01"], dns: "ns1" }, letsencrypt)).toMatchObject({ dns: "ns1" });
    expect(issuerOf({ profiles: ["a", "a"] }, letsencrypt)).toMatchObject({ profiles: ["a"] });
    expect(issuerOf({ preferredChain: `sha256:${"0a".repeat(32)}` }, letsencrypt)).toHaveProperty("preferredChain");
  });

  test("a path is from the root", () => {
    expect(absoluteFromFlag("--webroot", "/srv")).toBe("/srv");
    expect(() => absoluteFromFlag("--webroot", "var/www")).toThrow('--webroot: "var/www" is not an absolute path');
  });
});

test("what no flag says stays as the entry has it: places, copies, accounts, hooks, hours", () => {
  const existing: CertificateConfig = {
    ...privateCa(),
    places: { addresses: ["192.0.2.10"] },
    bundle: "/srv/mail-setup",
    account: { domain: "example.net", login: "local-part" },
    hooks: "none",
    window: "none",
  };
  const flags = { names: ["autoconfig.example.org"] };
  expect(certificateFromFlags("mail.example.org", flags, existing)).toEqual({
    ...existing,
    names: ["mail.example.org", "autoconfig.example.org"],
  });
});
