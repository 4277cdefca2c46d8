// The sweeps as tests of one suite: kill -9 at every point of five runs, and errors at every call of a renewal that can fail.
import { afterAll, describe, expect, it } from "vitest";
import type { Suite } from "../../lab/parts.ts";
import type { Point } from "./points.ts";
import { firstSetup, newKeys, removal, renewal, rollback } from "./scenarios.ts";
import { type Sweep, createStage, sweep } from "./sweep.ts";

const hours = 3_600_000;
/** Fewer would mean that points are not seen any more: a renewal alone writes 60 times. */
const fewestKills = 100;
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
    afterAll(stage.clear);
    const expectSwept = async (job: Sweep, fewest: number): Promise<void> => {
      const { points, chosen, tried, probes } = await sweep(stage, job);
      expect(points).toBeGreaterThan(fewest);
      expect(chosen).toBeGreaterThan(0);
      expect(probes).toBeGreaterThanOrEqual(tried);
    };
    it.each([firstSetup, renewal, newKeys, rollback, removal])(
      "kill -9 in a $what",
      { timeout: 6 * hours },
      (scenario) => expectSwept({ scenario, fault: "signal=SIGKILL" }, fewestKills),
    );
    it.each(errors)("$error in a renewal with new keys", { timeout: 3 * hours }, ({ error, at }) =>
      expectSwept({ scenario: newKeys, fault: `error=${error}`, at, every: 30 }, fewestErrors),
    );
  });
};
