// Several CAs: which failure lets the next be asked, how long one is passed over, and what is said when none could.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  caFailureOf,
  caTitle,
  casToAsk,
  failuresTogether,
  isCaTrouble,
  isPassedOver,
} from "../../src/domain/ca-failures.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { Failure, type FailureKind } from "../../src/domain/failure.ts";
import { usualAcme } from "../fakes/settings.ts";

const now = new Date("2026-11-20T12:00:00Z");
const after = (minutes: number): string => new Date(now.getTime() + minutes * 60_000).toISOString();
const problem = (type: string) => ({ problem: { type: `urn:ietf:params:acme:error:${type}` } });
const ca = (host: string): AcmeSettings => ({
  ...usualAcme,
  kind: "acme",
  directory: `https://${host}/dir`,
  agreeTos: true,
  httpAddress: ":80",
});
const [first, second] = [ca("one.example"), ca("two.example")];

describe("is it the CA, or is it us?", () => {
  it.each<[string, FailureKind, Record<string, unknown> | undefined, boolean, boolean]>([
    ["no answer", "unavailable", undefined, true, true],
    ["a rate limit", "try-later", problem("rateLimited"), true, true],
    ["our own budget", "try-later", { code: "BUDGET" }, true, true],
    ["too slow", "try-later", { code: "TOO_LONG" }, true, true],
    ["it will not have a name", "data", problem("rejectedIdentifier"), true, true],
    ["it will not have the key", "data", problem("badPublicKey"), true, true],
    ["CAA forbids it: the next may be permitted", "config", { code: "CAA" }, true, true],
    ["no ACME directory at its URL", "config", { code: "NOT_ACME" }, true, true],
    ["our account is gone, or deactivated", "config", { code: "ACCOUNT" }, true, true],
    ["our account was deactivated from here", "config", { code: "ACCOUNT_DEACTIVATED" }, true, true],
    ["a validation that failed", "unavailable", { refused: [{}] }, false, false],
    ["the same with a problem", "unavailable", { refused: [{}], ...problem("connection") }, false, false],
    ["a challenge that failed here", "unavailable", { here: true }, false, false],
    ["a port that is taken", "cannot-create", { here: true }, false, false],
    ["a name that is dead", "unavailable", { code: "NAME_DEAD" }, false, false],
    ["a full disk", "cannot-create", { code: "NOT_WRITABLE" }, false, false],
    ["no permission", "no-permission", undefined, false, false],
    // Once others are asked, a CA that our settings exclude is passed over.
    ["terms that were not agreed to", "config", undefined, false, true],
    ["an e-mail address that it will not have", "config", problem("invalidContact"), false, true],
    ["a name that it never certifies", "data", undefined, false, true],
    ["a problem that is none", "data", { problem: null }, false, true],
    ["a problem with a strange type", "data", { problem: { type: 7 } }, false, true],
  ])("%s", (_what, kind, facts, trouble, passedOver) => {
    const failure = new Failure(kind, "x", facts === undefined ? {} : { facts });
    expect(isCaTrouble(failure)).toBe(trouble);
    expect(isPassedOver(failure)).toBe(passedOver);
  });
});

describe("how long it is passed over", () => {
  const wait = (facts: Record<string, unknown>): string =>
    caFailureOf(new Failure("try-later", "later", { facts }), now).nextAttempt;

  it("as long as it asked, a day at most; less than an hour where it said nothing", () => {
    expect(wait({})).toBe(after(50));
    expect(wait({ retryAt: after(180) })).toBe(after(180));
    expect(wait({ retryAt: after(60 * 24 * 30) })).toBe(after(60 * 24));
    expect(wait({ retryAt: after(-60) })).toBe(after(0));
    expect(wait({ retryAt: "soon" })).toBe(after(50));
    expect(wait({ retryAt: null })).toBe(after(50));
  });

  const failed = (nextAttempt: string) => ({ at: after(-10), message: "down", nextAttempt });

  it("then it goes first again", () => {
    const failures = { [first.directory]: failed(after(30)) };
    expect(casToAsk([first, second], {}, now)).toEqual([first, second]);
    expect(casToAsk([first, second], failures, now)).toEqual([second]);
    expect(casToAsk([first, second], failures, new Date(after(30)))).toEqual([first, second]);
  });

  it("where all wait, all are asked, in their order; one alone never waits here", () => {
    const both = { [first.directory]: failed(after(30)), [second.directory]: failed(after(5)) };
    expect(casToAsk([first, second], both, now)).toEqual([first, second]);
    expect(casToAsk([first], both, now)).toEqual([first]);
  });

  it("a date that a clock wrote which ran ahead does not count", () => {
    expect(casToAsk([first, second], { [first.directory]: failed(after(60 * 25)) }, now)).toEqual([first, second]);
  });

  it("nobody is passed over for longer than a day, whatever came", () => {
    fc.assert(
      fc.property(fc.anything(), fc.date({ noInvalidDate: true }), (retryAt, date) => {
        for (const value of [retryAt, date.toISOString()]) {
          const failure = caFailureOf(new Failure("try-later", "x", { facts: { retryAt: value } }), now);
          const later = new Date(now.getTime() + 86_400_000);
          expect(casToAsk([first, second], { [first.directory]: failure }, later)).toEqual([first, second]);
        }
      }),
      { seed: 1 },
    );
  });
});

describe("when none could", () => {
  const said = (kind: FailureKind, message: string, facts: Record<string, unknown> = {}, hint = message) => ({
    title: message.split(" ")[0] ?? "",
    failure: new Failure(kind, message, { facts, hints: [hint] }),
  });

  it("one CA's failure stays as it is", () => {
    const one = said("unavailable", "a is down");
    expect(failuresTogether([one])).toBe(one.failure);
  });

  it("all of it is said, with the earliest time to come back", () => {
    const failure = failuresTogether([
      said("unavailable", "a is down", { code: "X" }, "wait"),
      said("try-later", "b is busy", { retryAt: after(90) }, "wait"),
      said("try-later", "c is busy", { retryAt: after(60) }),
      said("config", "d wants an account"),
    ]);
    expect(failure).toMatchObject({
      kind: "try-later",
      message: "no CA could issue: a: a is down; b: b is busy; c: c is busy; d: d wants an account",
      facts: { code: "X", retryAt: after(60) },
      hints: ["wait", "c is busy", "d wants an account"],
    });
  });

  it("a validation that failed is a fault and is tried again as one, however long another CA wants to wait", () => {
    const failure = failuresTogether([
      said("try-later", "a is busy", { retryAt: after(600) }),
      said("unavailable", "b could not validate", { refused: [{ name: "mail.example.org" }] }),
    ]);
    expect(failure).toMatchObject({ kind: "unavailable", facts: { refused: [{ name: "mail.example.org" }] } });
    expect(failure.facts).not.toHaveProperty("retryAt");
  });
});

it("a CA is called by its short name, else by its host", () => {
  expect(caTitle({ ca: "letsencrypt", directory: "https://x.example/" })).toBe("letsencrypt");
  expect(caTitle({ directory: "https://acme-v02.api.letsencrypt.org/directory" })).toBe("letsencrypt");
  expect(caTitle(first)).toBe("one.example");
  expect(caTitle({ directory: "no URL" })).toBe("no URL");
});
