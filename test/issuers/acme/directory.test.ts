// A directory URL that is not one: each way of being wrong says what, where, and what to do next, and nothing is left behind.
import type { RequestListener } from "node:http";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isCaTrouble } from "../../../src/domain/ca-failures.ts";
import { challenges } from "../../../src/challenges/index.ts";
import { Failure } from "../../../src/domain/failure.ts";
import { createAcmeIssuer } from "../../../src/issuers/acme/index.ts";
import { generateKey } from "../../../src/system/keys.ts";
import { type Page, startPage } from "../../fakes/acme-page.ts";
import { makeServerTls } from "../../fakes/acme-tls.ts";
import { usualAcme } from "../../fakes/settings.ts";
import { noChallengeWorld } from "../../fakes/challenge-world.ts";
import { freePort } from "../../free-ports.ts";

let state = "";
let page: Page | undefined;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-acme-"));
});
afterEach(async () => {
  await page?.stop();
  page = undefined;
  await rm(state, { recursive: true, force: true });
});

interface Try {
  readonly caFile?: string | undefined;
  readonly agreeTos?: boolean;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const attempt = async (directory: string, o: Try = {}): Promise<Failure> => {
  const issuer = createAcmeIssuer({
    challengeWorld: noChallengeWorld,
    stateDir: state,
    challenges,
    now: () => new Date(),
    elapsed: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    userAgent: "mailcert-test/1",
    timeoutMs: o.timeoutMs ?? 10_000,
  });
  const failure: unknown = await issuer
    .issue({
      names: ["mail.example.org"],
      algorithm: "ecdsa",
      privateKey: await generateKey("ecdsa"),
      now: new Date(),
      signal: o.signal ?? new AbortController().signal,
      step: () => undefined,
      settings: {
        kind: "acme",
        directory,
        agreeTos: o.agreeTos ?? true,
        ...usualAcme,
        httpAddress: "127.0.0.1:1",
        ...(o.caFile === undefined ? {} : { caFile: o.caFile }),
      },
    })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  // Nothing was spent: no account key was made.
  expect(await readdir(state)).toEqual([]);
  return failure as Failure;
};

const serve = async (handler: RequestListener, o: Try = {}): Promise<Failure> => {
  page = await startPage(handler);
  return attempt(page.url, { caFile: page.caFile, ...o });
};

const send =
  (type: string, body: string, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "content-type": type }).end(body);
  };
const json = (value: unknown): RequestListener => send("application/json", JSON.stringify(value));
const good = { newNonce: "https://ca/n", newAccount: "https://ca/a", newOrder: "https://ca/o" };

describe("not an ACME directory", () => {
  const cases: readonly (readonly [string, RequestListener, RegExp])[] = [
    ["an HTML page", send("text/html", "<html>hello</html>"), /answers with "text\/html", not with JSON/],
    ["text without a type", (_, response) => void response.end("hi"), /"no content type"|not with JSON/],
    ["JSON of something else", json({ hello: 1 }), /does not list newNonce/],
    ["JSON without newOrder", json({ ...good, newOrder: undefined }), /does not list newOrder/],
    ["a JSON list", json([1]), /no JSON object/],
    ["JSON null", json(null), /no JSON object/],
    ["broken JSON", send("application/json", '{"newNonce":'), /JSON cannot be read/],
    ["nothing at all", send("application/json", ""), /no JSON object/],
    ["404", send("text/html", "<h1>Not found</h1>", 404), /HTTP 404/],
    ["403 with JSON", send("application/json", '{"message":"no"}', 403), /HTTP 403/],
    [
      "plain http URLs in it",
      json({ ...good, newOrder: "http://ca/o" }),
      /its newOrder is "http:\/\/ca\/o", which is no https URL/,
    ],
  ];
  test.each(cases)("%s", async (_, handler, why) => {
    const failure = await serve(handler);
    expect(failure.kind).toBe("config");
    expect(failure.message).toContain(page?.url);
    expect(failure.message).toContain("is not an ACME directory");
    expect(failure.message).toMatch(why);
    expect(failure.hints.join()).toContain("--acme URL");
    // With others configured, the next one is asked.
    expect(isCaTrouble(failure)).toBe(true);
  });

  test.each(["http://127.0.0.1/directory", "ftp://x/", "letsencrypt", ""])("%j is no https URL", async (url) => {
    expect(await attempt(url)).toMatchObject({
      kind: "config",
      message: expect.stringContaining("must be an https URL"),
    });
  });

  test("a redirect is shown, not followed", async () => {
    const failure = await serve(
      (_, response) => void response.writeHead(302, { location: "https://elsewhere.example/dir" }).end(),
    );
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("redirects to https://elsewhere.example/dir"),
    });
  });

  test("a server in trouble is a later, or the server's fault", async () => {
    const later = await serve((_, response) => void response.writeHead(503, { "retry-after": "60" }).end("busy"));
    expect(later).toMatchObject({ kind: "try-later", facts: { retryAt: expect.stringMatching(/^\d{4}-/) } });
    await page?.stop();
    expect(await serve(send("text/html", "<h1>oops</h1>", 502))).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("HTTP 502"),
    });
  });

  test("an endless reply is cut", async () => {
    const failure = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    expect(failure).toMatchObject({ kind: "unavailable", message: expect.stringContaining("more than 1048576 bytes") });
  });
});

describe("nobody there, or not whom we trust", () => {
  test("nobody listens", async () => {
    const url = `https://localhost:${await freePort()}/directory`;
    const failure = await attempt(url);
    expect(failure).toMatchObject({ kind: "unavailable", facts: { code: "ECONNREFUSED" } });
    expect(failure.message).toContain("refuses the connection");
    expect(failure.message).toContain(new URL(url).host);
  });

  test("its HTTPS is not trusted: --ca-file", async () => {
    page = await startPage(json(good));
    const failure = await attempt(page.url);
    expect(failure).toMatchObject({ kind: "unavailable", message: expect.stringContaining("not trusted here") });
    expect(failure.hints[0]).toContain("--ca-file FILE");
    const wrong = join(state, "..", `${state.split("/").pop()}-wrong.pem`);
    await writeFile(wrong, (await makeServerTls()).ca);
    expect((await attempt(page.url, { caFile: wrong })).hints[0]).toContain(wrong);
    await rm(wrong);
  });

  test("its HTTPS is for another name, or out of date", async () => {
    page = await startPage(json(good), { tls: await makeServerTls({ names: ["ca.example.org"] }) });
    expect(await attempt(page.url, { caFile: page.caFile })).toMatchObject({
      message: expect.stringContaining("for another name than localhost"),
    });
    await page.stop();
    const day = 86_400_000;
    const old = await makeServerTls({
      notBefore: new Date(Date.now() - 9 * day),
      notAfter: new Date(Date.now() - day),
    });
    page = await startPage(json(good), { tls: old });
    const failure = await attempt(page.url, { caFile: page.caFile });
    expect(failure).toMatchObject({ facts: { code: "CERT_HAS_EXPIRED" } });
    expect(failure.hints[0]).toContain("clock");
  });

  test("plain HTTP on that port", async () => {
    page = await startPage(json(good), { plain: true });
    const failure = await attempt(page.url, { caFile: page.caFile });
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("does not speak TLS there"),
    });
  });

  test("a name that does not exist", async () => {
    const failure = await attempt("https://ca.invalid/directory");
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("ca.invalid cannot be resolved"),
    });
    expect(failure.hints[0]).toContain("resolv.conf");
  });

  test("it accepts and then says nothing: one deadline", async () => {
    const begun = performance.now();
    const failure = await serve(() => undefined, { timeoutMs: 700 });
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("no complete reply within 0.7 s"),
    });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("it drips: the deadline is for the whole reply", async () => {
    const dripping: RequestListener = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
    };
    const failure = await serve(dripping, { timeoutMs: 700 });
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("no complete reply within"),
    });
  });

  test("it breaks off in the middle of the reply", async () => {
    const failure = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write('{"newNonce":');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    expect(failure).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("broke before the reply was complete"),
    });
  });
});

describe("before an account is made", () => {
  const meta = (value: object): RequestListener => json({ ...good, meta: value });

  test("the terms of service are shown and --agree-tos is asked for", async () => {
    page = await startPage(meta({ termsOfService: "https://ca.example.org/terms-v7.pdf" }));
    const failure = await attempt(page.url, { caFile: page.caFile, agreeTos: false });
    expect(failure).toMatchObject({ kind: "config", facts: { termsOfService: "https://ca.example.org/terms-v7.pdf" } });
    expect(failure.message).toContain("https://ca.example.org/terms-v7.pdf");
    expect(failure.hints[0]).toContain("--agree-tos");
  });

  test("a CA that wants an external account binding says so before anything is made", async () => {
    page = await startPage(meta({ externalAccountRequired: true }));
    const failure = await attempt(page.url, { caFile: page.caFile });
    expect(failure).toMatchObject({ kind: "config", message: expect.stringContaining("external account binding") });
  });

  test("a --ca-file that is missing or none", async () => {
    expect(await attempt("https://ca.invalid/directory", { caFile: "/nonexistent/ca.pem" })).toMatchObject({
      kind: "config",
      message: expect.stringContaining("/nonexistent/ca.pem"),
    });
    expect(await attempt("https://ca.invalid/directory", { caFile: "/etc/hostname" })).toMatchObject({
      kind: "config",
      message: expect.stringContaining("holds no PEM certificate"),
    });
  });

  test("told to stop, it stops", async () => {
    page = await startPage(() => undefined);
    const stop = new AbortController();
    const { url, caFile } = page;
    setTimeout(() => stop.abort(new Failure("try-later", "stopped")), 50);
    expect(await attempt(url, { caFile, signal: stop.signal })).toMatchObject({ message: "stopped" });
  });
});
