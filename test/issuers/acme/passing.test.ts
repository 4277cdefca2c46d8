// Troubles that pass: which are looked at again, how often, and which are not.
import { expect, test } from "vitest";
import { Failure } from "../../../src/domain/failure.ts";
import { lookAgain, mayPass } from "../../../src/issuers/acme/passing.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import type { Reply } from "../../../src/issuers/acme/transport.ts";

const broken = (code: string): Failure => new Failure("unavailable", code, { facts: { code } });
const answered = (status: number, retryAt?: Date): ProblemError =>
  new ProblemError(readProblem({}, status, retryAt), "https://ca.example.org/");

/** Fails so often, then answers. */
const looking = async (error: Error, times: number): Promise<{ waits: number[]; read: unknown }> => {
  const waits: number[] = [];
  let left = times;
  const look = async (): Promise<Reply> => {
    if ((left -= 1) >= 0) throw error;
    return { status: 200, headers: {}, data: "good" };
  };
  const patience = { signal: new AbortController().signal, sleep: async (ms: number) => void waits.push(ms) };
  try {
    return { waits, read: await lookAgain(look, ({ data }) => data, patience) };
  } catch (reason) {
    return { waits, read: reason };
  }
};

test.each([answered(500), answered(502), broken("ECONNRESET"), broken("NOT_ACME"), broken("BAD_CHAIN")])(
  "%s: twice more, with waits of a moment",
  async (error) => {
    expect(await looking(error, 1)).toEqual({ waits: [500], read: "good" });
    expect(await looking(error, 2)).toEqual({ waits: [500, 2000], read: "good" });
    expect(await looking(error, 3)).toEqual({ waits: [500, 2000], read: error });
  },
);

test.each([
  answered(503),
  answered(429),
  answered(404),
  answered(500, new Date("2026-11-20T12:00:00Z")),
  broken("ETIMEDOUT"),
  broken("REDIRECT"),
  broken("CERT_HAS_EXPIRED"),
  new Error("a bug"),
])("%s: said at once", async (error) => {
  expect(await looking(error, 1)).toEqual({ waits: [], read: error });
});

test("a wait outlives a deadline that passed, too; never a word of the CA", () => {
  expect([broken("ETIMEDOUT"), answered(500), answered(503), answered(400), broken("TOO_LONG")].map(mayPass)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("told to stop, it does not look again", async () => {
  const stop = new AbortController();
  let looks = 0;
  const look = async (): Promise<Reply> => {
    looks += 1;
    throw broken("ECONNRESET");
  };
  const sleep = async (): Promise<void> => stop.abort(new Error("stop"));
  await expect(lookAgain(look, () => undefined, { signal: stop.signal, sleep })).rejects.toThrow("stop");
  expect(looks).toBe(1);
});
