// How an issuance ends by fault and place: the fault matrix of acme.md §6.3 as a table, and the test that plays a row of it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FailureKind } from "../../src/domain/failure.ts";
import { type FaultName, type Place, faults, strike } from "../fakes/acme-faults.ts";
import { openBench } from "./acme-bench.ts";
import { type Pebble, startPebble } from "./pebble.ts";

/** `seconds`: until the next attempt, where the CA, or we in its place, said when. */
interface Ended {
  readonly kind: FailureKind;
  readonly says: RegExp;
  readonly seconds?: number;
}
type Ends = "recovers" | Ended;
type Row = Readonly<Partial<Record<FaultName, Ends>>>;

const later = (seconds: number, says: RegExp): Ended => ({ kind: "try-later", says, seconds });
const unavailable = (says: RegExp): Ended => ({ kind: "unavailable", says });
const noDirectory = (says: RegExp): Ended => ({ kind: "config", says });

const limited = /urn:ietf:params:acme:error:rateLimited: scripted rateLimited$/;
const refusedNonce = unavailable(/urn:ietf:params:acme:error:badNonce: scripted badNonce$/);
const broke = unavailable(/^cannot talk to the ACME server at https:\S+: the connection broke before the reply was/);
const at503 = /: HTTP 503 from https:\/\/localhost:\d+\/\S+$/;

/** A fault that stays, wherever nothing else is said below. */
const staying: Readonly<Record<FaultName, Ends>> = {
  "429, Retry-After in seconds": later(7200, limited),
  "429, Retry-After as a date": later(7200, limited),
  "429 alone": later(3600, limited),
  "503, Retry-After in seconds": later(7200, at503),
  "503, Retry-After as a date": later(7200, at503),
  "503, a date by a clock that is wrong": later(7200, at503),
  "503 alone": later(600, at503),
  "500 as HTML": unavailable(/: HTTP 500 from https:\S+$/),
  "502 with Retry-After": { ...unavailable(/: HTTP 502 from https:\S+$/), seconds: 7200 },
  hang: unavailable(/: no complete reply within 3 s$/),
  "reset before the reply": broke,
  "reset in the body": broke,
  "truncated body": unavailable(/ answered with JSON that cannot be read where ACME has JSON/),
  "wrong content type": unavailable(/ answered with "text\/html" where ACME has JSON/),
  "empty body": unavailable(/^the CA sent an (?:order|authorization) that cannot be understood/),
  redirect: unavailable(/^https:\S+ redirects to https:\/\/localhost:9\/elsewhere$/),
  "skewed Date": "recovers",
  "Replay-Nonce missing": "recovers",
  "Replay-Nonce malformed": "recovers",
  badNonce: refusedNonce,
  "badNonce with a fresh one": refusedNonce,
};

const http = (status: number): RegExp => new RegExp(`: HTTP ${status} from https:\\S+/nonce-plz$`);
const noNonces = unavailable(/gives no nonces \(RFC 8555 §7\.2\)$/);
const noAnswer = { "truncated body": "recovers", "wrong content type": "recovers", "empty body": "recovers" } as const;

const stayingAt: Readonly<Record<Place, Row>> = {
  directory: {
    "truncated body": noDirectory(/is not an ACME directory: its JSON cannot be read$/),
    "wrong content type": noDirectory(/is not an ACME directory: it answers with "text\/html", not with JSON$/),
    "empty body": noDirectory(/is not an ACME directory: it is no JSON object$/),
    badNonce: noDirectory(/is not an ACME directory: it answers with HTTP 400$/),
    "badNonce with a fresh one": noDirectory(/is not an ACME directory: it answers with HTTP 400$/),
  },
  // HEAD: there is no body to be wrong.
  newNonce: {
    "429, Retry-After in seconds": later(7200, http(429)),
    "429, Retry-After as a date": later(7200, http(429)),
    "429 alone": later(3600, http(429)),
    ...noAnswer,
    "Replay-Nonce missing": noNonces,
    "Replay-Nonce malformed": noNonces,
    badNonce: unavailable(http(400)),
    "badNonce with a fresh one": unavailable(http(400)),
  },
  newAccount: { "empty body": "recovers" },
  // The order's URL stands in the header: it is looked at there.
  newOrder: { ...noAnswer, "reset in the body": "recovers" },
  authorization: {},
  // Only that it was heard matters.
  challenge: { "empty body": "recovers" },
  "authorization poll": {},
  finalize: {},
  "order poll": {},
  certificate: {
    "empty body": unavailable(/chain is not used: there is no certificate in it$/),
    "truncated body": unavailable(/chain is not used: it ends in the middle of a certificate$/),
  },
};

/** What only looks is asked again, */
const look: Row = {
  "500 as HTML": "recovers",
  "reset in the body": "recovers",
  "truncated body": "recovers",
  "wrong content type": "recovers",
  "empty body": "recovers",
};

/** and a wait goes on besides. */
const poll: Row = { ...look, "502 with Retry-After": "recovers", hang: "recovers" };

/** A fault that strikes once, where that is something else. */
const onceAt: Readonly<Partial<Record<Place, Row>>> = {
  newNonce: { "reset in the body": "recovers" },
  authorization: look,
  "authorization poll": poll,
  "order poll": poll,
  certificate: look,
};
const onceAnywhere: Row = {
  "reset before the reply": "recovers",
  badNonce: "recovers",
  "badNonce with a fresh one": "recovers",
};

const endsOf = (place: Place, fault: FaultName, once: boolean): Ends => {
  const signed = place !== "directory" && place !== "newNonce";
  const anywhere = signed || fault === "reset before the reply" ? onceAnywhere[fault] : undefined;
  return (once ? (onceAt[place]?.[fault] ?? anywhere) : undefined) ?? stayingAt[place][fault] ?? staying[fault];
};

/** The CA heard of orders whose replies were lost altogether: two more each try, and each is counted here. */
const ordersOf = (place: Place, fault: FaultName, once: boolean): number =>
  place === "newOrder" && fault === "reset before the reply" ? (once ? 2 : 4) : 1;

/** Everything else of that run has to be answered in this time, too, with five runs side by side. */
const hangMs = 3000;

const play = async (pebble: Pebble, place: Place, fault: FaultName, once: boolean): Promise<void> => {
  const bench = await openBench(pebble);
  try {
    const ends = endsOf(place, fault, once);
    bench.proxy.script = strike(place, fault, once);
    const options = fault === "hang" ? { timeoutMs: hangMs } : {};
    if (ends === "recovers") await bench.issue({}, options);
    else {
      const failure = await bench.failing({}, options);
      expect(failure).toMatchObject({ kind: ends.kind, message: expect.stringMatching(ends.says) });
      expect(failure.message.length + failure.hints.length).toBeLessThan(600);
      expect(failure.hints).not.toEqual([]);
      const wait = (Date.parse(String(failure.facts?.["retryAt"])) - bench.clock.now) / 1000;
      if (ends.seconds === undefined) expect(wait).toBeNaN();
      // HTTP dates have whole seconds.
      else expect(Math.abs(wait - ends.seconds)).toBeLessThan(30);
    }
    expect(bench.shown()).toBe(0);
    expect(bench.proxy.seen.length).toBeLessThan(fault.startsWith("badNonce") ? 230 : 40);
    const account = await bench.account();
    if (ends !== "recovers") {
      bench.proxy.script = () => undefined;
      await bench.issue();
    }
    expect(bench.accounts()).toEqual([account ?? (await bench.account())]);
    expect(await bench.account()).toBe(bench.accounts()[0]);
    expect({ orders: bench.orders(), finalized: bench.finalized(), pending: await bench.pending() }).toEqual({
      orders: ordersOf(place, fault, once),
      finalized: 1,
      pending: 0,
    });
  } finally {
    await bench.close();
  }
};

/** What ends a run at its first stroke is the same played once. */
const differs = (place: Place, fault: FaultName): boolean => endsOf(place, fault, true) !== endsOf(place, fault, false);

/** Plays every fault at these places, once and for as long as the run goes on; afterwards the same state folder has to get its certificate. */
export const faultMatrix = (struck: readonly Place[]): void => {
  let pebble: Pebble | undefined;
  beforeAll(async () => {
    pebble = await startPebble({ vaAlwaysValid: true });
  });
  afterAll(() => pebble?.stop());
  const pebbleNow = (): Pebble => {
    if (pebble === undefined) throw new Error("Pebble is not running");
    return pebble;
  };
  const names = Object.keys(faults) as FaultName[];
  for (const place of struck) {
    describe.concurrent(place, () => {
      test.each(names)("%s, and it stays", (fault) => play(pebbleNow(), place, fault, false));
      test.each(names.filter((fault) => differs(place, fault)))("%s, once", (fault) =>
        play(pebbleNow(), place, fault, true),
      );
    });
  }
};
