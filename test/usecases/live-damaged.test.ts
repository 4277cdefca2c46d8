// Files that servers read and that went missing or were emptied: the hourly run makes them anew with the same key, status tells it, deploy and rollback say what to do.
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };

let fake: FakeWorld;
let world: World;
beforeEach(async () => {
  fake = fakeWorld();
  world = { ...fake.world, config: { ...fake.world.config, read: async () => ({ certificates: [certificate()] }) } };
  await issue(world, certificate());
  await deploy(world, certificate(), options);
});
afterEach(() => fake.dispose());

const folder = (): string => join(world.store.dir, "certificates", name);
const file = (of: string): string => join(folder(), "live/ecdsa", of);
const keyOf = async (number: number): Promise<string | undefined> =>
  (await world.store.readGeneration(name, number)).ecdsa?.privateKey;
const decision = async (over: Partial<RenewOptions> = {}): Promise<unknown> =>
  (await renew(world, [certificate()], { ...renewal, ...over })).certificates[0]?.decision;
const faults = async (): Promise<readonly (string | undefined)[]> => {
  const { certificates, ok } = await status(world, []);
  const found = (certificates[0]?.findings ?? []).filter(({ check }) => check === "live-damaged");
  expect(ok).toBe(found.length === 0);
  return found.flatMap(({ message, hint }) => [message, hint]);
};

describe("a file of live", () => {
  it("that is there and whole is no news", async () => {
    expect(await faults()).toEqual([]);
    expect(await decision()).toMatchObject({ action: "nothing" });
  });

  it.each(["privkey.pem", "combined.pem", "cert.pem", "chain.pem", "fullchain.pem"])(
    "%s that is missing is a fault of status, and made anew by the next run, with the same key",
    async (of) => {
      const key = await keyOf(1);
      rmSync(file(of));
      const [message, hint] = await faults();
      expect(message).toContain(`${file(of)} is missing`);
      expect(hint).toBe(`make them anew: mailcert renew --force ${name}`);
      const why = expect.stringMatching(/^generation 1 is damaged: .* is missing$/) as string;
      expect(await decision({ dryRun: true })).toEqual({ action: "issue", why });
      expect(await decision()).toEqual({ action: "issue", why });
      expect(world.store.liveNumber(name)).toBe(2);
      expect(await keyOf(2)).toBe(key);
      expect(await faults()).toEqual([]);
      expect(await decision()).toMatchObject({ action: "nothing" });
    },
  );

  it("that was emptied is seen by the next run, one that says something else by status and the daily proof", async () => {
    truncateSync(file("fullchain.pem"));
    expect((await faults())[0]).toContain("fullchain.pem is empty");
    expect(await decision()).toMatchObject({ action: "issue" });
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const whole = readFileSync(file("privkey.pem"));
    writeFileSync(file("privkey.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    expect((await faults())[0]).toContain("privkey.pem is not the key of the certificate beside it");
    writeFileSync(file("privkey.pem"), whole);
    writeFileSync(file("combined.pem"), "another\n");
    expect((await faults())[0]).toContain("combined.pem is not what was written");
    writeFileSync(file("privkey.pem"), "another\n");
    expect((await faults())[0]).toContain("is not what was written");
    fake.clock.now = new Date(fake.clock.now.getTime() + 25 * 3_600_000);
    expect(await decision()).toMatchObject({ action: "issue" });
    expect(await faults()).toEqual([]);
  });

  it.each(["cert.pem", "fullchain.pem", "privkey.pem"])(
    "%s that is a folder now is made anew by the next run, and deploy says the way out",
    async (of) => {
      rmSync(file(of));
      mkdirSync(file(of));
      expect((await faults())[0]).toContain("is no file");
      await expect(deploy(world, certificate(), options)).rejects.toMatchObject({
        message: expect.stringMatching(/^generation 1 of .* is damaged: /) as string,
        hints: [`make a new one: mailcert renew --force ${name}`],
      });
      expect(await decision()).toMatchObject({ action: "issue" });
      expect([world.store.liveNumber(name), await faults()]).toEqual([2, []]);
    },
  );

  it("is looked for by nobody where the certificate was taken out of the servers", async () => {
    await world.store.write({ ...(world.store.read(name) ?? never()), parked: true });
    rmSync(file("chain.pem"));
    expect(await faults()).toEqual([]);
    expect(await decision()).toMatchObject({ action: "nothing" });
  });
});

const never = (): never => {
  throw new Error("no state");
};

it("an attempt that failed is waited for, as ever: no order each hour", async () => {
  rmSync(file("privkey.pem"));
  const failing: World = { ...world, issuer: async () => ({ ...(await world.issuer("self-signed")), issue: never }) };
  const first = await renew(failing, [certificate()], renewal);
  expect(first.outcome).toBe("fault");
  const state = world.store.read(name) ?? never();
  const until = new Date(fake.clock.now.getTime() + 600_000).toISOString();
  const at = fake.clock.now.toISOString();
  await world.store.write({ ...state, nextAttempt: until, lastError: { at, what: "issue", message: "no" } });
  expect(await decision()).toMatchObject({ action: "wait", why: "no" });
  expect(await decision({ named: true })).toMatchObject({ action: "issue" });
});

it("live itself gone: the generation is whole, and the next run leads to it again", async () => {
  rmSync(join(folder(), "live"));
  expect((await faults())[0]).toContain("live/ecdsa/cert.pem is missing");
  expect(await decision()).toMatchObject({ action: "deploy" });
  expect(world.store.liveNumber(name)).toBe(1);
  expect(await faults()).toEqual([]);
});

it("live a folder, as a copy leaves it that follows links: what to do is said, and does it", async () => {
  const live = join(folder(), "live");
  rmSync(live);
  cpSync(join(folder(), "generations/0001"), live, { recursive: true });
  await expect(status(world, [])).rejects.toMatchObject({
    kind: "data",
    message: `${live} is no symbolic link: no generation can be switched to`,
    hints: [`move it away: mv ${live} ${live}.copy; then: mailcert deploy ${name}`],
  });
  renameSync(live, `${live}.copy`);
  await deploy(world, certificate(), options);
  expect([world.store.liveNumber(name), await faults()]).toEqual([1, []]);
});

it("deploy names what is missing and both ways out; rollback goes back to the one before", async () => {
  rmSync(file("privkey.pem"));
  await expect(deploy(world, certificate(), options)).rejects.toMatchObject({
    kind: "data",
    message: expect.stringMatching(/^generation 1 of .* is damaged: .*privkey\.pem is missing$/) as string,
    hints: [`make a new one: mailcert renew --force ${name}`],
  });
  await renew(world, [certificate()], { ...renewal, force: true });
  await renew(world, [certificate()], { ...renewal, force: true });
  rmSync(file("privkey.pem"));
  await expect(deploy(world, certificate(), options)).rejects.toMatchObject({
    hints: [
      `make a new one: mailcert renew --force ${name}`,
      `or go back to the one before: mailcert rollback ${name}`,
    ],
  });
  await rollback(world, certificate(), options);
  expect(world.store.liveNumber(name)).toBe(2);
  expect(await faults()).toEqual([]);
});

it("the kept key gone as well: another is never taken unasked, and the command that takes one is named", async () => {
  rmSync(file("privkey.pem"));
  rmSync(join(folder(), "keys/ecdsa/0001.pem"));
  await expect(issue(world, certificate())).rejects.toMatchObject({
    kind: "data",
    message: expect.stringMatching(/0001\.pem is gone$/) as string,
    hints: [expect.stringContaining(`mailcert renew ${name} --force --new-key`)],
  });
  await renew(world, [certificate()], { ...renewal, force: true, newKey: true });
  expect(await faults()).toEqual([]);
});
