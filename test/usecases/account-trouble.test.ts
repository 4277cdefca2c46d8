// An account at its end is seen in status, a new one ends the wait for it, and a mended entry is not held on to.
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { Accounts, KnownAccount } from "../../src/issuers/accounts.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import { registerAccount } from "../../src/usecases/account.ts";
import { issue } from "../../src/usecases/issue.ts";
import { rememberFailure } from "../../src/usecases/remember-failure.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const directory = "https://ca.example.org/dir";
const acme = (over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({
    issuer: { kind: "acme", directory, agreeTos: true, ...usualAcme, httpAddress: ":80" },
    servers: [],
    ...over,
  });

let fake: FakeWorld;
let accounts: KnownAccount[];
beforeEach(() => {
  fake = fakeWorld();
  accounts = [];
});
afterEach(() => fake.dispose());

const known = (number: number, deactivatedAt?: string, at = directory): KnownAccount => ({
  folder: `/accounts/${number}`,
  ca: "ca.example.org",
  registered: {
    url: `https://ca.example.org/acct/${number}`,
    directory: at,
    createdAt: `2026-01-0${number}T00:00:00.000Z`,
    ...(deactivatedAt === undefined ? {} : { deactivatedAt }),
  },
  inUse: deactivatedAt === undefined,
  unfinishedRollover: false,
});
const dead = known(1, "2026-02-01T00:00:00.000Z");

const worldOf = async (...configured: readonly CertificateConfig[]): Promise<World> => {
  const base = await fake.world.accounts();
  const signing = await fake.world.issuer("self-signed");
  const all: Accounts = {
    ...base,
    list: async () => accounts,
    register: async () => ({ outcome: "registered", account: known(2) }),
  };
  return {
    ...fake.world,
    config: { ...fake.world.config, read: async () => ({ certificates: configured }) },
    accounts: async () => all,
    issuer: async () => ({
      ...signing,
      issue: async (request) => signing.issue({ ...request, settings: { kind: "self-signed", days: 90 } }),
    }),
  };
};

const seen = async (world: World) => {
  const result = await status(world, []);
  expect(complaints(statusDocument(result))).toEqual([]);
  return { ok: result.ok, text: statusText(result, undefined, world.now()) };
};

test("a deactivated account: nothing is due, and yet it cannot be renewed", async () => {
  const world = await worldOf(acme());
  await issue(world, acme());
  await world.store.write({ ...world.store.read("mail.example.org")!, stage: "verified" });
  await world.store.switchLive("mail.example.org", 1);
  expect((await seen(world)).text).not.toContain("cannot be renewed");
  accounts = [dead];
  const { ok, text } = await seen(world);
  expect(ok).toBe(false);
  expect(text).toContain(
    "cannot be renewed by ca.example.org: its account https://ca.example.org/acct/1 was deactivated on 2026-02-01",
  );
  expect(text).toContain(`mailcert account register --acme ${directory} --agree-tos`);
  accounts = [dead, known(2)];
  expect((await seen(world)).text).not.toContain("cannot be renewed");
  accounts = [known(1, "2026-02-01T00:00:00.000Z", "https://other.example.org/dir")];
  expect((await seen(world)).text).not.toContain("cannot be renewed");
});

test("whoever may not look at the accounts is told nothing of them", async () => {
  const world = await worldOf(acme());
  const refused = async (): Promise<never> => {
    throw new Failure("no-permission", "cannot read the folder");
  };
  expect((await seen({ ...world, accounts: refused })).text).not.toContain("cannot be renewed");
});

const failWith = (world: World, facts: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
  rememberFailure(world, acme(), "issue", new Failure("config", "the CA said no", { facts }));

test.each([
  [{ code: "ACCOUNT_DEACTIVATED" }, true],
  [{ code: "ACCOUNT" }, true],
  [{ termsOfService: "https://ca.example.org/terms" }, true],
  [{ problem: { type: "urn:ietf:params:acme:error:externalAccountRequired" } }, true],
  [{ code: "CAA" }, false],
  [{ problem: { type: "urn:ietf:params:acme:error:rateLimited" } }, false],
])("a new account ends the wait after %j: %s", async (facts, ended) => {
  const world = await worldOf(acme(), acme({ name: "b.example.org", issuer: { kind: "self-signed", days: 90 } }));
  await failWith(world, facts);
  const result = await registerAccount(world, { flags: { acme: directory, agreeTos: true }, dryRun: false });
  const state = world.store.read("mail.example.org");
  expect([state?.nextAttempt === undefined, state?.lastError === undefined]).toEqual([ended, ended]);
  expect(result.notes.some((note) => note.includes("mailcert renew mail.example.org"))).toBe(ended);
  // What cannot be undone has no undo.
  expect((await world.store.events()).at(-1)).not.toHaveProperty("undo");
});

test("an entry that was mended, with nothing due: the failure of the one before is not held on to", async () => {
  const world = await worldOf(acme());
  await issue(world, acme());
  await world.store.write({ ...world.store.read("mail.example.org")!, stage: "verified" });
  await world.store.switchLive("mail.example.org", 1);
  const wrong = acme({
    issuer: { kind: "acme", directory: `${directory}x`, agreeTos: true, ...usualAcme, httpAddress: ":80" },
  });
  const mistaken = await worldOf(wrong);
  await rememberFailure(mistaken, wrong, "issue", new Failure("config", "that is not an ACME directory"));
  expect((await seen(mistaken)).text).toContain("that is not an ACME directory");
  expect((await seen(world)).text).not.toContain("that is not an ACME directory");
});
