// What a CA may make of an order: nothing else than was ordered, nothing that was finalized before; and an order whose reply was lost.
import { describe, expect, test } from "vitest";
import { Failure } from "../../../src/domain/failure.ts";
import { isNotOrdered, lostOrder, refuseSurplus, refuseUsed } from "../../../src/issuers/acme/ordered.ts";
import type { Order } from "../../../src/issuers/acme/resources.ts";

const order = (over: Partial<Order>): Order => ({
  url: "https://ca.example.org/order/1",
  status: "pending",
  identifiers: [],
  authorizations: [],
  finalize: "https://ca.example.org/finalize/1",
  ...over,
});

describe("what an order is for", () => {
  test.each([
    [[]],
    [["*.example.org", "mail.example.org"]],
    [["MAIL.example.org", "example.org"]],
    [["2001:DB8:0::1"]],
  ])("%j is what was ordered", (identifiers) => {
    const names = ["mail.example.org", "*.example.org", "2001:db8::1"];
    expect(() => refuseSurplus(order({ identifiers }), names)).not.toThrow();
  });

  test.each([["victim.example.net"], ["example.org"], ["*.mail.example.org"]])("%s is not", (identifier) => {
    const refuse = (): void =>
      refuseSurplus(order({ identifiers: ["mail.example.org", identifier] }), ["mail.example.org"]);
    expect(refuse).toThrow(`the CA's order is for "${identifier}", too, which was not ordered`);
  });

  test.each(["pending", "ready", "invalid"])("a new order may be %s", (status) => {
    expect(() => refuseUsed(order({ status }))).not.toThrow();
  });

  test.each(["processing", "valid"])("one that is %s was finalized before", (status) => {
    let thrown: unknown;
    try {
      refuseUsed(order({ status }));
    } catch (error) {
      thrown = error;
    }
    expect(isNotOrdered(thrown)).toBe(true);
  });
});

test("an order whose reply was lost is known by its URL, where that is the CA's", () => {
  const lost = (facts: Readonly<Record<string, unknown>>): string | undefined =>
    lostOrder(new Failure("unavailable", "lost", { facts }));
  const url = "https://ca.example.org/new-order";
  expect(lost({ url, location: "https://ca.example.org/order/7" })).toBe("https://ca.example.org/order/7");
  for (const location of [undefined, "", "/order/7", "https://portal.example.net/login"])
    expect(lost({ url, location })).toBeUndefined();
  expect(lostOrder(new Error("a bug"))).toBeUndefined();
});
