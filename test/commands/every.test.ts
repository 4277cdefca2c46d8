// Rounds of --every: one after the other in time, each with a world of its own; what no round could do ends it at once.
import { expect, test } from "vitest";
import type { Context } from "../../src/cli/command.ts";
import { duration, every } from "../../src/commands/every.ts";
import { Failure } from "../../src/domain/failure.ts";

interface Played {
  readonly status: number;
  /** When each round began, in milliseconds. */
  readonly starts: readonly number[];
  readonly worlds: number;
  readonly stderr: string;
  /** What each was told of being the first. */
  readonly firsts: readonly boolean[];
}

/** Plays rounds that take `spent` ms each until one of them stops the host; a round may throw. */
const play = async (ms: number, spent: number, rounds: readonly (() => void)[], late = 0): Promise<Played> => {
  const stop = new AbortController();
  let [time, worlds, stderr] = [0, 0, ""];
  const starts: number[] = [];
  const firsts: boolean[] = [];
  const host = {
    argv: [],
    elapsed: () => time,
    signal: stop.signal,
    stderr: { write: (text: string) => void (stderr += text) },
    sleep: async (wait: number) => {
      stop.signal.throwIfAborted();
      time += wait + late;
    },
  } as unknown as Context["host"];
  const newWorld = (async () => ({ number: (worlds += 1) })) as unknown as Context["newWorld"];
  const fitting = (failure: Failure): Failure => failure;
  const status = await every({ host, newWorld, fitting } as unknown as Context, ms, async (context, first) => {
    starts.push(time);
    firsts.push(first);
    time += spent;
    expect(await context.world()).toBe(await context.world());
    if (starts.length === rounds.length) stop.abort();
    rounds[starts.length - 1]?.();
    return 0;
  });
  return { status, starts, worlds, stderr, firsts };
};

const nothing = (): void => undefined;
const fail = (kind: ConstructorParameters<typeof Failure>[0]) => () => {
  throw new Failure(kind, `no ${kind}`, { hints: ["look"] });
};

test("from start to start, however long a round takes, each with its own world", async () => {
  expect(await play(60_000, 20_000, [nothing, nothing, nothing])).toEqual({
    status: 0,
    starts: [0, 60_000, 120_000],
    worlds: 3,
    stderr: "",
    firsts: [true, false, false],
  });
  expect((await play(60_000, 90_000, [nothing, nothing])).starts).toEqual([0, 90_000]);
  // A timer that fires late does not move the rounds behind it.
  expect((await play(60_000, 20_000, [nothing, nothing, nothing], 7)).starts).toEqual([0, 60_007, 120_007]);
});

test("a round that fails is told of, and the next one comes", async () => {
  const { status, firsts, stderr } = await play(60_000, 0, [fail("try-later"), fail("config"), nothing]);
  expect({ status, firsts }).toEqual({ status: 0, firsts: [true, false, false] });
  expect(stderr).toBe(
    "mailcert: error: no try-later\nmailcert: hint: look\nmailcert: error: no config\nmailcert: hint: look\n",
  );
});

test.each(["usage", "config", "no-permission"] as const)(
  "a first round that ends with %s ends it all",
  async (kind) => {
    await expect(play(60_000, 0, [fail(kind), nothing])).rejects.toThrow(`no ${kind}`);
  },
);

test("stopped in the midst of a round: that is the end, and no fault", async () => {
  expect(await play(60_000, 0, [fail("try-later")])).toMatchObject({ status: 0, stderr: "" });
});

test("times", () => {
  expect(["1m", "90m", "1h", "24h", "1d"].map(duration)).toEqual([
    60_000, 5_400_000, 3_600_000, 86_400_000, 86_400_000,
  ]);
  for (const wrong of ["", "0m", "1", "1s", "-1h", "25h", "2d", "1.5h", "99999m", "1 h"])
    expect(() => duration(wrong), wrong).toThrow("--every takes a time from 1m to 24h");
});
