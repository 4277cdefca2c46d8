// What a failed attempt leaves: for which wish it counts, what ends the wait, and what people are told of it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { comeBackHint } from "../../src/domain/come-back.ts";
import { Failure } from "../../src/domain/failure.ts";
import { renewDocument, renewText } from "../../src/reports/renew.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { setup } from "../../src/usecases/setup.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const forced: RenewOptions = { ...timer, force: true, named: true };

let fake: FakeWorld;
let dir = "";
/** What the configuration holds. */
let entry: CertificateConfig;
/** What the CA says to the next order; undefined: it issues. */
let refusal: Failure | undefined;
let world: World;

beforeEach(() => {
  fake = fakeWorld();
  dir = mkdtempSync(join(tmpdir(), "mailcert-next-"));
  entry = certificate({ servers: [] });
  refusal = undefined;
  world = {
    ...fake.world,
    config: { ...fake.world.config, read: async () => ({ certificates: [entry] }) },
    issuer: async () => {
      const real = await fake.world.issuer("self-signed");
      const settings = { kind: "self-signed", days: 397 } as const;
      return {
        refuses: () => undefined,
        issue: async (request) => {
          if (refusal) throw refusal;
          return real.issue({ ...request, settings });
        },
      };
    },
  };
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true, force: true });
});

const unreachable = new Failure("unavailable", "the CA does not answer", { hints: ["look at the network"] });
const run = (options: RenewOptions = timer) => renew(world, [entry], options);
const actionOf = async (options?: RenewOptions) => (await run(options)).certificates[0]?.decision.action;
const later = (minutes: number) => {
  fake.clock.now = new Date(fake.clock.now.getTime() + minutes * 60_000);
};
const stateNow = () => fake.world.store.read("mail.example.org");

describe("the wait after a failure ends when a person changes", () => {
  const acme = (over: Partial<AcmeSettings> = {}): CertificateConfig =>
    certificate({
      servers: [],
      issuer: {
        kind: "acme",
        directory: "https://ca.example/dir",
        agreeTos: true,
        ...usualAcme,
        httpAddress: ":80",
        ...over,
      },
    });
  const failedAt = async (wish: CertificateConfig) => {
    entry = wish;
    refusal = unreachable;
    expect((await run()).certificates[0]?.failure?.message).toBe("the CA does not answer");
    // Five failures in a row: the ladder stands at six hours.
    for (const minutes of [2, 11, 61, 181]) {
      later(minutes);
      expect(await actionOf()).toBe("issue");
    }
    expect(await actionOf()).toBe("wait");
    expect(stateNow()?.attempts).toBe(5);
  };

  test("any setting of the entry, and the ladder begins anew", async () => {
    await failedAt(acme({ agreeTos: false }));
    entry = acme();
    expect(await actionOf()).toBe("issue");
    expect(stateNow()).toMatchObject({ attempts: 1 });
    expect(await actionOf()).toBe("wait");
    entry = acme({ webroot: dir });
    expect(await actionOf()).toBe("issue");
    entry = { ...acme({ webroot: dir }), bundle: join(dir, "bundle") };
    expect(await actionOf()).toBe("issue");
  });

  test("a file that it names: made, written anew, or its mode; not what is written below the web root", async () => {
    const webroot = join(dir, "www");
    const hmacFile = join(dir, "hmac");
    await failedAt(acme({ webroot, eab: { kid: "k", hmacFile } }));
    mkdirSync(webroot);
    expect(await actionOf()).toBe("issue");
    mkdirSync(join(webroot, ".well-known"));
    expect(await actionOf()).toBe("wait");
    writeFileSync(hmacFile, "AAAA", { mode: 0o644 });
    expect(await actionOf()).toBe("issue");
    expect(await actionOf()).toBe("wait");
    chmodSync(hmacFile, 0o600);
    expect(await actionOf()).toBe("issue");
    writeFileSync(hmacFile, "AAAABBBB");
    expect(await actionOf()).toBe("issue");
    expect(await actionOf()).toBe("wait");
  });

  test("the secrets of its DNS updater, and a request that was made elsewhere", async () => {
    const secrets = join(fake.world.store.dir, "secrets");
    mkdirSync(secrets);
    await failedAt(acme({ dns: "ns1" }));
    writeFileSync(join(secrets, "ns1.yaml"), "provider: exec");
    expect(await actionOf()).toBe("issue");
    const csr = join(dir, "mail.csr");
    entry = { ...acme(), csr };
    expect(await actionOf()).toBe("issue");
    expect(await actionOf()).toBe("wait");
    writeFileSync(csr, "no request");
    expect(await actionOf()).toBe("issue");
  });

  test("where this user may not look at a file, what root saw of it holds", async () => {
    await failedAt(acme({ caFile: join(dir, "ca.pem") }));
    writeFileSync(join(dir, "ca.pem"), "PEM");
    const seen = await status({ ...world, fileMark: async () => undefined }, []);
    expect(seen.certificates[0]?.next?.action).toBe("wait");
    expect((await status(world, [])).certificates[0]?.next?.action).toBe("issue");
  });

  test("status agrees, and both say how to try at once", async () => {
    await failedAt(acme({ agreeTos: false }));
    const waiting = await run();
    const told = renewText(waiting, fake.clock.now, false);
    expect(told).toBe(`mail.example.org: next attempt 2026-11-20 22:15 UTC: the CA does not answer
  -> look at the network
  -> mended? \`mailcert renew mail.example.org\` tries at once`);
    expect(complaints(renewDocument(waiting))).toEqual([]);
    const shown = await status(world, []);
    const text = statusText(shown, undefined, fake.clock.now);
    expect(text).toContain(`mail.example.org: next attempt 2026-11-20 22:15 UTC: the CA does not answer
  attempt 5 failed at 2026-11-20 16:15 UTC
    -> look at the network
    -> mended? \`mailcert renew mail.example.org\` tries at once`);
    expect(text.split("the CA does not answer")).toHaveLength(2);
    expect(text.split("look at the network")).toHaveLength(2);
    expect(complaints(statusDocument(shown))).toEqual([]);
    expect(shown.certificates[0]?.lastError).toEqual({
      at: "2026-11-20T16:15:00.000Z",
      what: "issue",
      message: "the CA does not answer",
      hints: ["look at the network"],
    });
    entry = acme();
    expect((await status(world, [])).certificates[0]?.next?.action).toBe("issue");
  });
});

describe("what failed and was not due", () => {
  const served = async () => {
    await issue(world, entry);
    await deploy(world, entry, timer);
  };

  test("a forced renewal: status stays at 0, the ladder at its first step, and a plain run has nothing to do", async () => {
    await served();
    refusal = unreachable;
    for (const _ of [1, 2, 3]) expect((await run(forced)).outcome).toBe("fault");
    expect(stateNow()).toMatchObject({ attempts: 0, lastError: { notDue: true } });
    expect(stateNow()?.nextAttempt).toBeUndefined();
    const shown = await status(world, []);
    expect(shown).toMatchObject({ ok: true });
    expect(complaints(statusDocument(shown))).toEqual([]);
    expect(statusText(shown, undefined, fake.clock.now)).toContain(
      "last error (2026-11-20 12:00 UTC, nothing was due: what is there stays): the CA does not answer",
    );
    expect(await actionOf()).toBe("nothing");
    later(265 * 1440);
    expect(await actionOf()).toBe("issue");
    expect(stateNow()).toMatchObject({ attempts: 1 });
    expect(stateNow()?.lastError?.notDue).toBeUndefined();
    expect(await status(world, [])).toMatchObject({ ok: false, certificates: [{ next: { action: "wait" } }] });
    later(2);
    refusal = undefined;
    expect((await run()).outcome).toBe("done");
    expect(stateNow()?.lastError).toBeUndefined();
  });

  test("a setup with a name that is refused: the configuration holds, and so does what it asks for", async () => {
    await served();
    refusal = unreachable;
    const more = { ...entry, names: ["mail.example.org", "bad.example.org"] };
    const options = { ...timer, issuerGiven: false };
    await expect(setup(world, more, options)).rejects.toThrow("the CA does not answer");
    expect(await status(world, [])).toMatchObject({ ok: true, certificates: [{ next: { action: "nothing" } }] });
  });

  test("it does not hide what is still to be mended", async () => {
    await served();
    const state = stateNow();
    const lastError = { at: "2026-11-20T11:00:00.000Z", what: "deploy", message: "dovecot does not reload" } as const;
    if (state) await world.store.write({ ...state, stage: "reloaded", attempts: 2, lastError });
    refusal = unreachable;
    expect((await run(forced)).outcome).toBe("fault");
    expect(stateNow()).toMatchObject({ attempts: 2, lastError });
    expect(await status(world, [])).toMatchObject({ ok: false });
  });
});

describe("one date", () => {
  const limited = (retryAt: string) =>
    new Failure("try-later", "too many", { facts: { retryAt }, hints: ["ask for less", comeBackHint(retryAt)] });

  test("what the CA asks for, and what the timer does where that is too long", async () => {
    refusal = limited("2026-11-20T18:00:00.000Z");
    const [soon] = (await run()).certificates;
    expect(soon?.failure?.hints).toEqual([
      "ask for less",
      "`mailcert renew` (the timer) tries again at 2026-11-20 18:00 UTC or after",
    ]);
    refusal = limited("2026-11-22T12:00:00.000Z");
    const [far] = (await run({ ...timer, named: true })).certificates;
    expect(far?.failure?.hints.at(-1)).toBe(
      "`mailcert renew` (the timer) tries again at 2026-11-21 12:00 UTC or after; 2026-11-22 12:00 UTC was asked for, and no attempt is put off for that long",
    );
    const shown = statusText(await status(world, []), undefined, fake.clock.now);
    expect(shown).toContain("next attempt 2026-11-21 12:00 UTC: too many");
    // Said once, by the line above.
    expect(shown).not.toContain("2026-11-22");
    expect(shown).toContain("-> ask for less");
  });

  test("where no run comes by itself, the CA's own", async () => {
    refusal = new Failure("try-later", "too many", { hints: [comeBackHint("2026-11-22T12:00:00.000Z")] });
    await expect(issue({ ...world, config: fake.world.config }, entry)).rejects.toMatchObject({
      hints: ["the next attempt makes sense from 2026-11-22 12:00 UTC on"],
    });
  });
});

test("setup does not take a certificate that left the configuration for a new one of another issuer", async () => {
  const options = { ...timer, issuerGiven: false };
  await issue(world, entry);
  const gone = { ...world, config: fake.world.config };
  const other = certificate({ servers: [], issuer: { kind: "private-ca", ca: "default", days: 397 } });
  await expect(setup(gone, other, options)).rejects.toMatchObject({
    kind: "config",
    hints: [
      "to have it as it was: mailcert setup mail.example.org --issuer self-signed --server none",
      "for another issuer say so: --issuer private-ca",
    ],
  });
  await expect(setup(gone, entry, { ...options, dryRun: true })).resolves.toHaveProperty("plan");
  await expect(setup(gone, other, { ...options, dryRun: true, issuerGiven: true })).resolves.toHaveProperty("plan");
});

test("a stop is told as what follows from it", async () => {
  const stopped = async (options: RenewOptions) => {
    const stop = new AbortController();
    const issuer: World["issuer"] = async () => ({
      refuses: () => undefined,
      issue: async () => {
        stop.abort();
        throw new Error("stopped by SIGTERM");
      },
    });
    const { certificates } = await renew({ ...world, issuer, signal: stop.signal }, [entry], options);
    return certificates[0]?.failure;
  };
  expect(await stopped(timer)).toMatchObject({ message: "stopped; the next run goes on from here" });
  await run();
  expect(await stopped(forced)).toMatchObject({
    kind: "try-later",
    message: "stopped; nothing is due, so that no run goes on with it by itself",
    hints: ["to go on with it: mailcert renew --force mail.example.org"],
  });
});
