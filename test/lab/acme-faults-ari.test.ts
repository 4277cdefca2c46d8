// The fault matrix at renewal information: whatever comes is an answer, quick and bounded, and never a failure; afterwards the CA is heard again.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RenewalInfo } from "../../src/domain/ari.ts";
import { type FaultName, faults } from "../fakes/acme-faults.ts";
import { type Bench, openBench } from "./acme-bench.ts";
import { type Pebble, startPebble } from "./pebble.ts";

let pebble: Pebble;
let b: Bench;
let leaf: string;
beforeAll(async () => {
  pebble = await startPebble({ vaAlwaysValid: true });
  b = await openBench(pebble);
  ({ leaf } = await b.issue());
});
afterAll(async () => {
  await b.close();
  await pebble.stop();
});

const ask = async (timeoutMs: number): Promise<RenewalInfo> => {
  const issuer = b.issuer({ timeoutMs });
  const info = await issuer.renewalInfo?.({
    leaf,
    settings: b.settings,
    signal: new AbortController().signal,
    step: () => undefined,
  });
  if (info === undefined) throw new Error("nothing was answered");
  return info;
};

/** `none`: our own rule, asked again after hours. `later`: what the CA said before holds. */
type Answer = "window" | readonly ["none" | "later", RegExp, number?];

const answers: Readonly<Record<FaultName, Answer>> = {
  "429, Retry-After in seconds": ["later", /rateLimited/, 7200],
  "429, Retry-After as a date": ["later", /rateLimited/, 7200],
  "429 alone": ["later", /rateLimited/],
  "503, Retry-After in seconds": ["later", /^HTTP 503 from https:\S+$/, 7200],
  "503, Retry-After as a date": ["later", /^HTTP 503 from https:\S+$/, 7200],
  "503, a date by a clock that is wrong": ["later", /^HTTP 503 from https:\S+$/, 7200],
  "503 alone": ["later", /^HTTP 503 from https:\S+$/],
  "500 as HTML": ["later", /^HTTP 500 from https:\S+$/],
  "502 with Retry-After": ["later", /^HTTP 502 from https:\S+$/, 7200],
  hang: ["later", /no complete reply within 1 s$/],
  "reset before the reply": ["later", /the connection broke before the reply was complete$/],
  "reset in the body": ["later", /the connection broke before the reply was complete$/],
  "truncated body": ["none", /JSON that cannot be read/],
  "wrong content type": ["none", /answered with "text\/html"/],
  "empty body": ["none", /no suggestedWindow/],
  redirect: ["none", /redirects to https:/],
  "skewed Date": "window",
  "Replay-Nonce missing": "window",
  "Replay-Nonce malformed": "window",
  badNonce: ["none", /badNonce/],
  "badNonce with a fresh one": ["none", /badNonce/],
};

test.each(Object.entries(answers) as readonly [FaultName, Answer][])("%s", async (fault, answer) => {
  b.proxy.script = ({ path }) => (path.includes("/renewalInfo/") ? faults[fault]() : undefined);
  const before = b.proxy.seen.length;
  const info = await ask(fault === "hang" ? 1000 : 20_000);
  if (answer === "window") expect(info.kind).toBe("window");
  else {
    const [kind, why, seconds] = answer;
    expect(info).toMatchObject({ kind, why: expect.stringMatching(why) });
    const asked = info.kind === "none" ? undefined : info.retryAfter;
    const wait = asked === undefined ? Number.NaN : (asked.getTime() - b.clock.now) / 1000;
    if (seconds === undefined) expect(wait).toBeNaN();
    else expect(Math.abs(wait - seconds)).toBeLessThan(30);
  }
  // The directory, and at most three times this.
  expect(b.proxy.seen.length - before).toBeLessThanOrEqual(4);
  b.proxy.script = () => undefined;
  expect((await ask(20_000)).kind).toBe("window");
  expect([b.orders(), b.accounts().length]).toEqual([1, 1]);
});
