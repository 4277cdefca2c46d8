// One trial of a sweep: mailcert is hurt at one point, what must hold at once is looked at, and the next run must put everything right.
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { SweptHost } from "./host.ts";
import { type Fault, type Injected, runWithFault } from "./inject.ts";
import { type Point, pointName } from "./points.ts";
import type { Files, Kind } from "./watcher.ts";

export interface Scenario {
  readonly what: string;
  readonly args: readonly string[];
  /** What the watcher asks every port for: `any` where the servers may have had one certificate only before. */
  readonly kinds: readonly Kind[];
  /** What the servers had before mailcert came may be served, too. */
  readonly original: boolean;
  /** From a fresh host to where the command can be run; once. */
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

const liveLeaves = (files: Files): readonly string[] => Object.values(files.slots).map(({ leaf }) => leaf);

/** By `port kind`: the leaf that live holds for it; `any`: of either slot. */
const isLive = (files: Files, key: string, leaf: string): boolean => {
  const kind = key.split(" ")[1] ?? "";
  return kind === "any" ? liveLeaves(files).includes(leaf) : files.slots[kind]?.leaf === leaf;
};

/** Files behind live as they must be at every instant. */
const expectWhole = (files: Files, where: string): void => {
  const wrong = Object.entries(files.slots).filter(([, { together, same }]) => !together || !same);
  expect(wrong, `key and certificate behind live, ${where}`).toEqual([]);
};

/** A process of Postfix that is reused may answer with the old leaf for some seconds after a reload. */
const expectAllLive = async (
  { watcher }: SweptHost,
  kinds: readonly Kind[],
  files: Files,
  where: string,
): Promise<void> => {
  let others: readonly string[] = [];
  for (let tries = 0; tries < 40; tries += 1) {
    others = Object.entries(await watcher.look(kinds)).flatMap(([key, leaf]) =>
      isLive(files, key, leaf) ? [] : [`${key}: ${leaf}`],
    );
    if (others.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(others, `not the live leaf, ${where}`).toEqual([]);
};

export interface Trial {
  readonly point: Point;
  readonly fault: Fault;
  readonly turn: number;
}

/** Ports that had no handshake when the host was fresh owe none until we gave them one. */
const isExcused = (original: Readonly<Record<string, string>>, port: number): boolean =>
  Object.entries(original).every(([key, leaf]) => !key.startsWith(`${port} `) || leaf === "");

/** A point is missed where an earlier trial left work that this run took up (a key that waits): it is whole now, and goes the whole way. */
const injectSurely = async (swept: SweptHost, scenario: Scenario, { point, fault, turn }: Trial): Promise<Injected> => {
  try {
    return await runWithFault(swept.host, scenario.args, point, fault);
  } catch {
    await scenario.again(swept, turn);
    return runWithFault(swept.host, scenario.args, point, fault);
  }
};

/** @throws AssertionError naming the point. */
export const tryPoint = async (swept: SweptHost, scenario: Scenario, trial: Trial): Promise<Injected> => {
  const { watcher } = swept;
  const { kinds } = scenario;
  const where = `${scenario.what}, ${trial.fault} at ${pointName(trial.point)}`;
  const before = { files: await watcher.files(), served: await watcher.look(kinds) };
  await watcher.begin(kinds);
  const injected = await injectSurely(swept, scenario, trial);

  const hurt = await watcher.files();
  expectWhole(hurt, where);
  expect(
    before.files.keys.filter((key) => !hurt.keys.includes(key)),
    `keys lost, ${where}`,
  ).toEqual([]);

  await scenario.converge(swept, trial.turn);
  const after = await watcher.files();
  expectWhole(after, where);
  expect({ temporary: after.temporary, stage: after.stage, where }).toEqual({
    temporary: [],
    stage: "verified",
    where,
  });
  expect(after.generations, where).toBeLessThanOrEqual(3);
  await expectAllLive(swept, kinds, after, where);

  const watched = await watcher.end();
  expect(
    watched.failures.filter(({ port }) => !isExcused(swept.original, port)),
    `handshakes that failed, ${where}`,
  ).toEqual([]);
  const mine = new Set([hurt, after].flatMap(liveLeaves));
  const strangers = Object.entries(watched.seen).flatMap(([key, leaves]) =>
    Object.keys(leaves)
      .filter((leaf) => !mine.has(leaf) && leaf !== before.served[key])
      .filter((leaf) => !(scenario.original && Object.values(swept.original).includes(leaf)))
      .map((leaf) => `${key}: ${leaf}`),
  );
  expect(strangers, `neither the old nor the new leaf, ${where}`).toEqual([]);
  if (watched.probes < Object.keys(before.served).length) throw new Error(`hardly anything was watched, ${where}`);
  swept.probes += watched.probes;
  if (
    !isDeepStrictEqual(
      after.keys.filter((key) => hurt.keys.includes(key)),
      hurt.keys,
    )
  )
    throw new Error(`keys lost by the next run, ${where}`);
  return injected;
};
