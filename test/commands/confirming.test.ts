// What nothing takes back: a person is asked without the lock, and what is done under it is what they said yes to.
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Context } from "../../src/cli/command.ts";
import { afresh, confirming } from "../../src/commands/locked.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type FakeWorld, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
/** What happened, in order. */
let log: string[];
let plan = "";
beforeEach(() => {
  fake = fakeWorld();
  log = [];
  plan = "revoke generation 1";
});
afterEach(() => fake.dispose());

const contextOf = (
  ask: ((question: string) => Promise<string>) | undefined,
  globals: Partial<Context["globals"]> = {},
): Context => {
  const { store } = fake.world;
  const world = async () => ({
    ...fake.world,
    store: {
      ...store,
      lock: async (command: string) => {
        const lock = await store.lock(command);
        log.push("locked");
        return {
          release: () => {
            lock.release();
            log.push("released");
          },
        };
      },
    },
  });
  return {
    globals: { dryRun: false, yes: false, ...globals },
    world,
    newWorld: world,
    host: { ask },
  } as unknown as Context;
};

const run = (context: Context): Promise<string> =>
  confirming(context, async (_world, confirm) => {
    log.push(`plan: ${plan}`);
    if (context.globals.dryRun) return "planned";
    await confirm(`${plan}?`);
    log.push("done");
    return "done";
  });

const says =
  (answer: string, meanwhile: () => unknown = () => undefined) =>
  async (question: string): Promise<string> => {
    log.push(`asked: ${question}`);
    await meanwhile();
    return answer;
  };

test("asked without the lock, which a timer's run can have meanwhile; then planned again under it", async () => {
  const renewal = async (): Promise<void> => (await fake.world.store.lock("renew")).release();
  expect(await run(contextOf(says("y", renewal)))).toBe("done");
  expect(log).toEqual([
    "plan: revoke generation 1",
    "asked: revoke generation 1? [y/N] ",
    "locked",
    "plan: revoke generation 1",
    "done",
    "released",
  ]);
});

test("what became another matter meanwhile is not done", async () => {
  const context = contextOf(
    says("y", () => {
      plan = "revoke generation 2";
    }),
  );
  await expect(run(context)).rejects.toMatchObject({
    kind: "try-later",
    message: expect.stringContaining("revoke generation 2?"),
  });
  expect(log).not.toContain("done");
  expect(log.at(-1)).toBe("released");
});

test.each([
  ["no", says("n"), "config"],
  ["nobody is there", undefined, "usage"],
])("%s: nothing is locked or done", async (_what, ask, kind) => {
  const failure = await run(contextOf(ask)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ kind });
  expect(log).not.toContain("locked");
  expect(log).not.toContain("done");
});

test("--yes plans once, under the lock; --dry-run without it", async () => {
  expect(await run(contextOf(undefined, { yes: true }))).toBe("done");
  expect(log).toEqual(["locked", "plan: revoke generation 1", "done", "released"]);
  log = [];
  expect(await run(contextOf(undefined, { dryRun: true }))).toBe("planned");
  expect(log).toEqual(["plan: revoke generation 1"]);
});

test("what is done after the question is the same run in the log", async () => {
  const runs: (string | undefined)[] = [];
  const context = {
    world: async () => ({ run: "20261120T120000-7" }),
    newWorld: async (begun?: string) => {
      runs.push(begun);
      return { run: begun };
    },
  } as unknown as Context;
  expect(await afresh(context).world()).toMatchObject({ run: "20261120T120000-7" });
  expect(runs).toEqual(["20261120T120000-7"]);
});
