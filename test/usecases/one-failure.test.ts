// What ended one certificate's part of a run: a stop asked for is no bug and no failure, whatever was thrown because of it.
import { expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { failureOf } from "../../src/usecases/one-failure.ts";

const running = new AbortController().signal;
const stopping = AbortSignal.abort(new Error("stopped by SIGTERM"));

test("an expected failure stays what it is", () => {
  const failure = new Failure("config", "wrong");
  expect(failureOf(failure, { signal: running })).toBe(failure);
  expect(failureOf(failure, { signal: stopping })).toBe(failure);
});

test("what is thrown after a stop was asked for is the stop: a later run goes on", () => {
  expect(failureOf(stopping.reason, { signal: stopping })).toMatchObject({
    kind: "try-later",
    message: "stopped; the next run goes on from here",
  });
});

test("anything else is a bug, with its stack", () => {
  const failure = failureOf(new Error("oops"), { signal: running });
  expect(failure.kind).toBe("unavailable");
  expect(failure.message).toMatch(/^this is a bug in mailcert: Error: oops\n +at /);
});
