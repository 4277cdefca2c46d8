// A list of targets: one a line, comments, each once, with its line; and the lines that a run writes, read again.
import { describe, expect, test } from "vitest";
import { readFleetLine } from "../../src/domain/fleet-lines.ts";
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
      { kind: "target", target: "a", ok: true, entries: 3 },
    ],
    ['{"schema":"mailcert.verify-target/1","target":"a"}', { kind: "target", target: "a", ok: false, entries: 0 }],
    ['{"schema":"mailcert.verify-target/1"}', undefined],
    ['{"schema":"mailcert.verify/1"}', undefined],
    ["[]", undefined],
    ["null", undefined],
    ['{"schema":"mailcert.verify-ent', undefined],
  ])("%s", (line, expected) => {
    expect(readFleetLine(line)).toEqual(expected);
  });
});
