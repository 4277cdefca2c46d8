// Work side by side: bounded, in order, and nothing goes on behind a failure.
import { expect, test } from "vitest";
import { parallel } from "../../src/usecases/parallel.ts";

test("results in the order of the items, no more at once than allowed", async () => {
  let running = 0;
  let most = 0;
  const results = await parallel([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, (running += 1));
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    running -= 1;
    return item * 2;
  });
  expect(results).toEqual([10, 2, 8, 4, 6]);
  expect(most).toBe(2);
});

test("where one fails, no other is begun, and the failure comes when those under way have ended", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const work = parallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error("disk full");
    await held;
    ended.push(item);
  });
  const failure = expect(work).rejects.toThrow("disk full");
  await Promise.resolve();
  release();
  await failure;
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([1]);
});
