// A failure's words: whatever was forgotten before, no control character of somebody else's gets onto a terminal.
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { failureText } from "../../src/cli/output.ts";
import { Failure } from "../../src/domain/failure.ts";
import { printable } from "../../src/domain/text.ts";

it("has line breaks and tabs, and nothing else that a terminal obeys", () => {
  const failure = new Failure("unavailable", "two\n\tlines \u001b]0;owned\u0007\u001b[2K\u009b2J\r\u202egnp", {
    hints: ["\u001b[31mred"],
  });
  expect(failure.message).toBe("two\n\tlines  ]0;owned [2K 2J gnp");
  expect(failure.hints).toEqual([" [31mred"]);
  const terminal = { write: () => undefined, isTTY: true, columns: 80 };
  expect(failureText(failure, terminal)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});

it("printable: whatever the text, and what is printable stays as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(printable(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      expect(printable(text)).toBe(text);
    }),
  );
});
