// What an issuer hands out is held to its dates before it takes the place of what is served.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it, test } from "vitest";
import { isSpent, whyNoGain, whyNotValid } from "../../src/domain/validity.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { acmeAt } from "../fakes/acme-cas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const hour = 3_600_000;
const day = 24 * hour;
const config = certificate({ issuer: acmeAt("ca.example") });

let fake: FakeWorld;
let world: World;
/** The CA's clock minus ours, and what it gives. */
let [ahead, days] = [0, 90];
let orders = 0;
beforeEach(() => {
  fake = fakeWorld();
  [ahead, days, orders] = [0, 6, 0];
  const signer = createSelfSigned({ random: (size) => randomBytes(size) });
  const issuer: Awaited<ReturnType<World["issuer"]>> = {
    refuses: () => undefined,
    issue: async (request) => {
      orders += 1;
      const now = new Date(request.now.getTime() + ahead);
      return signer.issue({ ...request, now, settings: { kind: "self-signed", days } });
    },
  };
  world = { ...fake.world, issuer: async () => issuer };
});
afterEach(() => fake.dispose());

const run = () => renew(world, [config], options);
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};

test.each<[string, number, number, string]>([
  ["that has ended", -7 * day, 6, "it ended on 2026-11-23 1"],
  ["that begins tomorrow", day, 90, "it is not valid before 2026-11-25 1"],
  ["that is older than the present one", -5 * day, 6, "it ends on 2026-11-25 1"],
])("a certificate %s never replaces one that is valid", async (_what, clock, lifetime, why) => {
  await run();
  pass(4 * day);
  [ahead, days] = [clock, lifetime];
  const { outcome, certificates } = await run();
  expect([outcome, certificates[0]?.failure?.message]).toEqual(["fault", expect.stringContaining(why)]);
  expect(certificates[0]?.failure?.hints.join()).toContain("clock");
  expect(world.store.liveNumber(config.name)).toBe(1);
  expect(world.store.read(config.name)).toMatchObject({ target: 1, attempts: 1 });
  // It waits as after any failure, and goes on once the clock is right.
  await run();
  expect(orders).toBe(2);
  pass(hour);
  [ahead, days] = [0, 6];
  expect((await run()).outcome).toBe("done");
  expect(world.store.liveNumber(config.name)).toBe(2);
});

it("one with a shorter lifetime than the present one's rest is what was asked for", async () => {
  days = 90;
  await run();
  pass(61 * day);
  days = 6;
  expect((await run()).outcome).toBe("done");
  expect(world.store.liveNumber(config.name)).toBe(2);
});

it("clocks that differ by minutes are no matter", () => {
  const now = new Date("2026-11-20T12:00:00Z");
  const from = (ms: number, lifetime = 90 * day) => ({
    notBefore: new Date(now.getTime() + ms),
    notAfter: new Date(now.getTime() + ms + lifetime),
  });
  expect(whyNotValid(from(5 * 60_000), now)).toBeUndefined();
  expect(whyNotValid(from(5 * 60_000 + 1), now)).toBe("it is not valid before 2026-11-20 12:05 UTC");
  expect(whyNotValid(from(-90 * day), now)).toBe("it ended on 2026-11-20 12:00 UTC");
  expect([isSpent(from(-60 * day), now), isSpent(from(-60 * day + 1), now)]).toEqual([true, false]);
  // In a while it is valid: it need not be ordered again.
  expect([isSpent(from(day), now), isSpent(from(day + 1), now)]).toEqual([false, true]);
  // Due already, but better than what is there.
  expect(whyNoGain(from(-61 * day), from(-62 * day), now)).toBeUndefined();
  expect(whyNoGain(from(-62 * day), from(-62 * day), now)).toContain("no later than the present one");
});
