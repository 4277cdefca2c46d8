// What is written while a run takes its time: over and over on one line, line by line on a dumb terminal, nothing where nobody looks.
import { expect, test } from "vitest";
import { createProgress, createStepLines } from "../../src/cli/progress.ts";

const screen = (isTTY: boolean, term: string | undefined) => {
  const written: string[] = [];
  let now = 0;
  const host = {
    stderr: { write: (text: string) => void written.push(text), isTTY, columns: 80 },
    elapsed: () => now,
    env: term === undefined ? {} : { TERM: term },
  };
  return { host, written, later: (ms: number) => (now += ms) };
};

test.each(["dumb", "", undefined])("TERM=%s: whole lines, at most one in ten seconds, and no cursor", (term) => {
  const { host, written, later } = screen(true, term);
  const progress = createProgress(host, false);
  progress.show("1 of 9");
  later(9_000);
  progress.show("2 of 9");
  later(1_000);
  progress.show("3 of 9");
  progress.clear();
  expect(written).toEqual(["1 of 9\n", "3 of 9\n"]);
});

test("elsewhere one line is written over", () => {
  const { host, written } = screen(true, "xterm");
  const progress = createProgress(host, false);
  progress.show("1 of 9");
  progress.clear();
  expect(written).toEqual(["\r1 of 9\u001b[K", "\r\u001b[K"]);
});

test("steps are a line each, once, without control characters; not for who does not look", () => {
  const { host, written } = screen(true, "xterm");
  createStepLines(host, false)?.("asking \u001b[31mthe CA");
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\* asking [^\u001b]*the CA\n$/);
  expect(createStepLines(host, true)).toBeUndefined();
  expect(createStepLines(screen(false, "xterm").host, false)).toBeUndefined();
});
