// What a CA makes of orders, authorizations and chains when it is not itself: orders that stick or are mixed up, authorizations withdrawn, somebody else's chain.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CaLimits } from "../../src/domain/budget.ts";
import { caFolder } from "../../src/domain/ca-folder.ts";
import type { IssuedChain } from "../../src/issuers/issuer.ts";
import { generateKey } from "../../src/system/keys.ts";
import type { Fault, Seen } from "../fakes/acme-proxy.ts";
import { faults, problem, strike } from "../fakes/acme-faults.ts";
import { type Bench, openBench } from "./acme-bench.ts";
import { type Pebble, startPebble } from "./pebble.ts";

const day = 86_400_000;
let pebble: Pebble;
let b: Bench;
beforeAll(async () => {
  pebble = await startPebble({ vaAlwaysValid: true });
});
afterAll(() => pebble.stop());
beforeEach(async () => {
  b = await openBench(pebble);
});
afterEach(() => b.close());

type Json = Readonly<Record<string, unknown>>;
/** The CA's own reply, with other members. */
const members = (more: Json | ((own: Json) => Json)): Fault => ({
  change: (reply) => {
    const own = JSON.parse(reply.body) as Json;
    return { ...reply, body: JSON.stringify({ ...own, ...(typeof more === "function" ? more(own) : more) }) };
  },
});
const whenAt =
  (path: string, fault: Fault) =>
  (request: Seen): Fault | undefined =>
    request.path.startsWith(path) ? fault : undefined;
const well = (): undefined => undefined;

/** Afterwards: one account, and only this was asked of the CA. */
const spent = async (orders: number, finalized: number): Promise<void> => {
  expect({ orders: b.orders(), finalized: b.finalized(), shown: b.shown() }).toEqual({ orders, finalized, shown: 0 });
  expect(b.accounts()).toEqual([await b.account()]);
};

describe("one order for two keys (Boulder gives a pending or ready order again, acme.md §2.3)", () => {
  /** Answers newOrder with the first order from now on. */
  const reuse = (first: { location: string; body: string }): void => {
    const headers = { "content-type": "application/json", location: first.location };
    b.proxy.script = whenAt("/order-plz", { reply: { status: 201, headers, body: first.body } });
  };
  /** An order that the first key placed and could not finish. */
  const half = async (): Promise<{ location: string; body: string }> => {
    const first = { location: "", body: "" };
    b.proxy.script = (request) =>
      request.path.startsWith("/order-plz")
        ? {
            change: (reply) => {
              Object.assign(first, { location: String(reply.headers["location"]), body: reply.body });
              return reply;
            },
          }
        : strike("finalize", "503 alone", false)(request);
    await b.failing();
    return first;
  };

  test("the second key takes the order; the first one's next run sees that, and orders anew", async () => {
    reuse(await half());
    await b.issue({ privateKey: await generateKey("ecdsa") });
    await spent(1, 1);
    b.proxy.script = well;
    await b.issue();
    await spent(2, 2);
    expect(await b.pending()).toBe(0);
  });

  test("one that was finalized already is refused by name, and both keys get their certificates", async () => {
    const first = await half();
    b.proxy.script = well;
    // As with two keys in one renewal: kept until both are staged.
    const ecdsa = await b.issue({ staged: [] });
    reuse({ ...first, body: first.body.replace('"pending"', '"valid"') });
    const rsa = { privateKey: await generateKey("rsa"), algorithm: "rsa", staged: [] } as const;
    expect(await b.failing(rsa)).toMatchObject({
      kind: "unavailable",
      message: `the CA answered a new order with an old one, which is "valid" already: ${first.location}`,
    });
    b.proxy.script = well;
    expect((await b.issue({ staged: [] })).leaf).toBe(ecdsa.leaf);
    await b.issue(rsa);
    await spent(2, 2);
  });
});

describe("more than was ordered", () => {
  test.each<readonly [string, string, Fault, RegExp]>([
    [
      "a name",
      "/order-plz",
      members({
        identifiers: [
          { type: "dns", value: "mail.example.org" },
          { type: "dns", value: "victim.example.net" },
        ],
      }),
      /^the CA's order is for "victim\.example\.net", too, which was not ordered: https:/,
    ],
    [
      "an authorization",
      "/order-plz",
      members(({ authorizations }) => ({ authorizations: [authorizations, authorizations].flat() })),
      /^the CA asks for 2 authorizations for 1 name \(RFC 8555 §7\.1\.3\)/,
    ],
    [
      "somebody else's authorization",
      "/authZ/",
      members({ identifier: { type: "dns", value: "victim.example.net" } }),
      /^the CA asks for proof of "victim\.example\.net", which was not ordered/,
    ],
  ])("%s", async (_, path, fault, says) => {
    b.proxy.script = whenAt(path, fault);
    expect(await b.failing()).toMatchObject({ kind: "unavailable", message: expect.stringMatching(says) });
    expect(b.proxy.seen.filter((request) => request.path.startsWith("/chalZ/"))).toEqual([]);
    expect(await b.pending()).toBe(0);
    b.proxy.script = well;
    await b.issue();
    // What was proposed is not taken up again.
    await spent(2, 1);
  });
});

describe("the account in the middle of an order", () => {
  test.each(["newOrder", "authorization", "challenge", "finalize", "order poll", "certificate"] as const)(
    "unknown or deactivated at %s: said with the ways out, kept, and used again",
    async (place) => {
      const path = { newOrder: "/order-plz", authorization: "/authZ/", challenge: "/chalZ/" } as const;
      const late = { finalize: "/finalize-order/", "order poll": "/my-order/", certificate: "/certZ/" } as const;
      const at = { ...path, ...late }[place];
      const deactivated = {
        reply: {
          status: 403,
          headers: { "content-type": "application/problem+json" },
          body: '{"type":"urn:ietf:params:acme:error:unauthorized","detail":"Account is not valid, has status \\"deactivated\\""}',
        },
      };
      for (const [fault, says] of [
        [problem("accountDoesNotExist", 400), "the CA does not know the account"],
        [deactivated, "the CA no longer accepts the account"],
      ] as const) {
        b.proxy.script = whenAt(at, fault);
        const failure = await b.failing();
        expect(failure).toMatchObject({ kind: "config", message: expect.stringContaining(says) });
        expect(failure.message).toContain(await b.account());
        expect(failure.hints[0]).toMatch(/^to go on with a new account: mv \S+ \S+\.old, /);
      }
      b.proxy.script = well;
      await b.issue();
      await spent(1, 1);
    },
  );
});

describe("orders and authorizations that end otherwise", () => {
  test("an order that stays in processing: later, bounded; the next run waits for the same; after two days a new one", async () => {
    const stuck = members({ status: "processing", certificate: undefined });
    b.proxy.script = (request) => whenAt("/my-order/", stuck)(request) ?? whenAt("/finalize-order/", stuck)(request);
    for (let run = 0; run < 2; run += 1) {
      const failure = await b.failing({}, { patienceMs: 20_000 });
      expect(failure).toMatchObject({
        kind: "try-later",
        message: "the CA is not done with issuing the certificate yet",
      });
      expect(Date.parse(String(failure.facts?.["retryAt"]))).toBeGreaterThan(b.clock.now);
      await spent(1, 1);
    }
    b.clock.now += 2 * day;
    b.proxy.script = well;
    await b.issue();
    await spent(2, 2);
  });

  test.each(["expired", "revoked", "deactivated", "invalid"])(
    "an authorization of an earlier run's order that is %s: a new order in the same run",
    async (status) => {
      b.proxy.script = strike("challenge", "503 alone", false);
      await b.failing();
      let looks = 0;
      b.proxy.script = ({ path }) =>
        path.startsWith("/authZ/") && (looks += 1) === 1 ? members({ status }) : undefined;
      await b.issue();
      await spent(2, 1);
    },
  );

  test.each(["expired", "revoked", "deactivated", "invalid"])(
    "an authorization that is %s while it is waited for: said; no failed validation is counted that was none",
    async (status) => {
      const limits: CaLimits = {
        orders: { capacity: 300, refillMs: day },
        perDomain: { capacity: 50, refillMs: day },
        perSet: { capacity: 5, refillMs: day },
        failures: { capacity: 3, refillMs: day },
      };
      const options = { limitsOf: () => limits };
      let looks = 0;
      b.proxy.script = ({ path }) => (path.startsWith("/authZ/") && (looks += 1) > 1 ? members({ status }) : undefined);
      expect(await b.failing({}, options)).toMatchObject({
        kind: "unavailable",
        message: `the CA could not validate mail.example.org (http-01): the authorization is "${status}", with no reason given`,
      });
      const folder = join(b.state, "accounts", caFolder(b.proxy.directory));
      const counted = (await readFile(join(folder, "budget.json"), "utf8")).includes("failure mail.example.org");
      expect(counted).toBe(status === "invalid");
      b.proxy.script = well;
      await b.issue({}, options);
      await spent(2, 1);
    },
  );

  test("an order that the CA gives up: its reason; the next run orders anew", async () => {
    const error = { type: "urn:ietf:params:acme:error:caa", detail: "CAA forbids it" };
    b.proxy.script = whenAt("/my-order/", members({ status: "invalid", error, certificate: undefined }));
    expect((await b.failing()).message).toBe(
      "the CA gave the order up: urn:ietf:params:acme:error:caa: CAA forbids it",
    );
    b.proxy.script = well;
    await b.issue();
    await spent(2, 2);
  });

  test("an order that is valid without a certificate's URL: said; the next run looks again", async () => {
    b.proxy.script = whenAt("/my-order/", members({ certificate: undefined }));
    expect((await b.failing()).message).toMatch(
      /^the CA's order is "valid" and names no certificate \(RFC 8555 §7\.1\.3\)/,
    );
    b.proxy.script = well;
    await b.issue();
    await spent(1, 1);
  });
});

describe("a chain that is not ours", () => {
  const pem = ({ leaf, chain }: IssuedChain): string => [leaf, ...chain].join("");
  const serve = (body: string): void => {
    b.proxy.script = whenAt("/certZ/", { change: (reply) => ({ ...reply, body }) });
  };
  const wrong = async (): Promise<readonly (readonly [string, RegExp])[]> => [
    [
      pem(await b.issue({ privateKey: await generateKey("ecdsa") })),
      /not used: its first certificate is for another key$/,
    ],
    [pem(await b.issue({ names: ["other.example.org"] })), /not used: it lacks mail\.example\.org$/],
  ];

  test("for another key, without the names: refused; the next run fetches again, and orders only where it is the same", async () => {
    for (const [body, says] of await wrong()) {
      const [orders, finalized] = [b.orders(), b.finalized()];
      serve(body);
      expect(await b.failing()).toMatchObject({ kind: "unavailable", message: expect.stringMatching(says) });
      b.proxy.script = well;
      await b.issue();
      await spent(orders + 1, finalized + 1);
      serve(body);
      await b.failing();
      // Once more the same, so it is the order's own: another one is placed, and it fares no better.
      await b.failing();
      await spent(orders + 3, finalized + 3);
      b.proxy.script = well;
      await b.issue();
      await spent(orders + 3, finalized + 3);
    }
  });

  test("the same certificate twice: once is enough", async () => {
    b.proxy.script = whenAt("/certZ/", {
      change: (reply) => {
        const [leaf = "", ...chain] = reply.body.split(/(?<=-----END CERTIFICATE-----\n)/);
        return { ...reply, body: [leaf, leaf, ...chain, ...chain].join("") };
      },
    });
    expect((await b.issue()).chain).toHaveLength(1);
    await spent(1, 1);
  });

  test("one that stays broken: no further order for two days, whatever the runs; then one", async () => {
    const [broken] = [faults["truncated body"]()];
    b.proxy.script = whenAt("/certZ/", broken);
    for (let run = 0; run < 4; run += 1) {
      expect((await b.failing()).message).toContain("it ends in the middle of a certificate");
      b.clock.now += day / 3;
    }
    await spent(1, 1);
    b.clock.now += day;
    await b.failing();
    await spent(2, 2);
  });
});
