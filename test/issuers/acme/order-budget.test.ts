// What an order costs in the budget, whatever becomes of it: a scripted CA, a real account folder.
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Challenge } from "../../../src/challenges/challenge.ts";
import { type Budget, emptyBudget } from "../../../src/domain/budget.ts";
import { readCertificate } from "../../../src/domain/certificate.ts";
import { limitsOfAll } from "../../../src/domain/ca-limits.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { spkiOf } from "../../../src/domain/subject-key.ts";
import type { Account } from "../../../src/issuers/acme/account.ts";
import { openSpending } from "../../../src/issuers/acme/budget-store.ts";
import { caFolder } from "../../../src/domain/ca-folder.ts";
import { type OrderOptions, obtain } from "../../../src/issuers/acme/order.ts";
import { createProvers } from "../../../src/issuers/acme/provers.ts";
import type { Reply } from "../../../src/issuers/acme/transport.ts";
import { createSelfSigned } from "../../../src/issuers/self-signed/index.ts";
import { generateKey } from "../../../src/system/keys.ts";

const ca = "https://ca.example";
const directory = `${ca}/directory`;
const name = "mail.example.org";
const clock = { now: new Date("2026-11-20T12:00:00Z") };
const selfSigned = createSelfSigned({ random: (size) => randomBytes(size) });
let state = "";
let privateKey = "";
beforeEach(async () => {
  clock.now = new Date("2026-11-20T12:00:00Z");
  state = await mkdtemp(join(tmpdir(), "mailcert-order-"));
  privateKey = await generateKey("ecdsa");
});
afterEach(() => rm(state, { recursive: true, force: true }));

const kept = async (): Promise<Budget> => {
  const text = await readFile(join(state, "accounts", caFolder(directory), "budget.json"), "utf8").catch(
    () => undefined,
  );
  return text === undefined ? emptyBudget : (JSON.parse(text) as Budget);
};
/** Tokens that are gone, by kind of bucket. */
const spent = async (): Promise<Readonly<Record<string, number>>> => {
  const limits = limitsOfAll(directory);
  const of: Readonly<Record<string, number>> = {
    orders: limits.orders.capacity,
    domain: limits.perDomain.capacity,
    set: limits.perSet.capacity,
    failure: limits.failures.capacity,
  };
  return Object.fromEntries(
    Object.entries((await kept()).buckets).map(([key, { tokens }]) => {
      const kind = key.split(" ")[0] ?? "";
      return [kind, Math.round((of[kind] ?? 0) - tokens)];
    }),
  );
};

interface Script {
  /** What the CA says of each challenge type: `valid`, or a refusal. */
  readonly validates?: (type: string) => boolean;
  /** The reply to the finalizing is lost. */
  readonly loses?: boolean;
  /** The download breaks off. */
  readonly breaks?: boolean;
  /** Lifetime of what it issues; default 90. */
  readonly days?: number;
}

const reply = (data: unknown, location?: string): Reply => ({
  status: 200,
  headers: location === undefined ? {} : { location },
  data,
});

/** One CA for several runs: its orders are numbered, and stay as they are. */
const scripted = (script: { current: Script }) => {
  const orders: { status: string; type?: string; leaf?: string }[] = [];
  const order = (number: number): object => ({
    status: orders[number]?.status,
    finalize: `${ca}/finalize/${number}`,
    authorizations: [`${ca}/authz/${number}`],
    certificate: `${ca}/cert/${number}`,
  });
  const authorization = (number: number): object => ({
    status: orders[number]?.type === undefined ? "pending" : orders[number].status === "invalid" ? "invalid" : "valid",
    identifier: { type: "dns", value: name },
    challenges: ["http-01", "dns-01"].map((type) => ({
      type,
      url: `${ca}/${type}/${number}`,
      status: "pending",
      token: "token",
      ...(orders[number]?.status === "invalid" && orders[number].type === type
        ? { error: { type: "urn:ietf:params:acme:error:connection", detail: `no ${type}`, status: 400 } }
        : {}),
    })),
  });
  const api = {
    accountUrl: `${ca}/acct/1`,
    createOrder: async () => {
      orders.push({ status: "pending" });
      return reply(order(orders.length - 1), `${ca}/order/${orders.length - 1}`);
    },
    finalizeOrder: async (url: string) => {
      const number = Number(url.split("/").at(-1));
      const settings = { kind: "self-signed", days: script.current.days ?? 90 } as const;
      const signal = new AbortController().signal;
      const request = {
        names: [name],
        algorithm: "ecdsa",
        privateKey,
        now: clock.now,
        signal,
        step: () => undefined,
      } as const;
      const { leaf } = await selfSigned.issue({ ...request, settings });
      orders[number] = { ...orders[number], status: "valid", leaf };
      if (script.current.loses) throw new Failure("unavailable", "the reply was lost");
      return reply(order(number));
    },
    apiRequest: async (url: string) => {
      const [kind = "", last = ""] = url.split("/").slice(-2);
      const number = Number(last);
      if (kind === "order") return reply(order(number));
      if (kind === "authz") return reply(authorization(number));
      if (kind === "cert") {
        if (script.current.breaks) throw new Failure("unavailable", "the connection broke off");
        return reply(orders[number]?.leaf);
      }
      const valid = script.current.validates?.(kind) ?? true;
      orders[number] = { status: valid ? "ready" : "invalid", type: kind };
      return reply({});
    },
  };
  const challenge = (type: string): Challenge => ({
    type,
    present: async () => undefined,
    cleanUp: async () => undefined,
  });
  const run = (over: Partial<OrderOptions> = {}) => {
    const account = {
      folder: join(state, "accounts", caFolder(directory), "1"),
      record: { url: `${ca}/acct/1` },
      engine: { api, keyAuthorization: async (token: string) => `${token}.thumbprint` },
    } as unknown as Account;
    const provers = createProvers(
      ["http-01", "dns-01"].map((type) => ({ challenge: challenge(type), refuses: () => undefined })),
      () => undefined,
    );
    return obtain({
      account,
      names: [name],
      key: { privateKey },
      spki: spkiOf({ privateKey }),
      algorithm: "ecdsa",
      wishing: { wishes: { profiles: [] }, offered: undefined, now: clock.now, unmet: () => undefined },
      exempt: false,
      staged: [],
      provers,
      spending: openSpending(state, directory, limitsOfAll(directory), () => clock.now),
      patience: {
        now: () => clock.now,
        elapsed: () => clock.now.getTime(),
        sleep: async (ms) => void (clock.now = new Date(clock.now.getTime() + ms)),
        signal: new AbortController().signal,
        patienceMs: 60_000,
      },
      step: () => undefined,
      ...over,
    });
  };
  return { run, orders };
};
const failureOf = async (job: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await job.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error("no Failure", { cause: error });
};

describe("an order", () => {
  test("that ends well costs an order, a certificate of its names and one under its domain", async () => {
    await scripted({ current: {} }).run();
    expect(await spent()).toEqual({ orders: 1, domain: 1, set: 1 });
  });

  test("whose certificate cannot be downloaded was issued all the same; the next run gets it and counts it once", async () => {
    const script: { current: Script } = { current: { breaks: true } };
    const { run, orders } = scripted(script);
    expect((await failureOf(run())).message).toBe("the connection broke off");
    expect(await spent()).toEqual({ orders: 1, domain: 1, set: 1 });
    script.current = {};
    await run();
    // And once more, because it was killed before it kept the certificate.
    await run();
    expect(orders).toHaveLength(1);
    expect(await spent()).toEqual({ orders: 1, domain: 1, set: 1 });
  });

  test("that replaces by ARI costs nothing inside the window, and what any renewal costs outside", async () => {
    const replacing = { replaces: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" };
    await scripted({ current: {} }).run({ replacing, exempt: true });
    expect(await spent()).toEqual({});
    privateKey = await generateKey("ecdsa");
    await scripted({ current: {} }).run({ replacing });
    // The names were certified before: neither an order nor one under the domain counts.
    expect(await spent()).toEqual({ set: 1 });
  });
});

test("an order of an earlier run costs what it did when it was placed, whatever this run would have said", async () => {
  const replacing = { replaces: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" };
  const script: { current: Script } = { current: { loses: true } };
  const { run, orders } = scripted(script);
  await failureOf(run());
  expect(await spent()).toEqual({ orders: 1 });
  script.current = {};
  await run({ replacing, exempt: true });
  expect([orders.length, await spent()]).toEqual([1, { orders: 1, domain: 1, set: 1 }]);

  privateKey = await generateKey("ecdsa");
  script.current = { loses: true };
  await failureOf(run({ replacing, exempt: true }));
  script.current = {};
  await run();
  expect([orders.length, await spent()]).toEqual([2, { orders: 1, domain: 1, set: 1 }]);
});

describe("an order of an earlier run that ended in a certificate", () => {
  const hours = (count: number): void => {
    clock.now = new Date(clock.now.getTime() + count * 3_600_000);
  };

  test.each<[string, number, number, boolean]>([
    ["half of its lifetime has not passed", 4, 23, true],
    ["it would have to be renewed already", 2, 25, false],
    ["it has ended", 1, 25, false],
  ])("that nobody kept: %s", async (_what, days, age, taken) => {
    const { run, orders } = scripted({ current: { days } });
    const first = await run();
    hours(age);
    const second = await run();
    expect(second.leaf === first.leaf).toBe(taken);
    expect(orders).toHaveLength(taken ? 1 : 2);
  });

  test("that is kept is not given again", async () => {
    const { run, orders } = scripted({ current: {} });
    const { leaf } = await run();
    await run({ staged: [readCertificate(leaf).sha256] });
    expect(orders).toHaveLength(2);
  });

  test("placed under a clock that was ahead: nobody knows how old it is", async () => {
    const { run, orders } = scripted({ current: {} });
    await run();
    hours(-24);
    await run();
    expect(orders).toHaveLength(2);
    hours(-0.5);
    await run();
    expect(orders).toHaveLength(2);
  });
});

describe("a validation", () => {
  test("that fails costs one of the name's, each way that was tried one more", async () => {
    const { run, orders } = scripted({ current: { validates: () => false } });
    const failed = await failureOf(run());
    expect(failed.message).toMatch(/no http-01.*no dns-01/);
    expect(orders).toHaveLength(2);
    expect(await spent()).toEqual({ orders: 2, failure: 2 });
  });

  test("what used up the limit in this very run is the reason that is told, as a fault of the validation", async () => {
    const { run, orders } = scripted({ current: { validates: () => false } });
    await failureOf(run());
    const second = await failureOf(run());
    // One was left: the second way was not tried.
    expect(orders).toHaveLength(3);
    expect(second).toMatchObject({ kind: "unavailable", message: expect.stringContaining("no http-01") });
    expect(second.facts).toHaveProperty("refused");
    const third = await failureOf(run());
    expect(orders).toHaveLength(3);
    expect(third).toMatchObject({ kind: "try-later", facts: { code: "BUDGET" } });
  });

  test("that failed on this host, before the CA looked, costs none", async () => {
    const broken = (type: string): Challenge => ({
      type,
      present: async () => {
        throw new Failure("cannot-create", `${type}: the port is taken`);
      },
      cleanUp: async () => undefined,
    });
    const provers = createProvers([{ challenge: broken("http-01"), refuses: () => undefined }], () => undefined);
    expect(await failureOf(scripted({ current: {} }).run({ provers }))).toMatchObject({ kind: "cannot-create" });
    expect(await spent()).toEqual({ orders: 1 });
  });
});
