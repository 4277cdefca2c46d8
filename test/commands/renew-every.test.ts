// renew NAME --every: the first round is a person's wish, all others are a timer's, which keeps to what the CA said.
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Context } from "../../src/cli/command.ts";
import { command } from "../../src/commands/renew.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type AcmeCas, acmeAt, acmeCas } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const minute = 60_000;
const host = "ca.example";
const config = certificate({ issuer: acmeAt(host) });
let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas(fake.world);
});
afterEach(() => fake.dispose());

/** Says no, and when to come back. */
const busy = (minutes: number): void => {
  cas.refuse.set(host, () => {
    const retryAt = new Date(fake.clock.now.getTime() + minutes * minute).toISOString();
    throw new Failure("try-later", "too many orders", { facts: { retryAt } });
  });
};

/** Rounds of `renew mail.example.org --every 1m`. */
const rounds = async (count: number): Promise<void> => {
  const stop = new AbortController();
  let left = count;
  const world = async () => ({
    ...cas.world,
    config: { ...cas.world.config, read: async () => ({ certificates: [config] }) },
  });
  const context = {
    args: [config.name],
    options: { every: minute },
    globals: { dryRun: false, yes: false, quiet: true },
    output: { result: () => undefined },
    fitting: (failure: Failure) => failure,
    world,
    newWorld: world,
    host: {
      signal: stop.signal,
      now: () => fake.clock.now,
      elapsed: () => fake.clock.now.getTime(),
      sleep: async () => {
        fake.clock.now = new Date(fake.clock.now.getTime() + minute);
        if ((left -= 1) === 0) stop.abort();
      },
      stdout: { write: () => undefined, isTTY: false },
      stderr: { write: () => undefined },
    },
  } as unknown as Context;
  expect(await command.run(context)).toBe(0);
};

test("what the CA asked for is kept to by every round but the first", async () => {
  busy(6 * 60);
  await rounds(20);
  expect(cas.orders).toHaveLength(1);
  // Somebody starts it anew.
  await rounds(20);
  expect(cas.orders).toHaveLength(2);
});

test("a CA that says at once, each time, is asked ever less often", async () => {
  busy(0);
  await rounds(130);
  // After 1, 10 and 60 minutes.
  expect(cas.orders).toHaveLength(4);
  expect(cas.world.store.read(config.name)).toMatchObject({ attempts: 4 });
});
