// The ACME issuer against Pebble on loopback: a whole issuance, its budget, nonces refused, orders resumed, accounts gone, and the proxy's faults.
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { challenges } from "../../src/challenges/index.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import type { KeyAlgorithm } from "../../src/domain/keys.ts";
import { findAccount } from "../../src/issuers/acme/account-store.ts";
import { createEngine } from "../../src/issuers/acme/engine.ts";
import { createAcmeIssuer } from "../../src/issuers/acme/index.ts";
import { createLines } from "../../src/issuers/acme/line.ts";
import { createTransport } from "../../src/issuers/acme/transport.ts";
import type { IssuedChain } from "../../src/issuers/issuer.ts";
import { generateKey } from "../../src/system/keys.ts";
import { issuerContract } from "../contract/issuer.ts";
import { type AcmeProxy, type Fault, type Seen, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { type Pebble, type PebbleOptions, startPebble } from "./pebble.ts";
import { usualAcme } from "../fakes/settings.ts";
import { noChallengeWorld } from "../fakes/challenge-world.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Bench {
  readonly pebble: Pebble;
  readonly proxy: AcmeProxy;
  readonly state: string;
  readonly settings: AcmeSettings;
  readonly close: () => Promise<void>;
}

const open = async (options: PebbleOptions = {}): Promise<Bench> => {
  const pebble = await startPebble(options);
  const proxy = await startAcmeProxy(pebble);
  const state = await mkdtemp(join(tmpdir(), "mailcert-acme-lab-"));
  return {
    pebble,
    proxy,
    state,
    settings: {
      kind: "acme",
      directory: proxy.directory,
      agreeTos: true,
      email: "postmaster@example.com",
      caFile: proxy.caFile,
      ...usualAcme,
      httpAddress: `:${pebble.httpPort}`,
    },
    close: async () => {
      await proxy.stop();
      await pebble.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
};

interface Ask {
  readonly names?: readonly string[];
  readonly privateKey?: string;
  readonly algorithm?: KeyAlgorithm;
  readonly settings?: Partial<AcmeSettings>;
  readonly signal?: AbortSignal;
  readonly patienceMs?: number;
  readonly timeoutMs?: number;
  /** Another issuance of the same run. */
  readonly issuer?: ReturnType<typeof createAcmeIssuer>;
}

/** For faults that are looked at again: the waits between cost nothing. */
const hasty = (ms: number): Promise<void> => sleep(Math.min(ms, 5));

const issuerOf = (
  bench: Bench,
  { patienceMs, timeoutMs }: Ask = {},
  wait = sleep,
): ReturnType<typeof createAcmeIssuer> =>
  createAcmeIssuer({
    challengeWorld: noChallengeWorld,
    stateDir: bench.state,
    challenges,
    now: () => new Date(),
    elapsed: () => performance.now(),
    sleep: wait,
    userAgent: "mailcert-lab/1",
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });

const issue = async (bench: Bench, ask: Ask = {}): Promise<IssuedChain & { readonly privateKey: string }> => {
  const algorithm = ask.algorithm ?? "ecdsa";
  const privateKey = ask.privateKey ?? (await generateKey(algorithm));
  const issued = await (ask.issuer ?? issuerOf(bench, ask)).issue({
    names: ask.names ?? ["mail.example.org"],
    algorithm,
    privateKey,
    settings: { ...bench.settings, ...ask.settings },
    now: new Date(),
    signal: ask.signal ?? new AbortController().signal,
    step: () => undefined,
  });
  return { ...issued, privateKey };
};

const failure = async (run: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await run.then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  return error;
};

const listening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

const count = (bench: Bench, resource: Seen["resource"]): number =>
  bench.proxy.seen.filter((entry) => entry.resource === resource).length;

const accountOf = async (bench: Bench): Promise<NonNullable<Awaited<ReturnType<typeof findAccount>>>> => {
  const account = await findAccount(bench.state, bench.settings.directory);
  if (account === undefined) throw new Error("no account is stored");
  return account;
};

const pendingOrders = async (bench: Bench): Promise<number> => {
  const { folder } = await accountOf(bench);
  return (await readdir(join(folder, "orders")).catch(() => [])).length;
};

const shared = (options: PebbleOptions = {}): (() => Bench) => {
  let bench: Bench | undefined;
  beforeAll(async () => {
    bench = await open(options);
  });
  afterAll(() => bench?.close());
  beforeEach(() => {
    if (bench) bench.proxy.script = () => undefined;
  });
  return () => {
    if (!bench) throw new Error("Pebble is not running");
    return bench;
  };
};

issuerContract("acme", async () => {
  const bench = await open();
  return {
    issuer: issuerOf(bench),
    settings: bench.settings,
    names: ["mail.example.org", "imap.example.org", "xn--mnchen-3ya.example"],
    refused: ["*.example.org"],
    anchor: () => bench.pebble.root(),
    spent: async () => [bench.proxy.seen.length, await readdir(bench.state, { recursive: true })],
    close: bench.close,
  };
});

describe("issuance", () => {
  const bench = shared({ domainBlocklist: ["blocked.example.org"], authzReuse: 0 });

  test("one name, one ECDSA key, with a new account: at most 14 requests, one JWS each, no trace afterwards", async () => {
    const b = bench();
    const before = b.proxy.seen.length;
    await issue(b);
    const seen = b.proxy.seen.slice(before);
    expect(seen.length).toBeLessThanOrEqual(14);
    const bodies = seen.map((entry) => entry.body).filter((body) => body !== "");
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(seen.filter((entry) => entry.resource === "nonce")).toHaveLength(1);
    expect(await listening(b.pebble.httpPort)).toBe(false);
    expect(await pendingOrders(b)).toBe(0);
  });

  test("a run's second certificate asks for neither the directory nor a nonce; one whose nonces the CA forgot, once more", async () => {
    const b = bench();
    const issuer = issuerOf(b);
    await issue(b, { issuer });
    const requests = async (): Promise<readonly string[]> => {
      const before = b.proxy.seen.length;
      await issue(b, { issuer });
      return b.proxy.seen.slice(before).map(({ resource }) => resource);
    };
    const second = await requests();
    expect(second).toContain("certificate");
    expect(second).not.toContain("directory");
    expect(second).not.toContain("nonce");
    let refused = 0;
    const forgotten = JSON.stringify({ type: "urn:ietf:params:acme:error:badNonce", detail: "forgotten" });
    b.proxy.script = ({ resource }) =>
      resource === "order" && (refused += 1) === 1
        ? { reply: { status: 400, headers: { "content-type": "application/problem+json" }, body: forgotten } }
        : undefined;
    expect((await requests()).filter((resource) => resource === "order").length).toBeGreaterThan(1);
  });

  test("the account is kept and used again, and nothing of its key is in its record", async () => {
    const b = bench();
    await issue(b);
    const first = await accountOf(b);
    const registrations = count(b, "account");
    await issue(b, { settings: { agreeTos: false } });
    expect(count(b, "account")).toBe(registrations);
    expect(await accountOf(b)).toEqual(first);
    expect(first.record).toMatchObject({ directory: b.settings.directory, email: "postmaster@example.com" });
    expect(first.record?.tosAgreedAt).toMatch(/^\d{4}-/);
    expect(await readFile(join(first.folder, "account.json"), "utf8")).not.toContain("PRIVATE");
  });

  test("another e-mail address is told to the CA once", async () => {
    const b = bench();
    await issue(b);
    const before = count(b, "account");
    await issue(b, { settings: { email: "hostmaster@example.com" } });
    await issue(b, { settings: { email: "hostmaster@example.com" } });
    expect(count(b, "account")).toBe(before + 1);
    expect((await accountOf(b)).record?.email).toBe("hostmaster@example.com");
  });

  test("addresses go as ip identifiers", async () => {
    const { leaf } = await issue(bench(), { names: ["127.0.0.1", "mail.example.org"] });
    expect(readCertificate(leaf)).toMatchObject({ ipNames: ["127.0.0.1"], dnsNames: ["mail.example.org"] });
  });

  test("a name on the CA's block list: its problem's type and detail, and whole in the facts", async () => {
    const b = bench();
    const error = await failure(issue(b, { names: ["mail.example.org", "blocked.example.org"] }));
    expect(error.kind).toBe("data");
    expect(error.message).toContain("urn:ietf:params:acme:error:rejectedIdentifier");
    expect(error.message).toContain("blocked.example.org");
    expect(error.facts?.["problem"]).toMatchObject({
      type: "urn:ietf:params:acme:error:rejectedIdentifier",
      status: 400,
    });
    expect(await pendingOrders(b)).toBe(0);
  });

  test("a validation that fails names each host with the CA's problem, and the listener is gone", async () => {
    const b = bench();
    const wrong = b.pebble.httpPort === 1 ? 2 : b.pebble.tlsPort;
    const error = await failure(
      issue(b, { names: ["a.example.org", "b.example.org"], settings: { httpAddress: `:${wrong}` } }),
    );
    expect(error.kind).toBe("unavailable");
    for (const name of ["a.example.org", "b.example.org"])
      expect(error.message).toContain(`${name} (http-01): urn:ietf:params:acme:error:connection`);
    expect(error.hints.join()).toContain("port 80 of a.example.org");
    expect(error.facts?.["refused"]).toHaveLength(2);
    expect(await listening(wrong)).toBe(false);
    // A spent order is not tried again.
    const orders = count(b, "order");
    await issue(b, { names: ["a.example.org", "b.example.org"] });
    expect(count(b, "order")).toBeGreaterThan(orders);
  });

  test("stopped in the middle of a validation, it cleans up, and the next run goes on with the same order", async () => {
    const b = bench();
    const privateKey = await generateKey("ecdsa");
    const stop = new AbortController();
    b.proxy.script = ({ resource, method, body }) => {
      if (resource !== "challenge" || method !== "POST" || body === "") return undefined;
      stop.abort(new Failure("try-later", "stopped"));
      return { hang: true };
    };
    expect((await failure(issue(b, { names: ["stop.example.org"], privateKey, signal: stop.signal }))).message).toBe(
      "stopped",
    );
    expect(await listening(b.pebble.httpPort)).toBe(false);
    expect(await pendingOrders(b)).toBe(1);
    b.proxy.script = () => undefined;
    const before = b.proxy.seen.filter((entry) => entry.path === "/order-plz").length;
    const issued = await issue(b, { names: ["stop.example.org"], privateKey });
    expect(keyMatches(privateKey, issued.leaf)).toBe(true);
    expect(b.proxy.seen.filter((entry) => entry.path === "/order-plz")).toHaveLength(before);
    expect(await pendingOrders(b)).toBe(0);
  });
});

describe("the proxy's faults", () => {
  const bench = shared();
  beforeAll(() => issue(bench()));

  const once = (resource: Seen["resource"], fault: Fault): ((request: Seen) => Fault | undefined) =>
    (() => {
      let left = 1;
      return (request: Seen) => (request.resource === resource && left-- > 0 ? fault : undefined);
    })();
  const always =
    (resource: Seen["resource"], fault: Fault) =>
    (request: Seen): Fault | undefined =>
      request.resource === resource ? fault : undefined;
  const problem = (type: string, status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
    reply: {
      status,
      headers: { "content-type": "application/problem+json", ...headers },
      body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: `scripted ${type}`, status }),
    },
  });

  test("429 with Retry-After on newOrder: a next attempt, no wait, no second request", async () => {
    const b = bench();
    b.proxy.script = always("order", problem("rateLimited", 429, { "retry-after": "120000" }));
    const [orders, begun] = [count(b, "order"), performance.now()];
    const error = await failure(issue(b));
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(count(b, "order")).toBe(orders + 1);
    expect(error.kind).toBe("try-later");
    expect(error.message).toContain("urn:ietf:params:acme:error:rateLimited: scripted rateLimited");
    const wait = Date.parse(String(error.facts?.["retryAt"])) - Date.now();
    expect(wait).toBeGreaterThan(119_000_000);
    expect(wait).toBeLessThan(121_000_000);
    expect(error.facts?.["problem"]).toMatchObject({ status: 429, retryAfter: error.facts?.["retryAt"] });
  });

  test("503 with Retry-After while polling: a next attempt, then the same order", async () => {
    const b = bench();
    const privateKey = await generateKey("ecdsa");
    b.proxy.script = ({ path }) =>
      path.startsWith("/finalize") ? problem("serverInternal", 503, { "retry-after": "30" }) : undefined;
    const error = await failure(issue(b, { privateKey }));
    expect(error).toMatchObject({ kind: "try-later", facts: { problem: { status: 503 } } });
    b.proxy.script = () => undefined;
    const placed = b.proxy.seen.filter((entry) => entry.path === "/order-plz").length;
    expect(keyMatches(privateKey, (await issue(b, { privateKey })).leaf)).toBe(true);
    expect(b.proxy.seen.filter((entry) => entry.path === "/order-plz")).toHaveLength(placed);
  });

  test("a CA that says nothing: one deadline", async () => {
    const b = bench();
    b.proxy.script = always("order", { hang: true });
    const begun = performance.now();
    const error = await failure(issue(b, { timeoutMs: 2000 }));
    expect(error).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("no complete reply within 2 s"),
    });
    // Not the 30 s that it has by default.
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  test("a reset in the middle of the certificate: said; the next run downloads it without a new order", async () => {
    const b = bench();
    const privateKey = await generateKey("ecdsa");
    b.proxy.script = always("certificate", { cut: 200 });
    const error = await failure(issue(b, { privateKey, issuer: issuerOf(b, {}, hasty) }));
    b.proxy.script = () => undefined;
    expect(error).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("broke before the reply was complete"),
    });
    const [placed, finalized] = [
      b.proxy.seen.filter((entry) => entry.path === "/order-plz").length,
      count(b, "finalize"),
    ];
    const issued = await issue(b, { privateKey });
    expect(keyMatches(privateKey, issued.leaf)).toBe(true);
    expect(b.proxy.seen.filter((entry) => entry.path === "/order-plz")).toHaveLength(placed);
    expect(count(b, "finalize")).toBe(finalized);
  });

  const changed: readonly (readonly [string, Seen["resource"], Fault, RegExp])[] = [
    [
      "an HTML page for an order",
      "order",
      { reply: { status: 200, headers: { "content-type": "text/html" }, body: "<html>" } },
      /answered with "text\/html"/,
    ],
    [
      "JSON without an order in it",
      "order",
      { change: (r) => ({ ...r, body: "{}" }) },
      /sent an order that cannot be understood/,
    ],
    [
      "JSON null for an authorization",
      "authorization",
      { change: (r) => ({ ...r, body: "null" }) },
      /sent an authorization that cannot be understood/,
    ],
    [
      "an empty authorization",
      "authorization",
      { change: (r) => ({ ...r, body: "" }) },
      /sent an authorization that cannot be understood/,
    ],
    [
      "broken JSON for an authorization",
      "authorization",
      { change: (r) => ({ ...r, body: r.body.slice(0, 40) }) },
      /JSON that cannot be read/,
    ],
    [
      "no challenge that we know",
      "authorization",
      { change: (r) => ({ ...r, body: r.body.replaceAll("http-01", "smoke-01") }) },
      /does not offer http-01 for authorization\.example\.org; it offers .*smoke-01/,
    ],
    [
      "a truncated PEM",
      "certificate",
      { change: (r) => ({ ...r, body: r.body.slice(0, -90) }) },
      /ends in the middle of a certificate/,
    ],
    ["an empty certificate", "certificate", { change: (r) => ({ ...r, body: "" }) }, /no certificate in it/],
    [
      "a certificate of the wrong content type",
      "certificate",
      { change: (r) => ({ ...r, headers: { ...r.headers, "content-type": "text/plain" } }) },
      /answered with "text\/plain"/,
    ],
    [
      "JSON for a certificate",
      "certificate",
      { change: (r) => ({ ...r, headers: { "content-type": "application/json" }, body: "{}" }) },
      /something else than application\/pem-certificate-chain/,
    ],
    [
      "a chain without its leaf",
      "certificate",
      { change: (r) => ({ ...r, body: r.body.slice(r.body.indexOf("-----END") + 26) }) },
      /another key/,
    ],
    [
      "an order whose URLs are not https",
      "order",
      { change: (r) => ({ ...r, body: r.body.replaceAll("https://", "http://") }) },
      /is no https URL/,
    ],
    ["502 without a problem document", "order", { reply: { status: 502, body: "<h1>Bad gateway</h1>" } }, /HTTP 502/],
  ];
  test.each(changed)("%s", async (_, resource, fault, why) => {
    const b = bench();
    b.proxy.script = always(resource, fault);
    // A name that was not proven yet: of others the CA now and then takes the old authorization.
    const names = [`${resource}.example.org`];
    const error = await failure(issue(b, { names, issuer: issuerOf(b, {}, hasty) }));
    expect(error.message).toMatch(why);
    expect(["unavailable", "config"]).toContain(error.kind);
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(await listening(b.pebble.httpPort)).toBe(false);
  });

  test("challenge types that nobody knows are passed over", async () => {
    const b = bench();
    const extra = { type: "smoke-01", url: "https://ca.example.org/x", status: "pending", odd: [1] };
    const change: Fault = {
      change: (r) => {
        const body = JSON.parse(r.body) as { challenges: unknown[] };
        return { ...r, body: JSON.stringify({ ...body, challenges: [extra, null, 7, ...body.challenges] }) };
      },
    };
    b.proxy.script = always("authorization", change);
    expect((await issue(b)).leaf).toContain("BEGIN CERTIFICATE");
  });

  test("three server errors while waiting are outlived", async () => {
    const b = bench();
    let looks = 0;
    b.proxy.script = ({ resource }) =>
      resource === "authorization" && [2, 3, 4].includes((looks += 1))
        ? { reply: { status: 500, body: "" } }
        : undefined;
    expect((await issue(b, { names: ["stumbles.example.org"] })).leaf).toContain("BEGIN CERTIFICATE");
    expect(looks).toBeGreaterThan(4);
  });

  test("a connection that dies before the reply: signed anew, never the same JWS twice", async () => {
    const b = bench();
    for (const resource of ["order", "challenge", "finalize", "authorization", "certificate"] as const) {
      const before = b.proxy.seen.length;
      b.proxy.script = once(resource, { swallow: true });
      const issued = await issue(b);
      expect(keyMatches(issued.privateKey, issued.leaf), resource).toBe(true);
      const bodies = b.proxy.seen
        .slice(before)
        .map((entry) => entry.body)
        .filter((body) => body !== "");
      expect(new Set(bodies).size, resource).toBe(bodies.length);
    }
  });

  test("a killed newAccount is the same account at the next run", async () => {
    const b = bench();
    const other: Bench = { ...b, state: await mkdtemp(join(tmpdir(), "mailcert-acme-lab-")) };
    b.proxy.script = always("account", { swallow: true });
    expect((await failure(issue(other))).kind).toBe("unavailable");
    const { folder, record } = await accountOf(other);
    expect(record).toBeUndefined();
    b.proxy.script = () => undefined;
    await issue(other);
    const after = await accountOf(other);
    expect(after.folder).toBe(folder);
    expect(after.record).toMatchObject({
      email: "postmaster@example.com",
      url: expect.stringContaining("/my-account/"),
    });
    await rm(other.state, { recursive: true });
  });
});

describe("accounts that the CA does not take", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
    await issue(bench);
  });
  afterEach(() => bench.close());

  test("the CA lost its data: said, with the ways out, and no new account in silence", async () => {
    const { folder, record } = await accountOf(bench);
    const fresh = await startPebble();
    bench.proxy.target = fresh;
    const error = await failure(issue(bench));
    await fresh.stop();
    expect(error.kind).toBe("config");
    expect(error.message).toContain("does not know the account");
    expect(error.message).toContain(record?.url);
    expect(error.message).toContain("urn:ietf:params:acme:error:accountDoesNotExist");
    expect(error.hints[0]).toContain(`mv ${folder} ${folder}.old`);
    expect(error.hints.join()).toContain("accounturi");
    expect(await readdir(join(folder, ".."))).toHaveLength(1);
  });

  test("a deactivated account: the same", async () => {
    const { folder, key, record } = await accountOf(bench);
    const transport = createTransport({
      userAgent: "mailcert-lab/1",
      now: () => new Date(),
      signal: new AbortController().signal,
      timeoutMs: 2000,
      maxBytes: 1 << 20,
      step: () => undefined,
      line: createLines()(bench.settings.directory, await readFile(bench.proxy.caFile, "utf8")),
    });
    const document = (await transport.request(bench.settings.directory, "get")).data as object;
    const engine = createEngine({
      transport,
      directoryUrl: bench.settings.directory,
      directory: document,
      accountKey: key,
      ...(record === undefined ? {} : { accountUrl: record.url }),
    });
    await engine.api.updateAccount({ status: "deactivated" });
    const error = await failure(issue(bench));
    expect(error.kind).toBe("config");
    expect(error.message).toContain("no longer accepts the account");
    expect(error.message).toContain(record?.url);
    expect(error.hints[0]).toContain(`mv ${folder} ${folder}.old`);
    expect(await readdir(join(folder, ".."))).toHaveLength(1);
  });
});

describe("Pebble's knobs", () => {
  const withPebble = async (options: PebbleOptions, run: (bench: Bench) => Promise<void>): Promise<void> => {
    const bench = await open(options);
    try {
      await run(bench);
    } finally {
      await bench.close();
    }
  };

  test.each([50, 90])("%d%% of good nonces refused: still a certificate, each JWS sent once", async (nonceReject) => {
    await withPebble({ nonceReject }, async (b) => {
      const issued = await issue(b, { names: ["mail.example.org", "mx.example.org"] });
      expect(keyMatches(issued.privateKey, issued.leaf)).toBe(true);
      const bodies = b.proxy.seen.map((entry) => entry.body).filter((body) => body !== "");
      expect(new Set(bodies).size).toBe(bodies.length);
    });
  });

  test("every nonce refused: ends, bounded, and says so", async () => {
    await withPebble({ nonceReject: 100 }, async (b) => {
      const error = await failure(issue(b));
      expect(error.kind).toBe("unavailable");
      expect(error.message).toContain("urn:ietf:params:acme:error:badNonce");
      expect(b.proxy.seen.length).toBeLessThan(120);
    });
  });

  test("authorizations that are valid already are not proven again", async () => {
    await withPebble({ authzReuse: 100 }, async (b) => {
      await issue(b);
      const before = count(b, "challenge");
      await issue(b, { settings: { httpAddress: "192.0.2.250:1" } });
      expect(count(b, "challenge")).toBe(before);
    });
  });

  /** The CA's own reply, made to say that it is not done yet. */
  const pending = (retryAfter: string): Fault => ({
    change: (r) => {
      const headers = { ...r.headers, "retry-after": retryAfter };
      return { ...r, headers, body: JSON.stringify({ ...(JSON.parse(r.body) as object), status: "pending" }) };
    },
  });

  test("a slow validation: Retry-After is waited for, in seconds and as a date", async () => {
    await withPebble({}, async (b) => {
      const at: number[] = [];
      b.proxy.script = ({ resource, nth }) => {
        if (resource !== "authorization" || nth === 1) return undefined;
        at.push(performance.now());
        if (nth > 3) return undefined;
        return pending(nth === 2 ? "1" : new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString());
      };
      await issue(b);
      const [first = 0, second = 0, third = 0] = at;
      expect(at).toHaveLength(3);
      expect(second - first).toBeGreaterThan(990);
      expect(third - second).toBeGreaterThan(990);
    });
  });

  test("a validation that takes longer than we wait: later; the next run goes on with the order", async () => {
    await withPebble({}, async (b) => {
      const privateKey = await generateKey("ecdsa");
      b.proxy.script = ({ resource, nth }) => (resource === "authorization" && nth > 1 ? pending("1") : undefined);
      const error = await failure(issue(b, { privateKey, patienceMs: 1500 }));
      expect(error).toMatchObject({
        kind: "try-later",
        message: "the CA is not done with validating mail.example.org yet",
      });
      expect(Date.parse(String(error.facts?.["retryAt"]))).toBeGreaterThan(Date.now());
      expect(await pendingOrders(b)).toBe(1);
      expect(await listening(b.pebble.httpPort)).toBe(false);
      b.proxy.script = () => undefined;
      const placed = b.proxy.seen.filter((entry) => entry.path === "/order-plz").length;
      expect(keyMatches(privateKey, (await issue(b, { privateKey })).leaf)).toBe(true);
      expect(b.proxy.seen.filter((entry) => entry.path === "/order-plz")).toHaveLength(placed);
    });
  });

  test("a new account without consent to the terms", async () => {
    await withPebble({}, async (b) => {
      const error = await failure(issue(b, { settings: { agreeTos: false } }));
      expect(error.kind).toBe("config");
      expect(error.message).toMatch(/terms of service are not agreed to: \S+/);
      expect(count(b, "account")).toBe(0);
      expect(await readdir(b.state)).toEqual([]);
    });
  });

  test("an external account binding is asked for", async () => {
    await withPebble(
      { externalAccountBinding: { "kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" } },
      async (b) => {
        const error = await failure(issue(b));
        expect(error).toMatchObject({ kind: "config", message: expect.stringContaining("external account binding") });
      },
    );
  });

  test("a longer chain comes whole and in order", async () => {
    await withPebble({ chainLength: 3 }, async (b) => {
      expect((await issue(b)).chain).toHaveLength(3);
    });
  });
});
