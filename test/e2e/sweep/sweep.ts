// A sweep: a fault at each point of a scenario (MAILCERT_FULL=1), or at every thirtieth, half of them on each of two suites.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Suite } from "../../lab/parts.ts";
import { type SweptHost, startSweptHost } from "./host.ts";
import { type Fault, recordPoints } from "./inject.ts";
import { type Point, pointName } from "./points.ts";
import { type Scenario, tryPoint } from "./trial.ts";

const full = process.env["MAILCERT_FULL"] === "1";
/** Where each trial that went well is written down, one line each; what stands there already is not tried again, so that a run that takes hours can be ended. */
const journal = process.env["MAILCERT_SWEEP_LOG"];
/** `0/2`: this half of a full run, the other suite takes the other half. */
const [part = 0, parts = 1] = (process.env["MAILCERT_SWEEP_SHARE"] ?? "0/1").split("/").map(Number);

/** A fixed choice, so that a failure can be tried again: each suite another sixtieth. */
const isChosen = (index: number, suite: Suite): boolean =>
  full
    ? index % parts === (part + (suite === "trixie" ? 1 : 0)) % parts
    : index % 60 === (suite === "bookworm" ? 3 : 33);

export interface Swept {
  /** Points that the run has. */
  readonly points: number;
  readonly tried: number;
  /** Handshakes that were watched. */
  readonly probes: number;
}

export interface Sweep {
  readonly suite: Suite;
  readonly scenario: Scenario;
  readonly fault: Fault;
  /** Which calls can fail that way; default all. */
  readonly at?: (point: Point) => boolean;
}

/** After so many failures the rest would say the same. */
const mostFailures = 5;

const readyHost = async ({
  suite,
  scenario,
  at = () => true,
}: Sweep): Promise<{ swept: SweptHost; points: readonly Point[] }> => {
  const swept = await startSweptHost(suite);
  try {
    await scenario.prepare(swept);
    const points = (await recordPoints(swept.host, scenario.args)).filter(at);
    await scenario.converge(swept, 1);
    await scenario.again(swept, 3);
    return { swept, points };
  } catch (error) {
    await swept.host.stop();
    throw error;
  }
};

/** @throws Error with all points that do not hold. */
export const sweep = async (job: Sweep): Promise<Swept> => {
  const { suite, scenario, fault } = job;
  const done = new Set(
    journal && existsSync(journal)
      ? readFileSync(journal, "utf8")
          .split("\n")
          .map((line) => line.split("\t").slice(0, 5).join("\t"))
      : [],
  );
  const ready = await readyHost(job);
  const { points } = ready;
  let { swept } = ready;
  const failures: unknown[] = [];
  let [tried, probes] = [0, 0];
  try {
    for (const [index, point] of points.entries()) {
      const words = [suite, scenario.what, fault, `${index + 1}/${points.length}`, pointName(point)].join("\t");
      if (!isChosen(index, suite) || done.has(words)) continue;
      const started = performance.now();
      tried += 1;
      try {
        const { seen } = await tryPoint(swept, scenario, { point, fault, turn: index });
        await scenario.again(swept, index);
        if (journal)
          appendFileSync(journal, `${words}\t${Math.round(performance.now() - started)} ms\t${seen.slice(0, 200)}\n`);
      } catch (error) {
        failures.push(error);
        if (failures.length === mostFailures) break;
        probes += swept.probes;
        await swept.host.stop();
        ({ swept } = await readyHost(job));
      }
    }
    probes += swept.probes;
  } finally {
    await swept.host.stop();
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n\n"));
  return { points: points.length, tried, probes };
};
