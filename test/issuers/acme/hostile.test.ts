// A CA that asks for more and more: each way ends, bounded, and the next run starts with a new order.
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChallengeEntry } from "../../../src/challenges/challenge.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { findAccount } from "../../../src/issuers/acme/account-store.ts";
import { createAcmeIssuer } from "../../../src/issuers/acme/index.ts";
import { createLines } from "../../../src/issuers/acme/line.ts";
import { createTransport } from "../../../src/issuers/acme/transport.ts";
import { generateKey } from "../../../src/system/keys.ts";
import { type Page, startPage } from "../../fakes/acme-page.ts";
import { usualAcme } from "../../fakes/settings.ts";
import { noChallengeWorld } from "../../fakes/challenge-world.ts";

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** The end of its Location. */
  readonly at?: string;
  /** Milliseconds until it comes. */
  readonly after?: number;
}

let state = "";
let page: Page | undefined;
let asked: string[] = [];
let shown = 0;
/** One that opens no port. */
const challenges: Readonly<Record<string, ChallengeEntry>> = {
  "http-01": {
    summary: "",
    refuses: () => undefined,
    load: async () => () => ({
      type: "http-01",
      present: async () => void (shown += 1),
      cleanUp: async () => void (shown -= 1),
    }),
  },
};
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-acme-"));
  asked = [];
  shown = 0;
});
afterEach(async () => {
  await page?.stop();
  page = undefined;
  await rm(state, { recursive: true, force: true });
});

/** A CA with one order; `answers` are asked first, with the path and how often it was asked for. */
const serve = async (answers: (path: string, nth: number, origin: string) => Answer | undefined): Promise<Page> => {
  const counts = new Map<string, number>();
  page = await startPage((request, response) => {
    const path = request.url ?? "";
    const origin = `https://${request.headers.host ?? ""}`;
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    asked.push(path);
    request.resume();
    const usual: Record<string, Answer> = {
      "/nonce": {},
      "/account": { status: 201, body: { status: "valid" } },
      "/order": { status: 201, body: { status: "pending", finalize: `${origin}/f`, authorizations: [`${origin}/z1`] } },
    };
    const directory = { newNonce: `${origin}/nonce`, newAccount: `${origin}/account`, newOrder: `${origin}/order` };
    const { status = 200, body, after = 0, at = "" } = answers(path, nth, origin) ?? usual[path] ?? { body: directory };
    setTimeout(() => {
      response.writeHead(status, {
        "content-type": status < 400 ? "application/json" : "application/problem+json",
        "replay-nonce": `n${asked.length}`,
        location: `${origin}${path}/1${at}`,
      });
      response.end(body === undefined ? "" : JSON.stringify(body));
    }, after);
  });
  return page;
};

const issue = async (
  { url, caFile }: Page,
  {
    names = ["mail.example.org"],
    step = () => undefined,
    ...more
  }: { names?: readonly string[]; issuanceMs?: number; step?: (what: string) => void } = {},
): Promise<Failure> => {
  const issuer = createAcmeIssuer({
    challengeWorld: noChallengeWorld,
    stateDir: state,
    challenges,
    now: () => new Date("2026-11-20T12:00:00Z"),
    elapsed: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    userAgent: "mailcert-test/1",
    timeoutMs: 5000,
    ...more,
  });
  const failure: unknown = await issuer
    .issue({
      names,
      algorithm: "ecdsa",
      privateKey: await generateKey("ecdsa"),
      now: new Date("2026-11-20T12:00:00Z"),
      signal: new AbortController().signal,
      step,
      settings: {
        kind: "acme",
        directory: url,
        agreeTos: true,
        ...usualAcme,
        httpAddress: "127.0.0.1:0",
        caFile,
      },
    })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(shown).toBe(0);
  return failure as Failure;
};

const pendingOrders = async (directory: string): Promise<number> => {
  const account = await findAccount(state, directory);
  return (await readdir(join(account?.folder ?? "", "orders")).catch(() => [])).length;
};

const authorization = (value: string, more: object = {}): Answer => ({
  body: { status: "pending", identifier: { type: "dns", value }, challenges: [], ...more },
});

test("a Location with a terminal's control bytes in it reaches neither messages nor what is kept", async () => {
  const at = "\u009b31mOWNED\u009b0m";
  const ca = await serve((path, _, origin) => {
    if (path === "/account") return { status: 201, at, body: { status: "valid" } };
    if (path === "/order")
      return { status: 201, at, body: { status: "valid", finalize: `${origin}/f`, authorizations: [] } };
    return undefined;
  });
  const steps: string[] = [];
  const failure = await issue(ca, { step: (what) => void steps.push(what) });
  expect(failure.message).toContain("OWNED");
  const account = await findAccount(state, ca.url);
  expect(account?.record?.url).toContain("OWNED");
  const all = JSON.stringify([failure.message, failure.hints, failure.facts, steps, account?.record]);
  expect(steps.length).toBeGreaterThan(3);
  expect(all).not.toMatch(/[\u0080-\u009f]/);
});

describe("an order that is larger than what was ordered", () => {
  test("25,000 authorizations for one name: none of them is asked for", async () => {
    const ca = await serve((path, _, origin) =>
      path === "/order"
        ? {
            status: 201,
            body: {
              status: "pending",
              finalize: `${origin}/f`,
              authorizations: Array.from({ length: 25_000 }, (_value, index) => `${origin}/z${index}`),
            },
          }
        : undefined,
    );
    const failure = await issue(ca);
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("asks for 25000 authorizations for 1 name (RFC 8555 §7.1.3)"),
    });
    expect(asked.filter((path) => path.startsWith("/z"))).toEqual([]);
    expect(await pendingOrders(ca.url)).toBe(0);
  });

  test("an authorization for somebody else's name: nothing is proven, the order is forgotten", async () => {
    const ca = await serve((path) => (path === "/z1" ? authorization("victim.example.net") : undefined));
    expect(await issue(ca)).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining('asks for proof of "victim.example.net", which was not ordered'),
    });
    expect(asked).not.toContain("/f");
    expect(await pendingOrders(ca.url)).toBe(0);
  });

  test.each([
    ["mail.example.org", "MAIL.example.org"],
    ["2001:db8::1", "2001:0db8:0::1"],
  ])("%s may come back as %s", async (name, value) => {
    const ca = await serve((path) => (path === "/z1" ? authorization(value) : undefined));
    // It went as far as the choice of a challenge.
    expect(await issue(ca, { names: [name] })).toMatchObject({
      message: expect.stringContaining("does not offer http-01"),
    });
  });
});

test("every reply just in time: the issuance as a whole has a deadline", async () => {
  const ca = await serve((path, nth, origin) => {
    const challenge = { type: "http-01", url: `${origin}/c`, status: "pending", token: "abc" };
    if (path !== "/z1") return path === "/c" ? { body: {}, after: 200 } : undefined;
    return { ...authorization("mail.example.org", { challenges: [challenge] }), after: nth * 100 };
  });
  const started = performance.now();
  expect(await issue(ca, { issuanceMs: 2500 })).toMatchObject({
    kind: "try-later",
    message: expect.stringContaining("was not done within"),
    facts: { code: "TOO_LONG", retryAt: "2026-11-20T13:00:00.000Z" },
  });
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(asked).toContain("/z1");
  // The next run goes on with it.
  expect(await pendingOrders(ca.url)).toBe(1);
});

test("nonces refused again and again, with a good reply in between: counted over the issuance", async () => {
  let sent = 0;
  const bad = { type: "urn:ietf:params:acme:error:badNonce", detail: "no" };
  const ca = await serve(() => ((sent += 1) % 90 === 0 ? { body: {} } : { status: 400, body: bad }));
  const transport = createTransport({
    userAgent: "mailcert-test/1",
    now: () => new Date("2026-11-20T12:00:00Z"),
    signal: new AbortController().signal,
    timeoutMs: 5000,
    maxBytes: 1 << 20,
    step: () => undefined,
    line: createLines()(ca.url, await readFile(ca.caFile, "utf8")),
  });
  let good = 0;
  const ask = async (): Promise<never> => {
    for (;;) good += Number((await transport.request(ca.url, "post", { data: {} })).status === 200);
  };
  await expect(ask()).rejects.toMatchObject({ problem: { type: bad.type } });
  expect({ good, refused: sent - good }).toEqual({ good: 5, refused: 500 });
});
