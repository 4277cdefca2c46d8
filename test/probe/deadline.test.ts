// A deadline fires when its time is over or the caller stops, and leaves nothing behind.
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { deadline } from "../../src/probe/deadline.ts";

const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });

test("its time is over", async () => {
  const { signal, over } = deadline(1, undefined);
  await fired(signal);
  over();
});

test("the caller stops, before or meanwhile", () => {
  const stop = new AbortController();
  const one = deadline(60_000, stop.signal);
  expect(one.signal.aborted).toBe(false);
  stop.abort();
  expect(one.signal.aborted).toBe(true);
  const late = deadline(60_000, stop.signal);
  expect(late.signal.aborted).toBe(true);
  one.over();
  late.over();
});

test("nothing of thousands of exchanges is kept at the one stop of a run", () => {
  const { signal } = new AbortController();
  for (let n = 0; n < 1000; n += 1) deadline(60_000, signal).over();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});
