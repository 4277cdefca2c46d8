// When a certificate is renewed and when a failure is tried again.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextAttempt, renewalDue } from "../../src/domain/renewal.ts";

const day = 86_400_000;
const start = new Date("2026-01-01T00:00:00.000Z");
const after = (days: number): Date => new Date(start.getTime() + days * day);

test.each([
  [90, 60],
  [397, (397 * 2) / 3],
  [10, (10 * 2) / 3],
  [9, 4.5],
  [6, 3],
  [1, 0.5],
])("a certificate of %d days is due after %d", (lifetime, due) => {
  const { at } = renewalDue(start, after(lifetime), start);
  expect(at.getTime()).toBe(Math.floor(after(due).getTime()));
  expect(renewalDue(start, after(lifetime), new Date(at.getTime() - 1)).due).toBe(false);
  expect(renewalDue(start, after(lifetime), at).due).toBe(true);
});

test("a certificate that ends before it begins is due at once", () => {
  expect(renewalDue(after(1), start, after(1))).toEqual({ at: after(1), due: true });
});

test("the instant lies within the lifetime", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 * day }), (lifetime) => {
      const { at } = renewalDue(start, new Date(start.getTime() + lifetime), start);
      expect(at >= start).toBe(true);
      expect(at.getTime()).toBeLessThan(start.getTime() + lifetime);
    }),
  );
});

test("attempts back off and never stop", () => {
  const minutes = Array.from(
    { length: 10 },
    (_, attempts) => (nextAttempt(attempts, start).getTime() - start.getTime()) / 60_000,
  );
  expect(minutes).toEqual([0, 1, 10, 60, 180, 360, 720, 1440, 1440, 1440]);
  expect(nextAttempt(-1, start)).toEqual(start);
});
