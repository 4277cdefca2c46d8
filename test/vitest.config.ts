// The test projects: unit (no root, no servers of others), cli (golden transcripts of the built program), lab (real mail hosts).
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./longest-first.ts";

/** Kills at random instants for an hour: `npm run test:full` has them beside each point of the sweeps, of which `npm test` has every twentieth. */
const heavy = process.env["MAILCERT_FULL"] === "1" ? [] : ["test/e2e/crash.test.ts"];

/** What `expect.poll` waits for comes in its own time on a machine of two cores with three workers: a second, the default, is not enough. */
const shared = { environment: "node" as const, passWithNoTests: false, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    passWithNoTests: false,
    // Tests wait for servers more than they compute.
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reportsDirectory: "coverage",
      reporter: ["text-summary", "json-summary"],
      // A floor for the unit tests alone; what only a real server or CA can show is shown in the lab.
      thresholds: { lines: 84, functions: 80, branches: 68, statements: 82 },
    },
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/cli/**", "test/lab/**", "test/e2e/**"],
          testTimeout: 20_000,
        },
      },
      { test: { ...shared, name: "cli", include: ["test/cli/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          ...shared,
          name: "lab",
          include: ["test/lab/**/*.test.ts", "test/e2e/**/*.test.ts"],
          exclude: heavy,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
