// Problem documents: kept whole, whatever the CA sends, and fit to print.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfterDate } from "../../../src/domain/retry-after.ts";
import { describeProblem, readProblem, shortType } from "../../../src/issuers/acme/problem.ts";
import { problemFailure } from "../../../src/issuers/acme/problem-failure.ts";
import { validationFailure } from "../../../src/issuers/acme/validation-failure.ts";

const now = new Date("2026-11-20T12:00:00Z");
const acme = (type: string): string => `urn:ietf:params:acme:error:${type}`;

describe("readProblem", () => {
  test("keeps type, detail, status, subproblems with their names, and Retry-After", () => {
    const body = {
      type: acme("rejectedIdentifier"),
      detail: "policy\u001b[31m forbids",
      subproblems: [{ type: acme("caa"), detail: "no", identifier: { type: "dns", value: "a.example.org" } }, "junk"],
      instance: "https://ca.example.org/why",
    };
    const problem = readProblem(body, 400, new Date("2026-11-20T13:00:00Z"));
    expect(problem).toEqual({
      type: acme("rejectedIdentifier"),
      detail: "policy [31m forbids",
      status: 400,
      subproblems: [{ type: acme("caa"), detail: "no", identifier: "a.example.org" }],
      retryAfter: "2026-11-20T13:00:00.000Z",
      instance: "https://ca.example.org/why",
    });
    expect(describeProblem(problem)).toBe(
      `${acme("rejectedIdentifier")}: policy [31m forbids; a.example.org: ${acme("caa")}: no`,
    );
    expect(shortType(problem)).toBe("rejectedIdentifier");
  });

  test("anything at all becomes a bounded problem without control characters", () => {
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 400, max: 599 }), (body, status) => {
        const text = describeProblem(readProblem(body, status));
        expect(text.length).toBeLessThan(10_000);
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(text).not.toBe("");
      }),
    );
  });

  test("what is no problem document shows its status", () => {
    expect(describeProblem(readProblem("<html>", 502))).toBe("HTTP 502");
    const url = "https://ca.example.org/nonce";
    expect(describeProblem(readProblem("", 502, undefined, url))).toBe(`HTTP 502 from ${url}`);
    // The CA's own words need no address.
    const said = { type: acme("malformed"), detail: "no" };
    expect(describeProblem(readProblem(said, 400, undefined, url))).toBe(`${acme("malformed")}: no`);
  });
});

describe("retryAfterDate", () => {
  test.each([
    ["5", "2026-11-20T12:00:05.000Z"],
    ["0", "2026-11-20T12:00:00.000Z"],
    ["Fri, 20 Nov 2026 12:10:00 GMT", "2026-11-20T12:10:00.000Z"],
    ["Fri, 20 Nov 2020 12:10:00 GMT", "2026-11-20T12:00:00.000Z"],
    ["999999999999", "2027-11-21T12:00:00.000Z"],
  ])("%s", (header, expected) => {
    expect(retryAfterDate({ "retry-after": header }, now)?.toISOString()).toBe(expected);
  });

  test("a date counts from the server's own clock", () => {
    const headers = { "retry-after": "Tue, 01 Jan 2030 00:10:00 GMT", date: "Tue, 01 Jan 2030 00:00:00 GMT" };
    expect(retryAfterDate(headers, now)?.toISOString()).toBe("2026-11-20T12:10:00.000Z");
  });

  test.each([undefined, "", "soon", "-5", "1e3x", "12 monkeys", "2026-11-20"])("%j says nothing", (header) => {
    expect(retryAfterDate({ "retry-after": header }, now)).toBeUndefined();
  });
});

describe("problemFailure", () => {
  const failure = (type: string, status: number, retryAt?: Date): ReturnType<typeof problemFailure> =>
    problemFailure(readProblem({ type, detail: "why" }, status, retryAt), { doing: "no order", now });

  test("429 and 503 are a later with the CA's own time", () => {
    const at = new Date("2026-11-21T00:00:00Z");
    for (const [type, status] of [
      [acme("rateLimited"), 429],
      [acme("serverInternal"), 503],
      ["about:blank", 429],
    ] as const)
      expect(failure(type, status, at)).toMatchObject({
        kind: "try-later",
        facts: { retryAt: at.toISOString(), problem: { type, status } },
      });
  });

  test("a word of every object's family is an error type like any other that is not known", () => {
    for (const word of ["constructor", "__proto__", "toString"]) {
      const problem = readProblem({ type: `urn:ietf:params:acme:error:${word}`, detail: "x" }, 400);
      const failure = problemFailure(problem, { doing: "no", now: new Date("2026-11-20T12:00:00Z") });
      expect(failure).toMatchObject({ kind: "unavailable", hints: [] });
      const refusal = { name: "mail.example.org", challenge: "http-01", status: "invalid", problem };
      expect(validationFailure([refusal]).hints).toEqual([]);
    }
  });

  test("a proof in DNS is not looked for at port 80", () => {
    const hints = (challenge: string, type: string): readonly string[] => {
      const problem = readProblem({ type: acme(type), detail: "x" }, 403);
      return validationFailure([{ name: "*.example.org", challenge, status: "invalid", problem }]).hints;
    };
    expect(hints("dns-01", "unauthorized").join()).toContain("something else at _acme-challenge.example.org");
    expect(hints("dns-persist-01", "dns").join()).toContain("could not look up _validation-persist.example.org");
    expect(hints("dns-01", "caa").join()).toContain("CAA records");
    expect(hints("http-01", "unauthorized").join()).toContain("port 80");
  });

  test("without Retry-After a later is an hour, or ten minutes for an overloaded server", () => {
    expect(failure(acme("rateLimited"), 429).facts?.["retryAt"]).toBe("2026-11-20T13:00:00.000Z");
    expect(failure("about:blank", 503).facts?.["retryAt"]).toBe("2026-11-20T12:10:00.000Z");
  });

  test.each([
    [acme("rejectedIdentifier"), 400, "data"],
    [acme("invalidContact"), 400, "config"],
    [acme("externalAccountRequired"), 403, "config"],
    [acme("caa"), 403, "unavailable"],
    [acme("somethingNew"), 400, "unavailable"],
    ["about:blank", 500, "unavailable"],
  ])("%s (%d) is %s", (type, status, kind) => {
    expect(failure(type, status)).toMatchObject({
      kind,
      message: expect.stringContaining(type === "about:blank" ? "HTTP 500" : type),
    });
  });
});
