// Profiles by library, and whether a setting is as strict already.
import { assert, constantFrom, property } from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  groupsAreAsStrict,
  isAsStrict,
  protocolsAreAsStrict,
  protocolsIn,
  suitesAreAsStrict,
} from "../../src/domain/policy-strength.ts";
import {
  hasHybridGroup,
  isPolicyName,
  policyFor,
  policyNames,
  readLibrary,
  tlsVersions,
} from "../../src/domain/tls-policy.ts";

describe("a library's word for itself", () => {
  test.each([
    ["OpenSSL 3.5.7 9 Jun 2026", { name: "OpenSSL", version: "3.5.7" }],
    ["OpenSSL 1.1.1w  11 Sep 2023", { name: "OpenSSL", version: "1.1.1w" }],
    ["LibreSSL 4.0.0", { name: "LibreSSL", version: "4.0.0" }],
    ["", undefined],
    ["postconf: fatal: unexpected option", undefined],
  ])("%s", (text, library) => expect(readLibrary(text)).toEqual(library));
});

describe("the profiles", () => {
  test.each([
    ["OpenSSL 3.5.0 8 Apr 2025", true],
    ["OpenSSL 3.10.1 8 Apr 2029", true],
    ["OpenSSL 4.0.0 8 Apr 2026", true],
    ["OpenSSL 3.4.9 8 Apr 2025", false],
    ["OpenSSL 1.1.1w 11 Sep 2023", false],
    ["LibreSSL 4.0.0", false],
    ["", false],
  ])("%s: the post-quantum group is asked for only where it is there", (text, hybrid) => {
    const library = readLibrary(text);
    expect(hasHybridGroup(library)).toBe(hybrid);
    for (const name of policyNames) expect(policyFor(name, library).groups.includes("X25519MLKEM768")).toBe(hybrid);
  });

  it("refuses a library that cannot do what the profile is about", () => {
    expect(() => policyFor("modern", readLibrary("OpenSSL 1.1.0l 10 Sep 2019"))).toThrow(/TLS 1\.3/);
    expect(policyFor("intermediate", readLibrary("OpenSSL 1.1.0l 10 Sep 2019")).minimum).toBe("TLSv1.2");
    expect(() => policyFor("intermediate", readLibrary("OpenSSL 1.0.2k 26 Jan 2017"))).toThrow(/X25519/);
    expect(isPolicyName("old")).toBe(false);
  });
});

describe("strictness", () => {
  const { suites, groups } = policyFor("intermediate", undefined);

  test.each([
    [">=TLSv1.2", true],
    [">=TLSv1.3", true],
    ["TLSv1.2 TLSv1.3", true],
    ["TLSv1.3", true],
    [">=0303", true],
    ["!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", true],
    ["!SSLv2,!SSLv3", false],
    [">=TLSv1", false],
    ["<=TLSv1.2", false],
    ["", false],
    [">=TLSv9", false],
    ["!SSLv2 !SSLv3 !TLSv1 !TLSv1.1 !TLSv1.2 !TLSv1.3", false],
  ])("protocols %j", (value, strict) => expect(protocolsAreAsStrict(value, "TLSv1.2")).toBe(strict));

  test("`>=` of any version is that version and all after it", () => {
    assert(
      property(constantFrom(...tlsVersions), (version) => {
        expect(protocolsIn(`>=${version}`)).toEqual(tlsVersions.slice(tlsVersions.indexOf(version)));
      }),
    );
  });

  test.each([
    ["ALL:!kRSA:!aNULL", false],
    ["HIGH:!aNULL", false],
    ["", false],
    ["!aNULL", false],
    ["ECDHE-RSA-AES256-GCM-SHA384", true],
    ["ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:@STRENGTH", true],
    [suites.join(":"), true],
    ["ECDHE-RSA-AES256-GCM-SHA384:AES256-SHA", false],
  ])("suites %j", (value, strict) => expect(suitesAreAsStrict(value, suites)).toBe(strict));

  test.each([
    ["", false],
    ["P-256:X25519", true],
    ["X25519, prime256v1", true],
    ["X25519 X448 prime256v1", false],
  ])("groups %j", (value, strict) => expect(groupsAreAsStrict(value, groups)).toBe(strict));

  it("words in an order: one that is not known is the weakest", () => {
    const order = ["low", "medium", "high"];
    expect(isAsStrict(order, "HIGH", "high")).toBe(true);
    expect(isAsStrict(order, "medium", "high")).toBe(false);
    expect(isAsStrict(order, "$mine", "low")).toBe(false);
  });
});
