// A CA that is silent or overloaded: the certificates that come after it in the same run do not ask it again.
import { expect, test } from "vitest";
import { Failure } from "../../../src/domain/failure.ts";
import { createLines } from "../../../src/issuers/acme/line.ts";
import { unlessSilent } from "../../../src/issuers/acme/silence.ts";

const start = Date.parse("2026-11-20T12:00:00Z");

const messageOf = async (job: Promise<unknown>): Promise<string> => {
  try {
    await job;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it went well");
};

/** Tries, each so many milliseconds after the start; how often the CA was asked by then, and what was said. */
const tries = async (error: unknown, ...at: readonly number[]): Promise<readonly (readonly [number, string])[]> => {
  const line = createLines()("https://ca.example.org/directory", undefined);
  let asked = 0;
  const said: [number, string][] = [];
  for (const elapsed of at) {
    const clocks = { elapsed: () => elapsed, now: () => new Date(start + elapsed) };
    const ask = async (): Promise<never> => {
      asked += 1;
      throw error;
    };
    const message = await messageOf(unlessSilent(line, clocks, ask));
    said.push([asked, message]);
  }
  return said;
};
const later = (status: number, wait: number): Failure =>
  new Failure("try-later", "no", {
    hints: ["wait"],
    facts: { problem: { status }, retryAt: new Date(start + wait).toISOString() },
  });
const again = "no (so it was a moment ago; it was not asked again)";

test("a deadline that passed: a minute", async () => {
  const silent = new Failure("unavailable", "no", { facts: { code: "ETIMEDOUT" } });
  expect(await tries(silent, 0, 1, 59_999, 60_000)).toEqual([
    [1, "no"],
    [1, again],
    [1, again],
    [2, "no"],
  ]);
});

test("503: as long as the CA asks for, an hour at most", async () => {
  expect(await tries(later(503, 600_000), 0, 599_999, 600_000)).toEqual([
    [1, "no"],
    [1, again],
    [2, "no"],
  ]);
  expect((await tries(later(503, 86_400_000), 0, 3_599_999, 3_600_000)).map(([asked]) => asked)).toEqual([1, 1, 2]);
});

test("what it says of this order or this request alone keeps nobody else from asking", async () => {
  for (const error of [
    later(429, 600_000),
    new Failure("unavailable", "no", { facts: { code: "ECONNRESET" } }),
    new Failure("data", "no"),
    new Error("a bug"),
  ])
    expect((await tries(error, 0, 1)).map(([asked]) => asked)).toEqual([1, 2]);
});

test("kind, hints and time go along; another CA is asked", async () => {
  const lines = createLines();
  const line = lines("https://ca.example.org/directory", undefined);
  const clocks = { elapsed: () => 0, now: () => new Date(start) };
  const refuse = async (): Promise<never> => {
    throw later(503, 600_000);
  };
  await expect(unlessSilent(line, clocks, refuse)).rejects.toThrow("no");
  await expect(unlessSilent(line, clocks, async () => "asked")).rejects.toMatchObject({
    kind: "try-later",
    hints: ["wait"],
    facts: { retryAt: "2026-11-20T12:10:00.000Z" },
  });
  const other = lines("https://other.example.org/directory", undefined);
  expect(await unlessSilent(other, clocks, async () => "asked")).toBe("asked");
});
