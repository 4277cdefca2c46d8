// The DER reader: what it reads, and that nothing makes it read beyond the end or hang.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DerProblem,
  childrenOf,
  readBits,
  readElement,
  readOid,
  readString,
  readTime,
  tags,
  writeElement,
} from "../../src/domain/der.ts";
import { canonicalIp, ipFromOctets, ipOctets } from "../../src/domain/ip.ts";
import { permits, readNameConstraints, writeNameConstraints } from "../../src/domain/name-constraints.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
const time = (tag: number, text: string): Date => readTime(readElement(writeElement(tag, Buffer.from(text))));

describe("elements", () => {
  test("what is written is read back, whatever its length", () => {
    fc.assert(
      fc.property(fc.constantFrom(0x04, 0x30, 0x82), fc.nat(70_000), (tag, length) => {
        const content = Buffer.alloc(length, 7);
        const element = readElement(Buffer.concat([writeElement(tag, content), Buffer.from("rest")]));
        expect(element.tag).toBe(tag);
        expect(element.content.equals(content)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    "",
    "30",
    "30 05 01",
    "30 80 00 00",
    "30 85 01 01 01 01 01",
    "30 82 01",
    "1f 81 01 00",
    "30 84 ff ff ff ff 00",
  ])("%j is refused", (hex) => {
    expect(() => readElement(bytes(hex))).toThrow(DerProblem);
  });

  test("any bytes give children within bounds, or a DerProblem", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        const content = Buffer.from(data);
        try {
          expect(Buffer.concat(childrenOf({ content }).map((child) => child.raw)).equals(content)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DerProblem);
        }
      }),
    );
  });
});

describe("values", () => {
  test.each([
    ["06 09 2a 86 48 86 f7 0d 01 01 0b", "1.2.840.113549.1.1.11"],
    ["06 03 55 1d 11", "2.5.29.17"],
    ["06 03 88 37 03", "2.999.3"],
    ["06 0b 69 83 ff ff ff ff ff ff ff ff 7f", "2.25.36893488147419103231"],
  ])("%s is the OID %s", (hex, oid) => {
    expect(readOid(readElement(bytes(hex)))).toBe(oid);
  });

  test("an OID that would take seconds to read is none", () => {
    const long = Buffer.concat([Buffer.from([0x06, 0x82, 0xff, 0xff]), Buffer.alloc(0xfffe, 0x81), Buffer.from([1])]);
    expect(() => readOid(readElement(long))).toThrow("object identifier that is no end of long");
  });

  test.each(["06 00", "06 01 80", "06 02 55 80"])("%s is no OID", (hex) => {
    expect(() => readOid(readElement(bytes(hex)))).toThrow(DerProblem);
  });

  test.each([
    [tags.utcTime, "491231235959Z", "2049-12-31T23:59:59.000Z"],
    [tags.utcTime, "500101000000Z", "1950-01-01T00:00:00.000Z"],
    [tags.utcTime, "2601010000Z", "2026-01-01T00:00:00.000Z"],
    [tags.generalizedTime, "20500101000000Z", "2050-01-01T00:00:00.000Z"],
    [tags.generalizedTime, "99991231235959Z", "9999-12-31T23:59:59.000Z"],
    [tags.generalizedTime, "00010101000000Z", "0001-01-01T00:00:00.000Z"],
  ])("tag %d %s is %s", (tag, text, iso) => {
    expect(time(tag, text).toISOString()).toBe(iso);
  });

  test.each([
    [tags.utcTime, "20260101000000Z"],
    [tags.utcTime, "260101000000"],
    [tags.utcTime, "260101000000+0100"],
    [tags.utcTime, "261301000000Z"],
    [tags.utcTime, "260230000000Z"],
    [tags.generalizedTime, "20260101000000.5Z"],
    [0x0c, "260101000000Z"],
  ])("tag %d %s is no time", (tag, text) => {
    expect(() => time(tag, text)).toThrow(DerProblem);
  });

  test("bit strings and strings", () => {
    expect(readBits(readElement(bytes("03 02 05 a0")))).toEqual([0, 2]);
    expect(readBits(readElement(bytes("03 03 07 00 80")))).toEqual([8]);
    expect(readString(readElement(bytes("0c 02 c3 bc")))).toBe("ü");
    expect(readString(readElement(bytes("14 01 fc")))).toBe("ü");
    expect(readString(readElement(bytes("1e 04 00 61 00 fc")))).toBe("aü");
    expect(readString(readElement(bytes("1c 08 00 01 f6 00 ff ff ff ff")))).toBe("😀\ufffd");
    expect(readString(readElement(bytes("1e 03 00 61 00")))).toBeUndefined();
    expect(readString(readElement(bytes("30 00")))).toBeUndefined();
  });
});

describe("addresses", () => {
  test("text and octets lead to each other", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (octets) => {
          const text = ipFromOctets(octets) ?? "";
          expect(canonicalIp(text)).toBe(text);
          expect(Buffer.from(ipOctets(text)).equals(Buffer.from(octets))).toBe(true);
        },
      ),
    );
    expect(ipFromOctets(Uint8Array.of(1, 2, 3))).toBeUndefined();
  });
});

describe("name constraints", () => {
  const some = { domains: ["example.org", "example.net"], addresses: ["192.0.2.1", "2001:db8::1"] };

  test.each([
    [some],
    [{ domains: ["example.org"], addresses: [] }],
    [{ domains: [], addresses: ["192.0.2.1"] }],
    [{ domains: [], addresses: [] }],
  ])("%j is read back", (constraints) => {
    expect(readNameConstraints(writeNameConstraints(constraints))).toEqual(constraints);
  });

  test.each([
    ["example.org", true],
    ["mail.example.org", true],
    ["a.b.example.net", true],
    ["*.example.org", true],
    ["*.mail.example.org", true],
    ["badexample.org", false],
    ["example.org.evil.net", false],
    ["*.org", false],
    ["192.0.2.1", true],
    ["192.0.2.10", false],
    ["2001:db8::1", true],
  ])("%s: %s", (name, expected) => {
    expect(permits(some, name)).toBe(expected);
    expect(permits(undefined, name)).toBe(true);
    expect(permits({ domains: [], addresses: [] }, name)).toBe(false);
  });
});
