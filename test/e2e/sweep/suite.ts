// The sweeps as tests of one suite: kill -9 at every point of five runs, and errors at every call of a renewal that can fail.
import { afterAll, describe, expect, it } from "vitest";
import type { Suite } from "../../lab/parts.ts";
import type { Point } from "./points.ts";
import { firstSetup, newKeys, removal, renewal, rollback } from "./scenarios.ts";
import { type Sweep, createStage, sweep } from "./sweep.ts";

const hours = 3_600_000;
/** Fewer would mean that points are not seen any more: a renewal alone makes 60 calls that write. */
const fewestKills = 60;
const fewestErrors = 30;

const writes = /^(open|creat|p?write|copy_file_range|mkdir|rename|symlink|link|f?truncate)/;
const errors: readonly { readonly error: string; readonly at: (point: Point) => boolean }[] = [
  { error: "ENOSPC", at: ({ call }) => writes.test(call) },
  { error: "EIO", at: ({ call }) => /^f(data)?sync/.test(call) },
  { error: "EACCES", at: ({ call }) => /^(open|mkdir|rename|symlink|link|f?chmod)/.test(call) },
];

export const sweepSuite = (suite: Suite): void => {
  describe(suite, () => {
    const stage = createStage(suite);
    afterAll(() => stage.clear());
    const expectSwept = async (job: Sweep, fewest: number): Promise<void> => {
      const { points, chosen, tried, probes } = await sweep(stage, job);
      expect(points).toBeGreaterThan(fewest);
      expect(chosen).toBeGreaterThan(0);
      expect(probes).toBeGreaterThanOrEqual(tried);
    };
    for (const scenario of [firstSetup, renewal, newKeys, rollback, removal])
      it(`kill -9 in a ${scenario.what}`, { timeout: 6 * hours }, () =>
        expectSwept({ scenario, fault: "signal=SIGKILL" }, fewestKills),
      );
    for (const { error, at } of errors)
      it(`${error} in a renewal with new keys`, { timeout: 3 * hours }, () =>
        expectSwept({ scenario: newKeys, fault: `error=${error}`, at, every: 30 }, fewestErrors),
      );
  });
};
