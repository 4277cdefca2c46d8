// Names that somebody else wrote: whatever is put into one, it stays visible and never becomes another name.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { foreignName } from "../../src/domain/foreign-name.ts";
import { certificateMatches } from "../../src/domain/name-match.ts";

test("names of hosts stay as they are", () => {
  for (const name of ["mail.example.org", "*.example.org", "_25._tcp.mail.example.org", "a@b", ""])
    expect(foreignName(name)).toBe(name);
});

test("what cannot be seen is written as in zone files", () => {
  expect(foreignName("mail.example.org\0")).toBe("mail.example.org\\000");
  expect(foreignName(" a\n\\\u009b")).toBe("\\032a\\010\\092\\155");
  expect(foreignName("a\u{fffd}")).toBe("a\\u{fffd}");
});

test("unlike names stay unlike", () => {
  const octets = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString("latin1"));
  fc.assert(
    fc.property(octets, octets, (left, right) => (foreignName(left) === foreignName(right)) === (left === right)),
  );
});

test("nothing put into a host's name lets it match, and nothing unprintable comes out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 16 }), fc.uint8Array({ minLength: 1, maxLength: 3 }), (at, bytes) => {
      const host = "mail.example.org";
      const put = Buffer.from(bytes).toString("latin1");
      const name = foreignName((host.slice(0, at) + put + host.slice(at)).toLowerCase());
      expect(name).toMatch(/^[\u0021-\u007e…]*$/);
      return !certificateMatches({ dnsNames: [name], ipNames: [] }, host);
    }),
  );
});

test("it is bounded", () => {
  expect(foreignName("a".repeat(301))).toBe(`${"a".repeat(299)}…`);
  expect(foreignName("\0".repeat(100_000)).length).toBe(300);
});
