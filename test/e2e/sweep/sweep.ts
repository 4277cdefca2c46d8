// A sweep: a fault at each point of a scenario (MAILCERT_FULL=1), or at every tenth, half of them on each of two suites.
import { appendFileSync } from "node:fs";
import { startSweptHost } from "./host.ts";
import { type Fault, recordPoints } from "./inject.ts";
import { type Point, pointName } from "./points.ts";
import { type Scenario, tryPoint } from "./trial.ts";
import type { Suite } from "../../lab/parts.ts";

const full = process.env["MAILCERT_FULL"] === "1";
/** Where a run of all points writes how far it got, one line a trial. */
const journal = process.env["MAILCERT_SWEEP_LOG"];

/** A fixed choice, so that a failure can be tried again: each suite another twentieth. */
const isChosen = (index: number, suite: Suite): boolean => full || index % 20 === (suite === "bookworm" ? 3 : 13);

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

/** @throws AssertionError at the first point that does not hold. */
export const sweep = async ({ suite, scenario, fault, at = () => true }: Sweep): Promise<Swept> => {
  const swept = await startSweptHost(suite);
  try {
    await scenario.prepare(swept);
    const points = (await recordPoints(swept.host, scenario.args)).filter(at);
    await scenario.converge(swept, 1);
    await scenario.again(swept, 3);
    const chosen = [...points.entries()].filter(([index]) => isChosen(index, suite));
    for (const [index, point] of chosen) {
      const started = performance.now();
      const { seen } = await tryPoint(swept, scenario, { point, fault, turn: index });
      await scenario.again(swept, index);
      const words = [suite, scenario.what, fault, `${index + 1}/${points.length}`, pointName(point)];
      if (journal)
        appendFileSync(journal, `${words.join("\t")}\t${Math.round(performance.now() - started)} ms\t${seen}\n`);
    }
    return { points: points.length, tried: chosen.length, probes: swept.probes };
  } finally {
    await swept.host.stop();
  }
};
