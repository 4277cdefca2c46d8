// What a CA says before an order is placed: its names, its clock, our account; nothing is made, here or there.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { challenges } from "../../../src/challenges/index.ts";
import type { AcmeSettings } from "../../../src/domain/certificate-config.ts";
import { limitsOfAll } from "../../../src/domain/ca-limits.ts";
import { makeAccountKey, saveRecord } from "../../../src/issuers/acme/account-store.ts";
import { openSpending } from "../../../src/issuers/acme/budget-store.ts";
import { createAcmeIssuer } from "../../../src/issuers/acme/index.ts";
import type { CaFacts, InspectRequest } from "../../../src/issuers/issuer.ts";
import { type Page, startPage } from "../../fakes/acme-page.ts";
import { noChallengeWorld } from "../../fakes/challenge-world.ts";
import { usualAcme } from "../../fakes/settings.ts";

const now = new Date("2026-11-20T12:00:00.000Z");
const name = "mail.example.org";
let state = "";
let page: Page;
let seen: string[] = [];
let meta: Readonly<Record<string, unknown>> = {};
let date = now.toUTCString();
let account: (response: ServerResponse) => void;

const send = (response: ServerResponse, status: number, body: unknown): void =>
  void response
    .writeHead(status, {
      "content-type": status < 300 ? "application/json" : "application/problem+json",
      "replay-nonce": "nonce",
      date,
    })
    .end(JSON.stringify(body));

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-inspect-"));
  [seen, meta, date] = [[], {}, now.toUTCString()];
  account = (response) => send(response, 200, { status: "valid" });
  page = await startPage((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const base = `https://localhost:${page.port}`;
    const resources = { newNonce: `${base}/nonce`, newAccount: `${base}/new-account`, newOrder: `${base}/new-order` };
    if (request.url === "/directory") send(response, 200, { ...resources, meta });
    else if (request.url === "/acct/1") account(response);
    else send(response, 200, {});
  });
});
afterEach(async () => {
  await page.stop();
  await rm(state, { recursive: true, force: true });
});

const look = (
  settings: Partial<AcmeSettings> = {},
  request: Partial<InspectRequest<AcmeSettings>> = {},
): Promise<CaFacts> => {
  const issuer = createAcmeIssuer({
    stateDir: state,
    challenges,
    challengeWorld: noChallengeWorld,
    now: () => now,
    elapsed: () => performance.now(),
    sleep: () => Promise.reject(new Error("nothing to wait for")),
    userAgent: "mailcert-test/1",
    limitsOf: limitsOfAll,
  });
  const base = { kind: "acme", directory: page.url, caFile: page.caFile, agreeTos: true, httpAddress: ":80" } as const;
  return (
    issuer.inspect?.({
      names: [name],
      settings: { ...usualAcme, ...base, ...settings },
      signal: new AbortController().signal,
      step: () => undefined,
      thoroughly: true,
      ...request,
    }) ?? Promise.reject(new Error("it cannot be inspected"))
  );
};
const registered = async (url = `https://localhost:${page.port}/acct/1`): Promise<void> => {
  const { folder } = await makeAccountKey(state, page.url);
  await saveRecord(folder, { schema: 1, url, directory: page.url, createdAt: now.toISOString() });
};

describe("the CA", () => {
  test("its names are bounded, and fit to be shown", async () => {
    meta = { caaIdentities: ["ca.example", 7, "", "evil\u001b[2J.example", ...Array.from({ length: 40 }, () => "x")] };
    const { identities } = await look();
    expect(identities.slice(0, 3)).toEqual(["ca.example", "evil [2J.example", "x"]);
    expect(identities).toHaveLength(20);
    meta = { caaIdentities: "ca.example" };
    expect((await look()).identities).toEqual([]);
  });

  test("its clock against ours", async () => {
    date = new Date(now.getTime() - 7_200_000).toUTCString();
    expect((await look()).clockAheadMs).toBe(-7_200_000);
    date = "yesterday";
    expect(await look()).not.toHaveProperty("clockAheadMs");
  });

  test("one that cannot be reached is a failure", async () => {
    await expect(look({ directory: "https://localhost:1/directory" })).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("no account yet", () => {
  test("one could be registered: nothing is made, nobody is asked", async () => {
    expect(await look()).toEqual({ identities: [], clockAheadMs: 0 });
    expect(seen).toEqual(["GET /directory"]);
    expect(await readdir(state)).toEqual([]);
  });

  test("terms that are not agreed to", async () => {
    meta = { termsOfService: "https://ca.example/terms" };
    expect((await look({ agreeTos: false })).accountTrouble).toMatchObject({
      kind: "config",
      message: expect.stringContaining("https://ca.example/terms"),
    });
  });

  test("an account binding that is missing, unreadable, or there", async () => {
    meta = { externalAccountRequired: true };
    expect((await look()).accountTrouble).toMatchObject({ facts: { externalAccountRequired: true } });
    const hmacFile = join(state, "hmac");
    const eab = { kid: "k", hmacFile };
    expect((await look({ eab })).accountTrouble?.message).toContain(hmacFile);
    await writeFile(hmacFile, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", { mode: 0o600 });
    expect(await look({ eab })).not.toHaveProperty("accountTrouble");
  });
});

describe("our account", () => {
  test("is asked for only where it is looked at thoroughly", async () => {
    await registered();
    const url = `https://localhost:${page.port}/acct/1`;
    expect(await look({}, { thoroughly: false })).toEqual({ identities: [], clockAheadMs: 0, account: url });
    expect(seen).toEqual(["GET /directory"]);
    expect(await look()).toMatchObject({ account: url });
    expect(seen).toContain("POST /acct/1");
    expect(seen.some((one) => /order|new-account/.test(one))).toBe(false);
  });

  test.each([
    ["deactivated", 200, { status: "deactivated" }, "config"],
    ["revoked", 200, { status: "revoked" }, "config"],
    ["unknown", 400, { type: "urn:ietf:params:acme:error:accountDoesNotExist", detail: "who?" }, "config"],
    ["busy", 429, { type: "urn:ietf:params:acme:error:rateLimited", detail: "later" }, "try-later"],
  ])("that is %s", async (_what, status, body, kind) => {
    await registered();
    account = (response) => send(response, status, body);
    const { accountTrouble } = await look();
    expect(accountTrouble?.kind).toBe(kind);
  });

  test("its URL is fit to be shown", async () => {
    await registered("https://ca.example/acct/\u009b2J1");
    expect((await look({}, { thoroughly: false })).account).toBe("https://ca.example/acct/ 2J1");
  });
});

test("a limit that is used up, unless the order is exempt from it", async () => {
  const spending = openSpending(state, page.url, limitsOfAll(page.url), () => now);
  for (let count = 0; count < 5; count += 1) await spending.issued([name], false);
  expect((await look()).exhausted).toMatchObject({ what: "certificates for the same names (5 in 7 days)" });
  expect(await look({}, { exempt: true })).not.toHaveProperty("exhausted");
  expect(await look({}, { names: ["imap.example.org"] })).not.toHaveProperty("exhausted");
  expect(await look({}, { thoroughly: false })).not.toHaveProperty("exhausted");
});
