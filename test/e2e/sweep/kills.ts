// The sweeps of kill -9, as tests of one suite.
import { describe, expect, it } from "vitest";
import type { Suite } from "../../lab/parts.ts";
import { firstSetup, newKeys, removal, renewal, rollback } from "./scenarios.ts";
import { sweep } from "./sweep.ts";

/** Fewer would mean that points are not seen any more: a renewal alone writes 60 times. */
const fewest = 100;

export const sweepKills = (suite: Suite): void => {
  describe(`kill -9 on ${suite}`, () => {
    it.each([renewal, newKeys, rollback, removal, firstSetup])(
      "$what",
      { timeout: 6 * 3_600_000 },
      async (scenario) => {
        const { points, tried, probes } = await sweep({ suite, scenario, fault: "signal=SIGKILL" });
        expect(points).toBeGreaterThan(fewest);
        expect(tried).toBeGreaterThan(0);
        expect(probes).toBeGreaterThan(tried);
      },
    );
  });
};
