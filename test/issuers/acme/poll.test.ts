// Waiting for the CA, with a clock of our own.
import { describe, expect, test } from "vitest";
import { type Patience, poll } from "../../../src/issuers/acme/poll.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import type { Reply } from "../../../src/issuers/acme/transport.ts";

const clock = (patienceMs = 60_000): { patience: Patience; waits: number[]; stop: AbortController } => {
  let time = Date.parse("2026-11-20T12:00:00Z");
  const waits: number[] = [];
  const stop = new AbortController();
  const sleep = async (ms: number): Promise<void> => {
    waits.push(ms);
    time += ms;
  };
  return { waits, stop, patience: { now: () => new Date(time), sleep, signal: stop.signal, patienceMs } };
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
  test("starts at 50 ms and backs off", async () => {
    const { patience, waits } = clock();
    expect(
      await poll("x", answers(reply("pending"), reply("pending"), reply("pending"), reply("ok")), done, patience),
    ).toBe("ok");
    expect(waits[0]).toBe(50);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(new Set(waits).size).toBe(4);
  });

  test("waits as long as Retry-After says, also that of the reply that began it", async () => {
    const { patience, waits } = clock();
    await poll("x", answers(reply("pending", "7"), reply("ok")), done, patience, reply("processing", "3"));
    expect(waits).toEqual([3000, 7000]);
  });

  test("Retry-After: 0 is no reason to hurry", async () => {
    const { patience, waits } = clock();
    await poll("x", answers(reply("pending", "0"), reply("ok")), done, patience);
    expect(waits.every((ms) => ms >= 50)).toBe(true);
  });

  test("a Retry-After beyond the deadline is a later, without a wait", async () => {
    const { patience, waits } = clock();
    await expect(poll("the order", answers(), done, patience, reply("x", "3600"))).rejects.toMatchObject({
      kind: "try-later",
      message: "the CA is not done with the order yet",
      facts: { retryAt: "2026-11-20T13:00:00.000Z" },
    });
    expect(waits).toEqual([]);
  });

  test("ends at the deadline, with less than one request in a second on average", async () => {
    const { patience, waits } = clock();
    await expect(poll("x", answers(), done, patience)).rejects.toMatchObject({ kind: "try-later" });
    expect(waits.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(60_000);
    expect(waits.length).toBeLessThan(30);
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
