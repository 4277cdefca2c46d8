// The order at the CA's test instance after a refusal: it may spare the CA a request, and never keeps a certificate from being renewed.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import { Failure } from "../../src/domain/failure.ts";
import { rehearse } from "../../src/issuers/acme/rehearsal.ts";
import { validationFailure } from "../../src/issuers/acme/validation-failure.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import type { IssueRequest, Issuer } from "../../src/issuers/issuer.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const hour = 3_600_000;
const day = 24 * hour;
const settings: AcmeSettings = {
  ...usualAcme,
  kind: "acme",
  directory: "https://ca.example/dir",
  agreeTos: true,
  httpAddress: ":80",
};
const config = certificate({ issuer: settings });

const refusal = (type: string): Failure =>
  validationFailure([
    {
      name: "mail.example.org",
      challenge: "http-01",
      status: "invalid",
      problem: { type: `urn:ietf:params:acme:error:${type}`, detail: "no", status: 403, subproblems: [] },
    },
  ]);

let fake: FakeWorld;
let world: World;
/** Where each order was placed, in turn. */
let asked: ("staging" | "ca")[];
let staging: () => void;
let ca: () => void;

beforeEach(() => {
  fake = fakeWorld();
  asked = [];
  staging = () => undefined;
  ca = () => undefined;
  const signer = createSelfSigned({ random: (size) => randomBytes(size) });
  const issuer: Issuer = {
    refuses: () => undefined,
    issue: async (request) => {
      const rehearsal = {
        stateDir: fake.world.store.dir,
        stagingOf: () => "https://staging.example/dir",
        issue: async () => {
          asked.push("staging");
          staging();
        },
      };
      await rehearse(rehearsal, request as IssueRequest<AcmeSettings>);
      asked.push("ca");
      ca();
      return signer.issue({ ...request, settings: { kind: "self-signed", days: 90 } });
    },
  };
  world = { ...fake.world, issuer: async () => issuer };
});
afterEach(() => fake.dispose());

const run = () => renew(world, [config], timer);
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const throwing = (make: () => Failure) => (): never => {
  throw make();
};

/** A certificate that is due, after one attempt at the CA that ended in a refused validation. */
const refusedOnce = async (age = 61 * day): Promise<void> => {
  await run();
  pass(age);
  ca = throwing(() => refusal("connection"));
  await run();
  ca = () => undefined;
  pass(hour);
  asked.length = 0;
};

const later = (): Failure =>
  new Failure("try-later", "503", { facts: { retryAt: new Date(fake.clock.now.getTime() + 600_000).toISOString() } });

test.each<[string, () => Failure]>([
  ["its account is not the one that CAA records name", () => refusal("caa")],
  ["it wants to be asked later", later],
  ["it is not there", () => new Failure("unavailable", "no connection")],
  [
    "its order was withdrawn",
    () => validationFailure([{ name: "mail.example.org", challenge: "http-01", status: "deactivated" }]),
  ],
])("passed over in the same run: %s", async (_why, failure) => {
  await refusedOnce();
  staging = throwing(failure);
  await run();
  expect(asked).toEqual(["staging", "ca"]);
  expect(world.store.read(config.name)).toMatchObject({ target: 2, attempts: 0 });
});

test("what it refuses is this attempt's failure; the next one goes to the CA itself, in turn", async () => {
  await refusedOnce();
  [staging, ca] = [throwing(() => refusal("connection")), throwing(() => refusal("dns"))];
  for (let hours = 0; hours < 24 * 20; hours += 1) {
    await run();
    pass(hour);
  }
  expect(asked.slice(0, 5)).toEqual(["staging", "ca", "staging", "ca", "staging"]);
  expect(world.store.read(config.name)?.lastError?.facts?.["rehearsal"] === undefined).toBe(asked.at(-1) === "ca");
  // Names in order, whatever the test instance goes on to say.
  ca = () => undefined;
  for (let hours = 0; hours < 49; hours += 1) {
    await run();
    pass(hour);
  }
  expect(world.store.read(config.name)).toMatchObject({ target: 2, attempts: 0 });
});

test("not in the last twentieth of the lifetime", async () => {
  await refusedOnce(86 * day);
  await run();
  expect(asked).toEqual(["ca"]);
});

test("not with dns-persist-01: its record would stay", async () => {
  const request = { settings: { ...settings, challenges: ["dns-persist-01"] }, rehearse: true };
  const issue = async (): Promise<never> => {
    throw new Error("it was asked");
  };
  const o = { stateDir: fake.world.store.dir, stagingOf: () => "https://staging.example/dir", issue };
  await rehearse(o, request as unknown as IssueRequest<AcmeSettings>);
  const usual = { ...request, settings, step: () => undefined, signal: new AbortController().signal };
  await expect(rehearse(o, usual as unknown as IssueRequest<AcmeSettings>)).rejects.toThrow("it was asked");
});
