// Which way a name is proven, and which comes next: by type, by name, by what failed.
import { expect, test } from "vitest";
import type { Challenge } from "../../../src/challenges/challenge.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { createProvers } from "../../../src/issuers/acme/provers.ts";
import type { Authorization } from "../../../src/issuers/acme/resources.ts";
import { validationFailure } from "../../../src/issuers/acme/validation-failure.ts";

const prover = (type: string, refuses: (name: string) => string | undefined = () => undefined) => ({
  challenge: { type, present: async () => undefined, cleanUp: async () => undefined } satisfies Challenge,
  refuses,
});
const authorization = (name: string, ...types: readonly string[]): Authorization => ({
  name,
  identifier: name.replace("*.", ""),
  status: "pending",
  url: "https://ca.example/authz",
  challenges: types.map((type) => ({ type, url: `https://ca.example/${type}`, status: "pending", token: "T" })),
});

const noWildcard = (name: string): string | undefined => (name.startsWith("*.") ? "no wildcard" : undefined);
const open = () =>
  createProvers([prover("http-01", noWildcard), prover("tls-alpn-01", noWildcard), prover("dns-01")], () => undefined);
const all = ["dns-01", "brand-new-99", "tls-alpn-01", "http-01"];
const refused = (name: string, challenge: string) =>
  validationFailure([
    {
      name,
      challenge,
      status: "invalid",
      problem: { type: "x", detail: `no ${challenge}`, status: 403, subproblems: [] },
    },
  ]);

test("the first configured type that the CA offers and that can prove the name", () => {
  const provers = open();
  expect(provers.choose(authorization("a.example", ...all)).challenge.type).toBe("http-01");
  expect(provers.choose(authorization("a.example", "dns-01", "tls-alpn-01")).challenge.type).toBe("tls-alpn-01");
  expect(provers.choose(authorization("*.a.example", ...all)).challenge.type).toBe("dns-01");
  expect(() => provers.choose(authorization("a.example", "brand-new-99"))).toThrow(
    "the CA does not offer http-01 or tls-alpn-01 or dns-01 for a.example; it offers brand-new-99",
  );
});

test("what cannot be used here is followed by the next; in the end all of it is said", () => {
  const provers = open();
  const one = authorization("a.example", "http-01", "dns-01");
  expect(provers.failed(one, "http-01", new Failure("cannot-create", "port 80 is taken"))).toBe(true);
  expect(provers.choose(one).challenge.type).toBe("dns-01");
  // Another name is not concerned.
  expect(provers.choose(authorization("b.example", ...all)).challenge.type).toBe("http-01");
  const last = new Failure("config", "no updater", { hints: ["name one"] });
  expect(provers.failed(one, "dns-01", last)).toBe(false);
  expect(provers.together(one, last)).toMatchObject({
    kind: "config",
    message: "a.example cannot be proven: http-01: port 80 is taken; dns-01: no updater",
    hints: ["name one"],
  });
});

test("one way alone: its own failure", () => {
  const provers = createProvers([prover("http-01")], () => undefined);
  const taken = new Failure("cannot-create", "port 80 is taken");
  expect(provers.failed(authorization("a.example", ...all), "http-01", taken)).toBe(false);
  expect(provers.together(authorization("a.example", ...all), taken)).toBe(taken);
  expect(provers.again(refused("a.example", "http-01"))).toBe(false);
});

test("refused by the CA: a new order where each of these names has another way, as often as there are ways", () => {
  const provers = open();
  expect(provers.again(new Failure("unavailable", "the CA is down"))).toBe(false);
  expect(provers.again(refused("a.example", "http-01"))).toBe(true);
  // The same again is no news: nothing is ordered for it.
  expect(provers.again(refused("a.example", "http-01"))).toBe(false);
  expect(provers.again(refused("a.example", "tls-alpn-01"))).toBe(true);
  const last = refused("a.example", "dns-01");
  expect(provers.again(last)).toBe(false);
  const { message } = provers.explained(last) as Failure;
  for (const type of ["http-01", "tls-alpn-01", "dns-01"]) expect(message).toContain(`a.example (${type}): `);
  expect(provers.again(refused("*.a.example", "dns-01"))).toBe(false);
});
