// Waiting for the CA, with a clock of our own.
import { describe, expect, test } from "vitest";
import { type Patience, poll } from "../../../src/issuers/acme/poll.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import type { Reply } from "../../../src/issuers/acme/transport.ts";

const clock = (patienceMs = 60_000): { patience: Patience; waits: number[]; stop: AbortController } => {
  let time = Date.parse("2026-11-20T12:00:00Z");
  let elapsed = 0;
  const waits: number[] = [];
  const stop = new AbortController();
  const sleep = async (ms: number): Promise<void> => {
    waits.push(ms);
    time += ms;
    elapsed += ms;
  };
  return {
    waits,
    stop,
    patience: { now: () => new Date(time), elapsed: () => elapsed, sleep, signal: stop.signal, patienceMs },
  };
};

const reply = (data: unknown, retryAfter?: string): Reply => ({
  status: 200,
  headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
  data,
});
const done = ({ data }: Reply): unknown => (data === "pending" ? undefined : data);
const answers = (...list: (Reply | Error)[]) => {
  const left = [...list];
  return async (): Promise<Reply> => {
    const next = left.shift() ?? reply("pending");
    if (next instanceof Error) throw next;
    return next;
  };
};
const server = (status: number): ProblemError => new ProblemError(readProblem({}, status), "https://ca/");

describe("poll", () => {
  test("looks once early, then from 50 ms upwards", async () => {
    const { patience, waits } = clock();
    expect(
      await poll("x", answers(reply("pending"), reply("pending"), reply("pending"), reply("ok")), done, patience),
    ).toBe("ok");
    expect(waits.slice(0, 2)).toEqual([20, 50]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(new Set(waits).size).toBe(4);
  });

  test("waits as long as Retry-After says, after one early look", async () => {
    const { patience, waits } = clock();
    await poll("x", answers(reply("pending", "7"), reply("pending", "3"), reply("ok")), done, patience);
    expect(waits).toEqual([20, 7000, 3000]);
  });

  test("Retry-After: 0 is no reason to hurry", async () => {
    const { patience, waits } = clock();
    await poll("x", answers(reply("pending", "0"), reply("ok")), done, patience);
    expect(waits).toEqual([20, 50]);
  });

  test("a Retry-After beyond the deadline is a later, without a wait", async () => {
    const { patience, waits } = clock();
    await expect(poll("the order", answers(reply("pending", "3600")), done, patience)).rejects.toMatchObject({
      kind: "try-later",
      message: "the CA is not done with the order yet",
      facts: { retryAt: "2026-11-20T13:00:00.020Z" },
    });
    expect(waits).toEqual([20]);
  });

  test("ends at the deadline, with less than one request in a second on average", async () => {
    const { patience, waits } = clock();
    await expect(poll("x", answers(), done, patience)).rejects.toMatchObject({ kind: "try-later" });
    expect(waits.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(60_000);
    expect(waits.length).toBeLessThan(30);
  });

  test("the date is set right in the middle of a wait: neither cut short nor drawn out", async () => {
    for (const jumpMs of [86_400_000, -86_400_000]) {
      const { patience, waits } = clock();
      const now = (): Date => new Date(patience.now().getTime() + (waits.length > 2 ? jumpMs : 0));
      await expect(poll("x", answers(), done, { ...patience, now })).rejects.toMatchObject({ kind: "try-later" });
      const waited = waits.reduce((sum, ms) => sum + ms);
      expect(waited).toBeGreaterThan(50_000);
      expect(waited).toBeLessThanOrEqual(60_000);
    }
  });

  test("outlives three server errors in a row, not four, and no 503", async () => {
    const ok = [server(500), server(502), server(500), reply("pending"), server(500), reply("ok")];
    expect(await poll("x", answers(...ok), done, clock().patience)).toBe("ok");
    await expect(
      poll("x", answers(server(500), server(500), server(500), server(504)), done, clock().patience),
    ).rejects.toBeInstanceOf(ProblemError);
    await expect(poll("x", answers(server(503), reply("ok")), done, clock().patience)).rejects.toBeInstanceOf(
      ProblemError,
    );
  });

  test("stops when it is told to", async () => {
    const { patience, stop } = clock();
    const look = async (): Promise<Reply> => {
      stop.abort(new Error("stop"));
      return reply("pending");
    };
    await expect(poll("x", look, done, patience)).rejects.toThrow("stop");
  });
});
