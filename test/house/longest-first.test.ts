// The list by which test files are ordered names files that exist, and the order is the list's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TestSpecification, Vitest } from "vitest/node";
import { LongestFirst, seconds } from "../longest-first.ts";

const root = join(import.meta.dirname, "../..");

test("every file that is named exists", () => {
  expect(Object.keys(seconds).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("the longest of a project first, projects one after the other, unknown files as they were", async () => {
  const cache = { getFileTestResults: () => undefined, getFileStats: (): { size: number } => ({ size: 1 }) };
  const config = { root, sequence: { groupOrder: 0 }, isolate: true };
  const file = (project: string, path: string): TestSpecification =>
    ({ project: { name: project, config }, moduleId: join(root, path) }) as unknown as TestSpecification;
  const given = [
    file("lab", "test/a.test.ts"),
    file("cli", "test/cli/streams.test.ts"),
    file("lab", "test/lab/servers.test.ts"),
    file("lab", "test/b.test.ts"),
    file("lab", "test/e2e/sweep-trixie.test.ts"),
  ];
  const sorted = await new LongestFirst({ cache, config } as unknown as Vitest).sort(given);
  expect(sorted.map(({ moduleId }) => moduleId.slice(root.length + 1))).toEqual([
    "test/cli/streams.test.ts",
    "test/e2e/sweep-trixie.test.ts",
    "test/lab/servers.test.ts",
    "test/a.test.ts",
    "test/b.test.ts",
  ]);
});
