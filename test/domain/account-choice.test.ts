// Which CA a command about accounts means, by flags, by a certificate's name, or because there is only one.
import { describe, expect, it } from "vitest";
import { type CaWish, chosenCa } from "../../src/domain/account-choice.ts";
import { acmeCas } from "../../src/domain/acme-directories.ts";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { usualAcme } from "../fakes/settings.ts";
import { certificate } from "../fakes/world.ts";

const own = "https://ca.example.org/directory";
const settings = (directory: string, over: Partial<AcmeSettings> = {}): AcmeSettings => ({
  kind: "acme",
  directory,
  agreeTos: true,
  ...usualAcme,
  httpAddress: ":80",
  ...over,
});
const letsencrypt = settings(acmeCas.letsencrypt.directory, { ca: "letsencrypt", email: "a@example.org" });
const first: CertificateConfig = certificate({
  issuer: letsencrypt,
  fallbacks: [settings(acmeCas.zerossl.directory, { ca: "zerossl", eab: { kid: "k", hmacFile: "/etc/hmac" } })],
});
const second = certificate({ name: "b.example.org", issuer: settings(own, { caFile: "/etc/ca.pem" }) });

const choose = (wish: Partial<CaWish>): AcmeSettings =>
  chosenCa({ flags: {}, certificates: [], registered: [], ...wish });
const refusal = (wish: Partial<CaWish>): Failure => {
  try {
    choose(wish);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it chose one");
};

describe("the CA that is meant", () => {
  it("by flags, with what the configuration says of it, flags over that", () => {
    const certificates = [first, second];
    expect(choose({ flags: { issuer: "letsencrypt" }, certificates })).toMatchObject({ email: "a@example.org" });
    expect(choose({ flags: { issuer: "letsencrypt", email: "b@example.org" }, certificates }).email).toBe(
      "b@example.org",
    );
    expect(choose({ flags: { acme: own }, certificates }).caFile).toBe("/etc/ca.pem");
    // One that only comes after the first is found as well.
    expect(choose({ flags: { issuer: "zerossl" }, certificates }).eab).toEqual({ kid: "k", hmacFile: "/etc/hmac" });
    expect(choose({ flags: { issuer: "google" }, certificates }).directory).toBe(acmeCas.google.directory);
  });

  it("by the name of a certificate: its first CA", () => {
    expect(choose({ certificate: first, certificates: [first, second] }).directory).toBe(letsencrypt.directory);
    expect(choose({ certificate: first, flags: { issuer: "zerossl" }, certificates: [first, second] }).eab?.kid).toBe(
      "k",
    );
  });

  it("the only one, be it of the configuration or of an account on this host", () => {
    expect(choose({ certificates: [second] }).caFile).toBe("/etc/ca.pem");
    expect(choose({ registered: [own, own] }).directory).toBe(own);
    expect(choose({ certificates: [second], registered: [own], flags: { caFile: "/other.pem" } }).caFile).toBe(
      "/other.pem",
    );
  });

  it("says what there is where several could be meant, or none", () => {
    expect(refusal({ certificates: [first, second] })).toMatchObject({
      kind: "usage",
      message: "which CA is meant: letsencrypt, zerossl, ca.example.org?",
    });
    expect(refusal({}).message).toBe("no ACME CA is known here yet");
  });

  it("refuses a CA that is mistyped, and one that the named certificate is not ordered from", () => {
    const mistyped = refusal({ flags: { issuer: "letsencrpyt" }, certificates: [first] });
    expect(mistyped).toMatchObject({ kind: "usage", message: '--issuer does not know "letsencrpyt"' });
    expect(mistyped.hints[0]).toContain("did you mean letsencrypt?");
    expect(
      refusal({ certificate: second, flags: { issuer: "letsencrypt" }, certificates: [first, second] }),
    ).toMatchObject({ kind: "usage", message: "b.example.org is not ordered from letsencrypt" });
  });

  it("refuses what has no accounts", () => {
    expect(refusal({ flags: { issuer: "private-ca" } }).message).toBe("--issuer private-ca has no accounts");
    const mine = certificate({ issuer: { kind: "private-ca", ca: "default", days: 90 } });
    expect(refusal({ certificate: mine, certificates: [mine] }).message).toContain("is issued by private-ca");
    expect(refusal({ flags: { acme: "http://ca.example.org" } }).message).toContain("--acme takes an https URL");
    expect(refusal({ flags: { acme: own, email: "nobody" } }).message).toContain("--email");
  });
});
