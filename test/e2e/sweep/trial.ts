// One trial of a sweep: mailcert is hurt at one point, what must hold at once is looked at, and the next run must put everything right.
import { expect } from "vitest";
import type { SweptHost } from "./host.ts";
import { type Fault, type Injected, runWithFault } from "./inject.ts";
import { type Point, pointName } from "./points.ts";
import { expectAllLive, expectServedThroughout, expectWhole } from "./watched.ts";
import type { Files, Kind } from "./watcher.ts";

export interface Scenario {
  readonly what: string;
  readonly args: readonly string[];
  /** What the watcher asks every port for: `any` where the servers may have had one certificate only before. */
  readonly kinds: readonly Kind[];
  /** What the servers had before mailcert came may be served, too. */
  readonly original: boolean;
  /** To where the command can be run, from a fresh host or from where another scenario ended. */
  prepare(swept: SweptHost): Promise<void>;
  /** The next runs, until the certificate is served everywhere; asserts their results. `turn` lets scenarios take turns with ways on. */
  converge(swept: SweptHost, turn: number): Promise<void>;
  /** From there to where the command can be run again. */
  again(swept: SweptHost, turn: number): Promise<void>;
}

/** Runs mailcert, which must end well and have nothing to say on stderr. */
export const well = async ({ host }: SweptHost, where: string, ...args: readonly string[]): Promise<void> => {
  const { status, stdout, stderr } = await host.mailcert(args, { timeoutMs: 240_000 });
  expect({ run: args.join(" "), status, stderr, where }, stdout).toEqual({
    run: args.join(" "),
    status: 0,
    stderr: "",
    where,
  });
};

export interface Trial {
  readonly point: Point;
  readonly fault: Fault;
  readonly turn: number;
}

/** Ports that had no handshake when the host was fresh owe none until they were given one. */
const hadNone = (original: Readonly<Record<string, string>>, port: number): boolean =>
  Object.entries(original).every(([key, leaf]) => !key.startsWith(`${port} `) || leaf === "");

interface Hurt {
  readonly injected: Injected;
  readonly before: Files;
}

/** A point is missed where an earlier trial left work that this run took up (a key that waits, a generation too many): it is whole now, or after one more, and goes the whole way. */
const injectSurely = async (swept: SweptHost, scenario: Scenario, { point, fault, turn }: Trial): Promise<Hurt> => {
  const inject = async (): Promise<Hurt> => {
    const before = await swept.watcher.files();
    await swept.watcher.begin(scenario.kinds);
    return { before, injected: await runWithFault(swept.host, scenario.args, point, fault) };
  };
  for (let left = 2; left > 0; left--) {
    try {
      return await inject();
    } catch {
      await scenario.again(swept, turn);
    }
  }
  return inject();
};

export interface Tried {
  /** The call at which it happened, as strace saw it. */
  readonly seen: string;
  /** Handshakes that were watched. */
  readonly watched: number;
}

const convergeAfter = async (swept: SweptHost, scenario: Scenario, hurt: Files, where: string, turn: number) => {
  await scenario.converge(swept, turn);
  const after = await swept.watcher.files();
  expectWhole(after, where);
  expect({ ...after, where }).toMatchObject({ temporary: [], stage: "verified" });
  expect(after.keys, `keys lost, ${where}`).toEqual(expect.arrayContaining([...hurt.keys]));
  // Three are kept; one or two more until the next renewal, where the clearing away was cut short.
  expect(after.generations, where).toBeLessThanOrEqual(5);
  await expectAllLive(swept, scenario.kinds, where);
  return after;
};

/** @throws AssertionError naming the point. */
export const tryPoint = async (swept: SweptHost, scenario: Scenario, trial: Trial): Promise<Tried> => {
  const { watcher } = swept;
  const where = `${scenario.what}, ${trial.fault} at ${pointName(trial.point)}`;
  const { before, injected } = await injectSurely(swept, scenario, trial);
  // 70 is a bug by its own account. (strace ends by the signal that ended mailcert.)
  expect(injected, where).not.toMatchObject({ status: 70 });

  const hurt = await watcher.files();
  expectWhole(hurt, where);
  expect(hurt.keys, `keys lost, ${where}`).toEqual(expect.arrayContaining([...before.keys]));

  // Where nothing was changed yet but the lock, the next run does what it did after such a fault before: once for each state of the lock.
  const untouched = hurt.digest === before.digest ? `${scenario.what}, lock ${hurt.lock}` : undefined;
  const behindLive = [before, hurt];
  if (untouched === undefined || !swept.goesOnFrom.has(untouched))
    behindLive.push(await convergeAfter(swept, scenario, hurt, where, trial.turn));
  if (untouched !== undefined) swept.goesOnFrom.add(untouched);

  const originals = scenario.original ? Object.values(swept.original) : [];
  const watched = await watcher.end();
  const excused = (port: number): boolean => hadNone(swept.original, port);
  expectServedThroughout(watched, { behindLive, originals }, excused, where);
  return { seen: injected.seen, watched: watched.probes };
};
