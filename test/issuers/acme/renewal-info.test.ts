// Renewal information over the wire: what a CA may answer, that nothing of it is a failure, and that many certificates share one connection.
import type { ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { challenges } from "../../../src/challenges/index.ts";
import type { RenewalInfo } from "../../../src/domain/ari.ts";
import { createAcmeIssuer } from "../../../src/issuers/acme/index.ts";
import { rfc9773Leaf, rfc9773LeafId } from "../../fakes/ari.ts";
import { type Page, startPage } from "../../fakes/acme-page.ts";
import { makeServerTls } from "../../fakes/acme-tls.ts";
import { usualAcme } from "../../fakes/settings.ts";
import { noChallengeWorld } from "../../fakes/challenge-world.ts";

const now = new Date("2026-11-20T12:00:00.000Z");
const window = { start: "2026-12-01T00:00:00.000Z", end: "2026-12-02T00:00:00.000Z" };

let state = "";
let page: Page | undefined;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-ari-"));
});
afterEach(async () => {
  await page?.stop();
  page = undefined;
  await rm(state, { recursive: true, force: true });
});

type Answer = (response: ServerResponse) => void;

const send =
  (body: unknown, { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {}): Answer =>
  (response) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
  };

interface Ca {
  readonly ask: (leaf?: string, signal?: AbortSignal) => Promise<RenewalInfo>;
  /** Methods and paths that were asked for. */
  readonly seen: readonly string[];
  readonly connections: () => number;
}

/** `directory`: what it lists as renewalInfo, or the whole answer. */
const start = async (
  answer: Answer,
  {
    directory = "/renewal-info/",
    timeoutMs = 10_000,
  }: { directory?: string | Answer; timeoutMs?: number | undefined } = {},
): Promise<Ca> => {
  const seen: string[] = [];
  const sockets = new Set<unknown>();
  page = await startPage((request, response) => {
    sockets.add(request.socket);
    seen.push(`${request.method} ${request.url}`);
    if (request.url !== "/directory") return answer(response);
    if (typeof directory !== "string") return directory(response);
    const base = `https://${request.headers.host}`;
    const renewalInfo = directory.startsWith("/") ? `${base}${directory}` : directory;
    const listed = { newNonce: `${base}/n`, newAccount: `${base}/a`, newOrder: `${base}/o`, renewalInfo };
    return send(listed)(response);
  });
  const issuer = createAcmeIssuer({
    challengeWorld: noChallengeWorld,
    stateDir: state,
    challenges,
    now: () => now,
    elapsed: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    userAgent: "mailcert-test/1",
    timeoutMs,
  });
  const { url, caFile } = page;
  return {
    ask: async (leaf = rfc9773Leaf, signal = new AbortController().signal) => {
      if (issuer.renewalInfo === undefined) throw new Error("the issuer cannot be asked");
      const settings = {
        ...usualAcme,
        kind: "acme",
        directory: url,
        agreeTos: false,
        caFile,
        httpAddress: "127.0.0.1:1",
      } as const;
      return issuer.renewalInfo({ leaf, settings, signal, step: () => undefined });
    },
    seen,
    connections: () => sockets.size,
  };
};

describe("a window", () => {
  test("with its reason and when to ask again; many certificates take one connection and one directory", async () => {
    const explanationURL = "https://ca.example/incident";
    const ca = await start(send({ suggestedWindow: window, explanationURL }, { headers: { "retry-after": "21600" } }));
    const answer = {
      kind: "window",
      window,
      explanationUrl: explanationURL,
      retryAfter: new Date("2026-11-20T18:00:00.000Z"),
    };
    expect(await ca.ask()).toEqual(answer);
    expect(await ca.ask()).toEqual(answer);
    const asked = `GET /renewal-info/${rfc9773LeafId}`;
    expect(ca.seen).toEqual(["GET /directory", asked, asked]);
    expect(ca.connections()).toBe(1);
  });

  test.each([
    ["no Retry-After", {}, undefined],
    ["a Retry-After that is nonsense", { "retry-after": "soon" }, undefined],
    [
      "a date, by the CA's clock",
      { "retry-after": "Fri, 20 Nov 2026 10:00:00 GMT", date: "Fri, 20 Nov 2026 09:00:00 GMT" },
      new Date("2026-11-20T13:00:00.000Z"),
    ],
  ])("%s", async (_, headers, retryAfter) => {
    const ca = await start(send({ suggestedWindow: window, explanationURL: "javascript:alert(1)" }, { headers }));
    expect(await ca.ask()).toEqual({ kind: "window", window, ...(retryAfter ? { retryAfter } : {}) });
  });

  test("a renewalInfo URL without a slash at its end", async () => {
    const ca = await start(send({ suggestedWindow: window }), { directory: "/ari" });
    expect(await ca.ask()).toMatchObject({ kind: "window" });
    expect(ca.seen[1]).toBe(`GET /ari/${rfc9773LeafId}`);
  });
});

describe("no advice: our own rule", () => {
  test.each<readonly [string, Answer, RegExp]>([
    ["404", send("", { status: 404 }), /HTTP 404/],
    [
      "a problem document; its Retry-After counts for nothing",
      send(
        { type: "urn:ietf:params:acme:error:malformed", detail: "not ours" },
        { status: 400, headers: { "retry-after": "1" } },
      ),
      /malformed: not ours/,
    ],
    ["broken JSON", send('{"suggestedWindow":'), /JSON that cannot be read/],
    ["HTML", send("<html>", { headers: { "content-type": "text/html" } }), /"text\/html"/],
    ["nothing", send(""), /no suggestedWindow/],
    ["JSON null", send("null"), /no suggestedWindow/],
    ["a list", send([window]), /no suggestedWindow/],
    ["dates that are none", send({ suggestedWindow: { start: "1", end: "2" } }), /no two RFC 3339 dates/],
    [
      "an end before the start",
      send({ suggestedWindow: { start: window.end, end: window.start } }),
      /ends before it begins/,
    ],
    ["a redirect", send("", { status: 302, headers: { location: "https://elsewhere.example/" } }), /redirects/],
  ])("%s", async (_, answer, why) => {
    const ca = await start(answer);
    expect(await ca.ask()).toEqual({ kind: "none", why: expect.stringMatching(why) });
  });

  test("a directory without renewalInfo, or with one that is no https URL; a leaf without an identifier", async () => {
    const ca = await start(send({}), { directory: "http://ca.example/ari" });
    expect(await ca.ask()).toEqual({ kind: "none", why: expect.stringContaining("lists no renewalInfo") });
    await page?.stop();
    const other = await start(send({}));
    expect(await other.ask((await makeServerTls()).cert)).toEqual({
      kind: "none",
      why: expect.stringContaining("no authority key identifier"),
    });
    expect(other.seen).toEqual(["GET /directory"]);
  });
});

describe("a CA that cannot be asked now", () => {
  test.each<readonly [string, Answer, string | undefined, number]>([
    ["500", send("", { status: 500 }), undefined, 10_000],
    [
      "503 with Retry-After",
      send("", { status: 503, headers: { "retry-after": "120" } }),
      "2026-11-20T12:02:00.000Z",
      10_000,
    ],
    ["429", send("", { status: 429, headers: { "retry-after": "7200" } }), "2026-11-20T14:00:00.000Z", 10_000],
    ["a connection that breaks", (response: ServerResponse) => void response.socket?.destroy(), undefined, 10_000],
    ["silence", () => undefined, undefined, 300],
  ])("%s", async (_, answer, retryAfter, timeoutMs) => {
    const ca = await start(answer, { timeoutMs });
    expect(await ca.ask()).toEqual({
      kind: "later",
      why: expect.any(String),
      ...(retryAfter === undefined ? {} : { retryAfter: new Date(retryAfter) }),
    });
  });

  test("after two in a row the run leaves it alone; so with its directory", async () => {
    const ca = await start(send("", { status: 500 }));
    for (let count = 0; count < 5; count += 1) expect(await ca.ask()).toMatchObject({ kind: "later" });
    expect(ca.seen).toHaveLength(3);
    await page?.stop();
    const down = await start(send({}), { directory: send("", { status: 500 }) });
    for (let count = 0; count < 5; count += 1) expect(await down.ask()).toMatchObject({ kind: "later" });
    expect(down.seen).toEqual(["GET /directory", "GET /directory"]);
  });

  test("a trust file that is gone: issuing will say so, deploying must go on", async () => {
    const ca = await start(send({ suggestedWindow: window }));
    await page?.stop();
    expect(await ca.ask()).toEqual({ kind: "later", why: expect.stringContaining("--ca-file") });
    page = undefined;
  });

  test("a run that is stopped stops", async () => {
    const stop = new AbortController();
    const ca = await start(() => stop.abort(new Error("stopped")));
    await expect(ca.ask(rfc9773Leaf, stop.signal)).rejects.toThrow("stopped");
  });
});
