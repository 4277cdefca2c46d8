// Manners: how many at once, who waits for whom, no second try where a server said "later", a greet delay measured once.
import { describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { parseTarget } from "../../src/domain/targets.ts";
import type { Probe } from "../../src/probe/probe.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type PoliteLimits, createPolite } from "../../src/usecases/polite.ts";
import { verify } from "../../src/usecases/verify.ts";

/** Jobs that end when told to; tells what is under way. */
const jobs = (limits: PoliteLimits) => {
  const polite = createPolite(limits);
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, address: string, port = 25): Promise<void> =>
    polite.turn(address, port, async () => {
      running.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      running.splice(running.indexOf(name), 1);
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settled();
  };
  return { running, start, end };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  test("so many at once to everybody, in order of arrival", async () => {
    const { running, start, end } = jobs({ connections: 2 });
    for (const name of ["a", "b", "c", "d"]) void start(name, `192.0.2.${name.charCodeAt(0)}`);
    await settled();
    expect(running).toEqual(["a", "b"]);
    await end("b");
    expect(running).toEqual(["a", "c"]);
    await end("a");
    expect(running).toEqual(["c", "d"]);
  });
  test("so many to one address and to one port of it; who waits for those holds nobody else up", async () => {
    const { running, start, end } = jobs({ connections: 9, perAddress: 3, perPort: 2 });
    for (const name of ["a1", "a2", "a3"]) void start(name, "192.0.2.1", 25);
    for (const name of ["b1", "b2"]) void start(name, "192.0.2.1", 993);
    void start("other", "192.0.2.2", 25);
    await settled();
    // a3 waits for the port, b2 for the address.
    expect(running).toEqual(["a1", "a2", "b1", "other"]);
    await end("b1");
    expect(running).toEqual(["a1", "a2", "other", "b2"]);
    await end("a1");
    expect(running).toEqual(["a2", "other", "b2", "a3"]);
  });
  test("a place is free when the server, too, has let go of the connection; the result does not wait for it", async () => {
    const polite = createPolite({ connections: 9, perPort: 1 });
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    expect(
      await polite.turn("192.0.2.1", 25, async (left) => {
        left(closed);
        return "seen";
      }),
    ).toBe("seen");
    let begun = false;
    const next = polite.turn("192.0.2.1", 25, async () => (begun = true));
    await settled();
    expect(begun).toBe(false);
    close();
    await next;
    expect(begun).toBe(true);
  });
  test("a job that fails gives its turn back", async () => {
    const polite = createPolite({ connections: 1 });
    await expect(polite.turn("192.0.2.1", 25, () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(await polite.turn("192.0.2.1", 25, async () => "next")).toBe("next");
  });
});

describe("what is remembered", () => {
  const at = (name: string) =>
    parseTarget(`smtp://${name}.example.org`, protocols).map((target) => ({ ...target, address: "192.0.2.1" }));
  const run = async (change: (nth: number) => Partial<Observation>, count: number, port = 25) => {
    const budgets: number[] = [];
    const probe: Probe = async (entry, options) => {
      budgets.push(options.timeoutMs);
      return {
        entry,
        address: entry.address,
        local: false,
        chain: [],
        startedAt: new Date(),
        durationMs: 1,
        ...change(budgets.length),
      };
    };
    const polite = createPolite({ connections: 1 });
    const steps: string[] = [];
    const result = await verify(
      { now: () => new Date(), probe, resolve: async () => [], polite, step: (what) => steps.push(what) },
      {
        wanted: Array.from({ length: count }, (_, n) => at(`mx${n}`).map((one) => ({ ...one, port }))).flat(),
        anchors: [],
      },
    );
    return { budgets, result, steps };
  };
  const busy: Partial<Observation> = {
    error: { stage: "greeting", reason: "temporary", message: "421 4.7.0 Too many connections" },
  };

  test("a server that says later is not asked again, and each name is told what it said", async () => {
    const { budgets, result } = await run(() => busy, 3);
    expect(budgets).toHaveLength(1);
    expect(result.entries.map(({ observation }) => observation.error?.message)).toEqual([
      "421 4.7.0 Too many connections",
      ...Array.from(
        { length: 2 },
        () => "421 4.7.0 Too many connections (said to an earlier connection of this run; not asked again)",
      ),
    ]);
    expect(result.entries.every(({ ok, observation }) => !ok && observation.address === "192.0.2.1")).toBe(true);
  });
  test("other failures are no reason to stop", async () => {
    const closed: Partial<Observation> = { error: { stage: "greeting", reason: "closed", message: "closed" } };
    expect((await run(() => closed, 3)).budgets).toHaveLength(3);
  });
  test("a greet delay is measured once: what comes after has it and ten seconds", async () => {
    const { budgets, steps } = await run((nth) => ({ greetingMs: nth === 1 ? 6000 : 40 }), 3);
    expect(budgets).toEqual([45_000, 16_000, 16_000]);
    expect(steps[0]).toBe("smtp 192.0.2.1 port 25: observed, greeted after 6.0 s");
    expect(steps[1]).toBe("smtp 192.0.2.1 port 25: observed");
  });
  test("never more than the budget was", async () => {
    expect((await run(() => ({ greetingMs: 40_000 }), 2)).budgets).toEqual([45_000, 45_000]);
  });
});

test("the delays of the last thousand places are kept, however many there were", () => {
  const polite = createPolite({ connections: 1 });
  const entry = { protocol: "smtp", mode: "starttls", host: "mx.example.org", port: 25 } as const;
  const note = (address: string): void =>
    polite.note({
      entry,
      address,
      local: false,
      chain: [],
      greetingMs: 6000,
      startedAt: new Date(0),
      durationMs: 1,
    });
  const addressOf = (n: number): string => `192.0.${n >> 8}.${n & 255}`;
  for (let n = 0; n < 1000; n += 1) note(addressOf(n));
  note(addressOf(0));
  note(addressOf(1000));
  expect([0, 1, 2, 1000].map((n) => polite.budget(addressOf(n), 25, 45_000))).toEqual([16_000, 45_000, 16_000, 16_000]);
});
