// The account's e-mail address: brought up to date where the CA takes it, and no reason to fail where it does not.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AcmeSettings } from "../../../src/domain/certificate-config.ts";
import type { Failure } from "../../../src/domain/failure.ts";
import { ensureAccount } from "../../../src/issuers/acme/account.ts";
import { findAccount } from "../../../src/issuers/acme/account-store.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import type { Reply, Transport } from "../../../src/issuers/acme/transport.ts";
import { usualAcme } from "../../fakes/settings.ts";

const ca = "https://ca.example";
const directory = { newNonce: `${ca}/nonce`, newAccount: `${ca}/account`, newOrder: `${ca}/order` };
const now = new Date("2026-11-20T12:00:00Z");

let stateDir = "";
let asked: string[] = [];
let notes: string[] = [];
/** What the CA answers to a change of the account. */
let changed: () => Reply = () => ({ status: 200, headers: {}, data: { status: "valid" } });
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "mailcert-account-"));
  [asked, notes] = [[], []];
});
afterEach(() => rm(stateDir, { recursive: true }));

const transport: Transport = {
  request: async (url) => {
    asked.push(url.slice(ca.length));
    if (url === directory.newAccount)
      return { status: 201, headers: { location: `${ca}/acct/1` }, data: { status: "valid" } };
    return changed();
  },
  nonce: () => "nonce",
  sent: () => asked.length,
};
const registered: string[] = [];
const ensure = (email: string | undefined) => {
  const settings: AcmeSettings = {
    ...usualAcme,
    kind: "acme",
    directory: `${ca}/dir`,
    agreeTos: true,
    httpAddress: ":80",
    ...(email === undefined ? {} : { email }),
  };
  return ensureAccount({
    stateDir,
    settings,
    directory: { ...directory, externalAccountRequired: false, caaIdentities: [], document: directory },
    transport,
    now: () => now,
    step: () => undefined,
    note: (sentence) => void notes.push(sentence),
    registered: async ({ url }) => void registered.push(url),
  });
};
const stored = async () => (await findAccount(stateDir, `${ca}/dir`))?.record?.email;
const refusing = (type: string, status = 400, detail = "no") => {
  changed = () => {
    throw new ProblemError(readProblem({ type: `urn:ietf:params:acme:error:${type}`, detail }, status), `${ca}/acct/1`);
  };
};

test("another address is told to the CA once; none is no opinion", async () => {
  changed = () => ({ status: 200, headers: {}, data: { status: "valid" } });
  for (const email of ["a@example.org", "a@example.org", undefined, "b@example.org", "b@example.org"])
    await ensure(email);
  expect(asked).toEqual(["/account", "/acct/1"]);
  expect([await stored(), notes]).toEqual(["b@example.org", []]);
});

test.each([
  ["invalidContact", 400],
  ["unsupportedContact", 400],
  ["rateLimited", 429],
  ["serverInternal", 500],
])("a change that is refused (%s) is a note: the account is used as it is", async (type, status) => {
  await ensure("a@example.org");
  refusing(type, status);
  const { record } = await ensure("b@example.invalid");
  expect(record).toMatchObject({ url: `${ca}/acct/1`, email: "a@example.org" });
  expect(notes).toEqual([
    expect.stringMatching(
      /b@example\.invalid, which stays a@example\.org: urn.*; (give one that it takes|the next order asks again)/,
    ),
  ]);
  // Asked for again with the next order.
  changed = () => ({ status: 200, headers: {}, data: { status: "valid" } });
  await ensure("b@example.invalid");
  expect(await stored()).toBe("b@example.invalid");
});

test("certificates with different addresses do not change it to and fro: the last new one stays, and it is said", async () => {
  changed = () => ({ status: 200, headers: {}, data: { status: "valid" } });
  for (let count = 0; count < 3; count += 1)
    for (const email of ["a@example.org", "b@example.org"]) await ensure(email);
  expect(asked).toEqual(["/account", "/acct/1"]);
  expect(await stored()).toBe("b@example.org");
  expect(notes).toHaveLength(2);
  expect(notes[0]).toContain("mailcert account update --email a@example.org");
  // A third one is somebody's wish.
  await ensure("c@example.org");
  expect(await stored()).toBe("c@example.org");
});

test("an account that the CA does not take any more is no matter of its address", async () => {
  await ensure("a@example.org");
  refusing("unauthorized", 403, "account is deactivated");
  await expect(ensure("b@example.org")).rejects.toMatchObject({ kind: "config", facts: { code: "ACCOUNT" } });
  expect(notes).toEqual([]);
});

test("an account that was registered is told of once, when it is kept", async () => {
  registered.length = 0;
  changed = () => ({ status: 200, headers: {}, data: { status: "valid" } });
  await ensure(undefined);
  await ensure("a@example.org");
  expect(registered).toEqual([`${ca}/acct/1`]);
});

test("a key that is not the account's: which file, and the ways on, as commands that there are", async () => {
  await ensure("a@example.org");
  refusing("malformed", 400, "JWS verification error: go-jose/go-jose: error in cryptographic primitive");
  const failure = (await ensure("b@example.org").catch((error: unknown) => error)) as Failure;
  expect(failure).toMatchObject({ kind: "config", facts: { code: "ACCOUNT" } });
  expect(failure.message).toMatch(
    /^the CA does not take \S+\/key\.pem for the key of the account https:\/\/ca\.example\/acct\/1: /,
  );
  expect(failure.hints[0]).toContain("from a backup");
  expect(failure.hints[1]).toContain(`then: mailcert account register --acme ${ca}/dir --agree-tos`);
});
