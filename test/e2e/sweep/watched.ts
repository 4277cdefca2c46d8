// What every fault must leave: one whole pair behind live, and on every port the old or the new leaf at every moment.
import { expect } from "vitest";
import type { SweptHost } from "./host.ts";
import type { Files, Kind, Watched } from "./watcher.ts";

const liveLeaves = (files: Files): readonly string[] => Object.values(files.slots).map(({ leaf }) => leaf);

/** By `port kind`: whether it is the leaf that live holds for it; `any`: of either slot. */
const isLive = (files: Files, key: string, leaf: string): boolean => {
  const kind = key.split(" ")[1] ?? "";
  return kind === "any" ? liveLeaves(files).includes(leaf) : files.slots[kind]?.leaf === leaf;
};

/** Files behind live as they must be at every instant. */
export const expectWhole = (files: Files, where: string): void => {
  const wrong = Object.entries(files.slots).filter(([, { together, same }]) => !together || !same);
  expect(wrong, `key and certificate behind live, ${where}`).toEqual([]);
};

/** Waits for it: a process of Postfix that is reused may answer with the old leaf for some seconds after a reload. */
export const expectAllLive = async ({ watcher }: SweptHost, kinds: readonly Kind[], where: string): Promise<void> => {
  const files = await watcher.files();
  let others: readonly string[] = [];
  for (let tries = 0; tries < 40; tries += 1) {
    const served = Object.entries(await watcher.look(kinds));
    others = served.flatMap(([key, leaf]) => (isLive(files, key, leaf) ? [] : [`${key}: ${leaf}`]));
    if (others.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(others, `not the live leaf, ${where}`).toEqual([]);
};

/** These leaves may be served, and no others. */
export interface Allowed {
  /** Before the fault, after it, and after the next run. */
  readonly behindLive: readonly Files[];
  /** Leaves that the servers had before mailcert came. */
  readonly originals: readonly string[];
}

/** `excused`: ports that may be down: of a daemon that we did not stop. */
export const expectServedThroughout = (
  { seen, failures }: Watched,
  { behindLive, originals }: Allowed,
  excused: (port: number) => boolean,
  where: string,
): void => {
  expect(
    failures.filter(({ port }) => !excused(port)),
    `handshakes that failed, ${where}`,
  ).toEqual([]);
  const mine = (key: string, leaf: string): boolean =>
    originals.includes(leaf) || behindLive.some((files) => isLive(files, key, leaf));
  const strangers = Object.entries(seen).flatMap(([key, leaves]) =>
    Object.keys(leaves)
      .filter((leaf) => !mine(key, leaf))
      .map((leaf) => `${key}: ${leaf}`),
  );
  expect(strangers, `neither the old nor the new leaf, ${where}`).toEqual([]);
};
