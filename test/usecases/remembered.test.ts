// What is remembered of a failure: whatever a CA says, it is written down, without keys, and the next run keeps to it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { renew } from "../../src/usecases/renew.ts";
import { type AcmeCas, acmeAt, acmeCas } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const config = certificate({ issuer: acmeAt("one.example"), fallbacks: [acmeAt("two.example")] });

let fake: FakeWorld;
let cas: AcmeCas;
beforeEach(() => {
  fake = fakeWorld();
  cas = acmeCas(fake.world);
});
afterEach(() => fake.dispose());

const states = (): string =>
  readFileSync(join(fake.world.store.dir, "certificates", config.name, "state.json"), "utf8");

it.each<[string, string, string]>([
  ["the words", "it found 'BEGIN PRIVATE KEY'", "it found 'BEGIN PRIVATE KEY'"],
  [
    "a whole one",
    "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----, no token",
    "(private key), no token",
  ],
  ["half of one", "no token: -----BEGIN EC PRIVATE KEY----- c2VjcmV0", "no token: (private key)"],
])("a CA that quotes a key (%s) is waited for like any other", async (_what, detail, kept) => {
  for (const host of ["one.example", "two.example"]) {
    cas.refuse.set(host, () => {
      throw new Failure("unavailable", `Invalid response: ${detail}`, {
        facts: { problem: { type: "about:blank", subproblems: [{ detail }] }, tried: [detail, 1, null] },
      });
    });
  }
  const hours: number[] = [];
  for (let hour = 0; hour < 12; hour += 1) {
    const before = cas.orders.length;
    const { certificates } = await renew(cas.world, [config], options);
    if (cas.orders.length > before) hours.push(hour);
    expect(certificates[0]?.failure?.message ?? "it waits").toMatch(/Invalid response|it waits/);
    fake.clock.now = new Date(fake.clock.now.getTime() + 3_600_000);
  }
  // As after any failure: 1, 10, 60, 180 and 360 minutes.
  expect(hours).toEqual([0, 1, 2, 3, 6]);
  const state = cas.world.store.read(config.name);
  expect(state?.attempts).toBe(5);
  expect(state?.lastError?.message).toContain(`Invalid response: ${kept}`);
  expect(state?.lastError?.facts).toMatchObject({
    problem: { subproblems: [{ detail: kept }] },
    tried: [kept, 1, null],
  });
  expect(Object.values(state?.caFailures ?? {}).map(({ message }) => message)).toEqual([
    `Invalid response: ${kept}`,
    `Invalid response: ${kept}`,
  ]);
  expect(states()).not.toContain("c2VjcmV0");
});
