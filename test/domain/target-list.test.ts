// A list of targets: one a line, comments, each once, with its line; and the lines that a run writes, read again.
import { describe, expect, test } from "vitest";
import { notGoneOnWith, readFleetLine } from "../../src/domain/fleet-lines.ts";
import { readTargetList } from "../../src/domain/target-list.ts";

test("targets, comments, empty lines, CRLF, repetitions", () => {
  expect(
    readTargetList("# ours\nmail.example.org\r\n\n  imaps://a.example # the old one\nmail.example.org\n#b\nlast"),
  ).toEqual([
    { text: "mail.example.org", line: 2 },
    { text: "imaps://a.example", line: 4 },
    { text: "last", line: 7 },
  ]);
  expect(readTargetList("\n# nothing\n")).toEqual([]);
});

describe("lines of a run", () => {
  test.each<readonly [string, ReturnType<typeof readFleetLine>]>([
    ['{"schema":"mailcert.verify-entry/1","url":"x"}', { kind: "entry" }],
    ['{"schema":"mailcert.verify-summary/1"}', { kind: "summary" }],
    [
      '{"schema":"mailcert.verify-target/1","target":"a","ok":true,"entries":3}',
      { kind: "target", target: "a", told: { ok: true, entries: 3 } },
    ],
    [
      '{"schema":"mailcert.verify-target/1","target":"a"}',
      { kind: "target", target: "a", told: { ok: false, entries: 0 } },
    ],
    [
      '{"schema":"mailcert.verify-run/1","startedAt":"2026-11-21T10:00:00.000Z","asked":{"full":true}}',
      { kind: "run", run: { startedAt: new Date("2026-11-21T10:00:00.000Z"), asked: '{"full":true}' } },
    ],
    ['{"schema":"mailcert.verify-run/1"}', undefined],
    ['{"schema":"mailcert.verify-target/1"}', undefined],
    ['{"schema":"mailcert.verify/1"}', undefined],
    ["[]", undefined],
    ["null", undefined],
    ['{"schema":"mailcert.verify-ent', undefined],
  ])("%s", (line, expected) => {
    expect(readFleetLine(line)).toEqual(expected);
  });
});

describe("a stopped run is gone on with by the same question of the same day", () => {
  const startedAt = new Date("2026-11-21T10:00:00.000Z");
  const targets = new Map([["a", { ok: true, entries: 1 }]]);
  const after = (hours: number): Date => new Date(startedAt.getTime() + hours * 3_600_000);
  test.each([
    ["the same, soon", { run: { startedAt, asked: "{}" }, targets }, 11, undefined],
    ["nothing whole is left", { run: { startedAt, asked: "other" }, targets: new Map() }, 99, undefined],
    ["other options", { run: { startedAt, asked: "other" }, targets }, 1, "other options"],
    ["it does not say what was asked", { targets }, 1, "other options"],
    ["too old", { run: { startedAt, asked: "{}" }, targets }, 12, "older than twelve hours"],
    ["from the future", { run: { startedAt, asked: "{}" }, targets }, -1, "older than twelve hours"],
    ["without a time", { run: { startedAt: new Date(Number.NaN), asked: "{}" }, targets }, 1, "older than"],
  ])("%s", (_, remains, hours, why) => {
    const said = notGoneOnWith(remains, "{}", after(hours));
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(why);
  });
});
