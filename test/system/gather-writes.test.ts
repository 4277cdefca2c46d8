// Pieces are written in their order, several at once, and a failure is told to whoever comes after it.
import { expect, test } from "vitest";
import { gatherWrites } from "../../src/system/gather-writes.ts";

test("in order, in fewer writes, all of it at the end", async () => {
  const written: string[] = [];
  const { append, end } = gatherWrites(async (bytes) => void written.push(bytes.toString()));
  for (let n = 0; n < 100; n += 1) await append(`${n} ü\n`);
  await end();
  expect(written).toEqual([Array.from({ length: 100 }, (_, n) => `${n} ü\n`).join("")]);
  await append("more");
  await end();
  await end();
  expect(written.slice(1)).toEqual(["more"]);
});

test("what waits too long is written by itself", async () => {
  const { append } = gatherWrites(async (bytes) => wrote(bytes.toString()));
  let wrote: (text: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    wrote = resolve;
  });
  await append("alone");
  expect(await first).toBe("alone");
});

test("one write at a time, and whoever comes when much is waiting waits too", async () => {
  let under = 0;
  let most = 0;
  const sizes: number[] = [];
  const { append, end } = gatherWrites(async (bytes) => {
    under += 1;
    most = Math.max(most, under);
    sizes.push(bytes.length);
    await new Promise((resolve) => setImmediate(resolve));
    under -= 1;
  });
  const long = "x".repeat(40_000);
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let n = 0; n < 10; n += 1) await append(long);
    }),
  );
  await end();
  expect(most).toBe(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40 * long.length);
  // Four writers, and no more than what each of them had in hand.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * long.length);
});

test("after a failure nothing more is written, and everybody is told", async () => {
  let calls = 0;
  const { append, end } = gatherWrites(async () => {
    calls += 1;
    throw new Error("disk full");
  });
  await append("a");
  await expect(end()).rejects.toThrow("disk full");
  await expect(append("b")).rejects.toThrow("disk full");
  await expect(end()).rejects.toThrow("disk full");
  expect(calls).toBe(1);
});
