// Text of others is bounded, and neither forges a terminal line nor carries a key any further.
import { expect, test } from "vitest";
import { clean, holdsKey, withoutKeys } from "../../src/domain/text.ts";

const pem = (label: string): string => `-----BEGIN ${label}-----\nc2VjcmV0\n-----END ${label}-----`;

test.each(["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"])(
  "%s: the block is left out",
  (label) => {
    expect(holdsKey(pem(label))).toBe(true);
    expect(withoutKeys(`found ${pem(label)} and ${pem(label)}.`)).toBe("found (private key) and (private key).");
    expect(clean(`found ${pem(label)} at port 80`)).toBe("found (private key) at port 80");
  },
);

test("one that was cut, or that control characters stand in, is left out to its end", () => {
  expect(withoutKeys("a -----BEGIN PRIVATE KEY-----\nc2VjcmV0")).toBe("a (private key)");
  expect(clean(`a ${pem("PRIVATE KEY").replaceAll(" ", "\u0007")}`)).toBe("a (private key)");
  expect(clean(`a ${pem("PRIVATE KEY")}`, 10)).toBe("a (privat…");
});

test("words about keys, and what is none, stay", () => {
  for (const text of ["BEGIN PRIVATE KEY", "'-----BEGIN' PRIVATE KEY", "-----BEGIN CERTIFICATE-----", ""]) {
    expect(holdsKey(text)).toBe(false);
    expect(withoutKeys(text)).toBe(text);
  }
});

test("control characters become one space, what is long is cut", () => {
  expect(clean(" a\u001b[2K\n\u202eb\u0000 ")).toBe("a [2K b");
  expect(clean("abcdef", 4)).toBe("abc…");
  expect(clean("abcd", 4)).toBe("abcd");
});

test.each(["\u061c", "\u00ad", "\u034f", "\u180e", "\ufe0f", "\ufffa", "\u{e0041}", "\u{e0101}", "\u2060", "\u200d"])(
  "%j cannot be seen, and is not told",
  (character) => {
    expect(clean(`a${character}b`)).toBe("a b");
  },
);
