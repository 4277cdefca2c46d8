// Whose an entry point is: by address and service, by address, by service; what cannot be divided; what clashes.
import { describe, expect, it } from "vitest";
import { isLoopback } from "../../src/domain/ip.ts";
import {
  type Divisible,
  type Places,
  clashOf,
  divide,
  placesWords,
  serviceOf,
  winners,
} from "../../src/domain/places.ts";

const placed = (name: string, places: Places) => ({ name, places });
const byService = placed("service", { services: ["imap", "smtp"] });
const byAddress = placed("address", { addresses: ["192.0.2.11", "2001:db8::11"] });
const byBoth = placed("both", { addresses: ["192.0.2.11"], services: ["pop3"] });
const all = [byService, byAddress, byBoth];

describe("whose an entry point is", () => {
  it.each([
    ["192.0.2.10", "imap", "service"],
    ["192.0.2.10", "pop3", undefined],
    ["192.0.2.11", "imap", "address"],
    ["192.0.2.11", "pop3", "both"],
    ["2001:db8::11", "pop3", "address"],
    ["192.0.2.10", undefined, undefined],
    ["192.0.2.11", undefined, "address"],
  ] as const)("at %s, %s: %s", (address, service, name) => {
    expect(winners(all)({ address, service })?.name).toBe(name);
    expect(winners(all.toReversed())({ address, service })?.name).toBe(name);
  });

  it("465 and 587 are two services, sieve is managesieve, other protocols are none", () => {
    expect(serviceOf({ protocol: "submission", mode: "implicit" })).toBe("submissions");
    expect(serviceOf({ protocol: "submission", mode: "starttls" })).toBe("submission");
    expect(serviceOf({ protocol: "sieve", mode: "starttls" })).toBe("managesieve");
    expect(serviceOf({ protocol: "ldap", mode: "implicit" })).toBeUndefined();
  });
});

describe("what has one certificate together", () => {
  const at = (address: string, together: string | undefined, service: Divisible["service"] = "smtp"): Divisible => ({
    address,
    service,
    together,
  });
  const names = (spots: readonly Divisible[], of = all) =>
    divide(of, spots, isLoopback).map(({ winner, torn }) => [winner?.name, torn?.name]);

  it("one for a part of it steps back, for the one that is for all of it", () => {
    expect(names([at("192.0.2.10", "smtp"), at("192.0.2.11", "smtp")])).toEqual([
      ["service", undefined],
      ["service", "address"],
    ]);
  });

  it("or for nobody", () => {
    expect(names([at("192.0.2.10", "smtp"), at("192.0.2.11", "smtp")], [byAddress])).toEqual([
      [undefined, undefined],
      [undefined, "address"],
    ]);
    expect(names([at("192.0.2.11", undefined)], [byAddress])).toEqual([[undefined, "address"]]);
  });

  it("loopback goes with the rest, where there is any", () => {
    expect(names([at("127.0.0.1", "smtp"), at("192.0.2.11", "smtp")])).toEqual([
      ["address", "service"],
      ["address", undefined],
    ]);
    expect(names([at("127.0.0.1", "a"), at("::1", "a")])).toEqual([
      ["service", undefined],
      ["service", undefined],
    ]);
  });

  it("what is apart is each its own", () => {
    expect(names([at("192.0.2.10", "10"), at("192.0.2.11", "11"), at("192.0.2.11", "pop", "pop3")])).toEqual([
      ["service", undefined],
      ["address", undefined],
      ["both", undefined],
    ]);
  });
});

describe("two that are for the same", () => {
  it.each<[Places, Places, string | undefined]>([
    [{ services: ["imap"] }, { services: ["imap", "pop3"] }, "imap"],
    [{ services: ["imap"] }, { services: ["pop3"] }, undefined],
    [{ addresses: ["192.0.2.11"] }, { addresses: ["192.0.2.11", "::1"] }, "192.0.2.11"],
    // One is closer.
    [{ addresses: ["192.0.2.11"] }, { services: ["imap"] }, undefined],
    [{ addresses: ["192.0.2.11"] }, { addresses: ["192.0.2.11"], services: ["imap"] }, undefined],
    [
      { addresses: ["192.0.2.11"], services: ["imap", "pop3"] },
      { addresses: ["192.0.2.11"], services: ["imap"] },
      "imap at 192.0.2.11",
    ],
    [{ addresses: ["192.0.2.11"], services: ["imap"] }, { addresses: ["192.0.2.12"], services: ["imap"] }, undefined],
  ])("%o and %o: %s", (a, b, words) => {
    expect(clashOf(a, b)).toBe(words);
    expect(clashOf(b, a)).toBe(words);
  });

  it("in words", () => {
    expect(placesWords({ addresses: ["192.0.2.11", "::1"], services: ["imap", "pop3"] })).toBe(
      "imap and pop3 at 192.0.2.11 and ::1",
    );
  });
});
