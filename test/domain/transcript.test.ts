// Transcripts: whatever pieces the bytes come in, the same lines; nothing that a terminal would obey; bounded.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { transcriptLines, visible } from "../../src/domain/transcript.ts";

const server = (text: string) => ({ from: "server" as const, bytes: Buffer.from(text, "latin1") });
const client = (text: string) => ({ from: "client" as const, bytes: Buffer.from(text, "latin1") });

describe("visible bytes", () => {
  test("controls, line ends, tabs, backslashes and foreign letters are written out", () => {
    expect(visible(Buffer.from("a\x1b[31m\tb\\c\r\n\x00\x7f\xfc", "latin1"))).toBe(
      "a\\x1b[31m\\tb\\\\c\\r\\n\\x00\\x7f\\xfc",
    );
  });
  test("any bytes give printable ASCII, and different bytes different text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (one, other) => {
        expect(visible(one)).toMatch(/^[\x20-\x7e]*$/);
        if (!Buffer.from(one).equals(Buffer.from(other))) expect(visible(one)).not.toBe(visible(other));
      }),
    );
  });
});

describe("lines", () => {
  test("one for each line end, and for each change of sides", () => {
    expect(transcriptLines([server("220 one\r\n220 two\n"), client("EHLO x\r\n"), server("25"), client("y")])).toEqual([
      { from: "server", text: "220 one\\r\\n" },
      { from: "server", text: "220 two\\n" },
      { from: "client", text: "EHLO x\\r\\n" },
      { from: "server", text: "25" },
      { from: "client", text: "y" },
    ]);
  });
  test("any split gives the same", () => {
    const text = "* OK [CAPABILITY IMAP4rev1]\r\n* more\nrest";
    const whole = transcriptLines([server(text)]);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        expect(transcriptLines(edges.slice(1).map((end, at) => server(text.slice(edges[at], end))))).toEqual(whole);
      }),
    );
  });
  test("a flood is cut off, and says so", () => {
    const lines = transcriptLines([
      server("x".repeat(10_000)),
      server("\r\n"),
      server("y".repeat(10_000)),
      client("z"),
    ]);
    expect(lines.at(-1)?.text).toBe("... (more is not shown)");
    expect(lines.map(({ text }) => text).join("").length).toBeLessThan(17_000);
  });
});
