// A sweep: a fault at each point of a scenario (MAILCERT_FULL=1), or at every twentieth. The scenarios of a suite follow one another on one host.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Suite } from "../../lab/parts.ts";
import { type SweptHost, startSweptHost } from "./host.ts";
import { type Fault, recordPoints } from "./inject.ts";
import { type Point, pointName } from "./points.ts";
import { type Scenario, tryPoint } from "./trial.ts";

const full = process.env["MAILCERT_FULL"] === "1";
/** Where each trial that went well is written down, one line each; what stands there already is not tried again, so that a run that takes hours can be ended. What failed, at once: beside it, in `.failed`. */
const journal = process.env["MAILCERT_SWEEP_LOG"];
/** `0/2`: this half of a full run's points. */
const [part = 0, parts = 1] = (process.env["MAILCERT_SWEEP_SHARE"] ?? "0/1").split("/").map(Number);

/** A fixed choice, so that a failure can be tried again; each suite has others. */
const isChosen = (index: number, suite: Suite, every: number): boolean =>
  full ? index % parts === part : index % every === (suite === "bookworm" ? 3 : 13) % every;

export interface Swept {
  /** Points that the run has. */
  readonly points: number;
  /** How many were chosen: each is tried now, or was before by the journal's word. */
  readonly chosen: number;
  readonly tried: number;
  /** Handshakes that were watched. */
  readonly probes: number;
}

export interface Sweep {
  readonly scenario: Scenario;
  readonly fault: Fault;
  /** Which calls can fail that way; default all. */
  readonly at?: (point: Point) => boolean;
  /** `npm test` tries one point of so many; default 10. */
  readonly every?: number;
}

/** The host on which sweeps follow one another; after a failure a fresh one takes its place. */
export interface Stage {
  readonly suite: Suite;
  ready(scenario: Scenario): Promise<SweptHost>;
  clear(): Promise<void>;
}

export const createStage = (suite: Suite): Stage => {
  let swept: SweptHost | undefined;
  let prepared: Scenario | undefined;
  const clear = async (): Promise<void> => {
    await swept?.host.stop();
    swept = prepared = undefined;
  };
  return {
    suite,
    clear,
    ready: async (scenario) => {
      swept ??= await startSweptHost(suite);
      if (prepared !== scenario) await scenario.prepare(swept);
      prepared = scenario;
      return swept;
    },
  };
};

/** After so many failures the rest would say the same. */
const mostFailures = 5;

const pointsOf = async (stage: Stage, { scenario, at = () => true }: Sweep): Promise<readonly Point[]> => {
  const swept = await stage.ready(scenario);
  // What an earlier sweep's last trial left (a key that waits) is taken up by the first run, which makes other calls then.
  await recordPoints(swept.host, scenario.args);
  await scenario.converge(swept, 1);
  await scenario.again(swept, 3);
  const points = await recordPoints(swept.host, scenario.args);
  await scenario.converge(swept, 1);
  await scenario.again(swept, 3);
  return points.filter(at);
};

/** What went well already: the first five columns of the journal. */
const triedBefore = (): ReadonlySet<string> => {
  const lines = journal && existsSync(journal) ? readFileSync(journal, "utf8").split("\n") : [];
  return new Set(lines.map((line) => line.split("\t").slice(0, 5).join("\t")));
};

/** @throws Error with all points that do not hold. */
export const sweep = async (stage: Stage, job: Sweep): Promise<Swept> => {
  const { scenario, fault, every = 20 } = job;
  const { suite } = stage;
  const before = triedBefore();
  const points = await pointsOf(stage, job);
  const failures: unknown[] = [];
  let [chosen, tried, probes] = [0, 0, 0];
  for (const [index, point] of points.entries()) {
    if (!isChosen(index, suite, every)) continue;
    chosen += 1;
    const words = [suite, scenario.what, fault, `${index + 1}/${points.length}`, pointName(point)].join("\t");
    if (before.has(words)) continue;
    const started = performance.now();
    tried += 1;
    try {
      const swept = await stage.ready(scenario);
      const { seen, watched } = await tryPoint(swept, scenario, { point, fault, turn: index });
      await scenario.again(swept, index);
      probes += watched;
      if (journal)
        appendFileSync(journal, `${words}\t${Math.round(performance.now() - started)} ms\t${seen.slice(0, 200)}\n`);
    } catch (error) {
      failures.push(error);
      if (journal) appendFileSync(`${journal}.failed`, `${words}\n${String(error)}\n\n`);
      await stage.clear();
      if (failures.length === mostFailures) break;
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n\n"));
  return { points: points.length, chosen, tried, probes };
};
