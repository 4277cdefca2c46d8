// The record of dns-persist-01: what a CA takes for an allowance, and what it calls malformed.
import { describe, expect, it } from "vitest";
import { persistAllows, persistValue } from "../../src/domain/persist-record.ts";

const need = { issuers: ["letsencrypt.org"], accountUri: "https://ca.example/acct/1", wildcard: false };
const wildcard = { ...need, wildcard: true };
const now = new Date("2026-11-20T12:00:00Z");
const seconds = now.getTime() / 1000;
const uri = "accounturi=https://ca.example/acct/1";

describe("a persist record", () => {
  it("is written as it is read", () => {
    expect(persistValue(wildcard)).toBe(`letsencrypt.org; ${uri}; policy=wildcard`);
    expect(persistAllows([persistValue(wildcard)], wildcard, now)).toEqual({});
    expect(persistAllows([persistValue(need)], need, now)).toEqual({});
  });

  it.each([
    [`LetsEncrypt.ORG.;\taccountURI = https://ca.example/acct/1`],
    [`letsencrypt.org;${uri};policy=WildCard`],
    [`letsencrypt.org; ${uri}; future=x`],
    [`letsencrypt.org; ${uri}; persistUntil=${seconds + 60}`],
  ])("allows: %s", (value) => {
    expect(persistAllows(["v=spf1 -all", value], need, now)).toBeDefined();
  });

  it.each([
    ["another CA", `other.example; ${uri}`],
    ["another account", "letsencrypt.org; accounturi=https://ca.example/acct/2"],
    ["no account", "letsencrypt.org"],
    ["an empty account", "letsencrypt.org; accounturi="],
    ["a semicolon at the end", `letsencrypt.org; ${uri};`],
    ["a parameter twice", `letsencrypt.org; ${uri}; AccountURI=https://ca.example/acct/1`],
    ["a space in a value", `letsencrypt.org; ${uri} x`],
    ["an end that is past", `letsencrypt.org; ${uri}; persistUntil=${seconds - 60}`],
    ["an end that is none", `letsencrypt.org; ${uri}; persistUntil=soon`],
  ])("does not allow: %s", (_what, value) => {
    expect(persistAllows([value], need, now)).toBeUndefined();
  });

  it("allows a wildcard only where it says so, and ends with the last of them", () => {
    expect(persistAllows([`letsencrypt.org; ${uri}`], wildcard, now)).toBeUndefined();
    const ends = [60, 120].map((more) => `letsencrypt.org; ${uri}; persistUntil=${seconds + more}`);
    expect(persistAllows(ends, need, now)).toEqual({ until: now.getTime() + 120_000 });
    expect(persistAllows([...ends, `letsencrypt.org; ${uri}`], need, now)).toEqual({});
  });
});
