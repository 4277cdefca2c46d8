// Revocation: what is live is replaced first, a compromised key never comes back, a killed run is gone on with, and DNS is asked before a new key.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { decide } from "../../src/domain/renew-decision.ts";
import type { RevocationReason } from "../../src/domain/revocation.ts";
import type { ReadRequest } from "../../src/domain/subject-key.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import { revokeDocument, revokeText } from "../../src/reports/revoke.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { readAdoptedKey } from "../../src/usecases/adopted-key.ts";
import { dnsCheck } from "../../src/usecases/dns-check.ts";
import { dnsShow } from "../../src/usecases/dns-show.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { type RevokeOptions, type RevokeResult, revoke } from "../../src/usecases/revoke.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import {
  acmeCertificate as acme,
  directory,
  revokingCa,
  revokingWorld,
  type RevokingCa,
  url,
} from "../fakes/revoking-ca.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const deployOptions = { replace: false, accept: async () => false };
const timer: RenewOptions = { ...deployOptions, force: false, newKey: false, named: false, dryRun: false };

let fake: FakeWorld;
let ca: RevokingCa;
let world: World;
let tlsa: Map<string, readonly TlsaRecord[]>;

beforeEach(async () => {
  fake = fakeWorld();
  ca = revokingCa();
  tlsa = new Map();
  world = await revokingWorld(fake, ca, tlsa);
});
afterEach(() => fake.dispose());

const served = async (config = acme): Promise<void> => {
  await issue(world, config);
  expect((await deploy(world, config, deployOptions)).outcome).toBe("verified");
};

const state = (): CertificateState => {
  const read = world.store.read(name);
  if (!read) throw new Error("no state");
  return read;
};

let asked: string[] = [];
const run = async (
  reason?: RevocationReason,
  over: Partial<RevokeOptions> = {},
  config = acme,
): Promise<RevokeResult> => {
  asked = [];
  const result = await revoke(world, name, config, {
    ...deployOptions,
    dryRun: false,
    confirm: async (question) => void asked.push(question),
    ...(reason === undefined ? {} : { reason }),
    ...over,
  });
  const document = revokeDocument(result);
  expect(complaints(document), JSON.stringify(document)).toEqual([]);
  expect(revokeText(result, fake.clock.now)).not.toContain("PRIVATE KEY");
  return result;
};

const failureOf = async (job: Promise<unknown>): Promise<Failure> => {
  const error = await job.then(
    () => new Error("it went on"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw error;
  return error;
};

const keys = (): readonly (string | undefined)[] => state().generations.map(({ leaves }) => leaves.ecdsa?.key);
const spkiOf = async (id: string): Promise<string> =>
  createHash("sha256")
    .update(publicKeyOf(await world.store.readKey(name, "ecdsa", id)))
    .digest("hex");
const revokedNumbers = (): readonly number[] =>
  state()
    .generations.filter(({ revoked }) => revoked)
    .map(({ number }) => number);

describe("revoke", () => {
  it("replaces what is live with the same key, proves it, and then revokes what was, by its account", async () => {
    await served();
    const result = await run("superseded");
    expect(asked).toEqual([expect.stringContaining("Revoke generation 1 of mail.example.org")]);
    expect(result).toMatchObject({ outcome: "revoked", newKey: false, replaces: true, tlsa: [] });
    expect(result.replacement?.deployed?.outcome).toBe("verified");
    expect(result.revoked).toMatchObject([{ generation: 1, slot: "ecdsa", outcome: "revoked", by: "account" }]);
    expect(ca.revoked).toMatchObject([{ by: "account", reason: "superseded", account: url }]);
    expect(ca.revoked[0]).not.toHaveProperty("privateKey");
    expect(world.store.liveNumber(name)).toBe(2);
    expect(keys()).toEqual(["0001", "0001"]);
    expect(state().generations[0]?.revoked).toEqual({ at: fake.clock.now.toISOString(), reason: "superseded" });
    expect(state()).not.toHaveProperty("revocation");
    expect(state()).not.toHaveProperty("retired");
    expect((await world.store.events()).some(({ what }) => what.startsWith("revoked generation 1"))).toBe(true);
    // Never back to it.
    expect((await failureOf(rollback(world, acme, deployOptions))).message).toContain(
      "(generation 1 on 2026-11-20, superseded) and is not served again",
    );
    // No way leads back to it.
    const switches = (await world.store.events()).filter(({ what }) => what.startsWith("live: generation 1 -> 2"));
    expect(switches).toHaveLength(1);
    expect(switches[0]).not.toHaveProperty("undo");
  });

  it("keyCompromise: a new key, for every later renewal, and the old one asks for itself", async () => {
    await served();
    const old = await world.store.readKey(name, "ecdsa", "0001");
    const result = await run("keyCompromise");
    expect(asked[0]).toContain("a new one with a new key is issued and deployed first");
    expect(result).toMatchObject({ outcome: "revoked", newKey: true });
    expect(ca.revoked).toMatchObject([{ by: "certificate-key", reason: "keyCompromise", privateKey: old }]);
    expect(keys()).toEqual(["0001", "0002"]);
    expect(state().retired).toEqual([await spkiOf("0001")]);
    const spki = await spkiOf("0002");
    expect(result.tlsa).toEqual([`_25._tcp.${name}. IN TLSA 3 1 1 ${spki}`]);
    expect(revokeText(result, fake.clock.now)).toContain("no later renewal asks for it again");
    await renew(world, [acme], { ...timer, force: true, named: true });
    expect(keys()).toEqual(["0001", "0002", "0002"]);
  });

  it("keyCompromise takes every valid certificate with that key along", async () => {
    await served();
    await renew(world, [acme], { ...timer, force: true });
    expect(keys()).toEqual(["0001", "0001"]);
    const result = await run("keyCompromise");
    expect(result.revoked.map(({ generation, outcome }) => [generation, outcome])).toEqual([
      [2, "revoked"],
      [1, "revoked"],
    ]);
    expect(revokedNumbers()).toEqual([1, 2]);
    expect(world.store.liveNumber(name)).toBe(3);
  });

  it("a key that lay ready beside a compromised one is given up, too, and so is adopting either again", async () => {
    await served();
    const spare = await world.generateKey("ecdsa");
    const id = await world.store.addKey(name, "ecdsa", spare);
    await world.store.write({ ...state(), keys: { ecdsa: { current: "0001", next: id, old: [] } } });
    await run("keyCompromise");
    expect(state().retired).toEqual([await spkiOf("0001"), await spkiOf("0002")].toSorted());
    expect(keys().at(-1)).toBe("0003");
    const old = await world.store.readKey(name, "ecdsa", "0001");
    const adopted = { path: "/root/old.pem", privateKey: old, algorithm: "ecdsa" } as const;
    expect((await failureOf(issue(world, acme, { adopted }))).message).toContain("given up as compromised");
    // Nor does a request with it, made elsewhere.
    const request: ReadRequest = {
      pem: "",
      der: Buffer.alloc(0),
      spki: publicKeyOf(old),
      algorithm: "ecdsa",
      names: [name],
      otherNames: [],
    };
    world = { ...world, readRequest: async () => request };
    const elsewhere = { ...acme, csr: "/root/old.csr", servers: [] };
    expect((await failureOf(issue(world, elsewhere))).message).toContain("/root/old.csr has a key of");
    // Nor is it any other certificate's from now on.
    expect((await failureOf(issue(world, { ...elsewhere, name: "other" }))).message).toContain(`has a key of ${name}`);
    expect((await failureOf(issue(world, { ...acme, name: "other" }, { adopted }))).message).toContain(
      `holds a key of ${name}`,
    );
    world = { ...world, readKeyFile: async () => ({ privateKey: old, warnings: [] }) };
    expect((await failureOf(readAdoptedKey(world, "/root/old.pem", () => undefined))).message).toContain("given up");
  });

  it("another certificate with the same key is replaced and revoked by the next renewal, whatever ends the run", async () => {
    const other = { ...acme, name: "imap", names: ["imap.example.org"], servers: [] };
    await served();
    const privateKey = await world.store.readKey(name, "ecdsa", "0001");
    await issue(world, other, { adopted: { path: "/root/shared.pem", privateKey, algorithm: "ecdsa" } });
    await deploy(world, other, deployOptions);
    const planned = await run("keyCompromise", { dryRun: true });
    expect(planned.sharing).toEqual(["imap"]);
    expect(world.store.read("imap")).not.toHaveProperty("retired");
    ca.refuse = () => new Failure("unavailable", "the CA is gone");
    await failureOf(run("keyCompromise"));
    expect(asked[0]).toContain("The same key has imap: the next renewal replaces and revokes that, too.");
    ca.refuse = undefined;
    const result = await renew(world, [acme, other], timer);
    expect(result.certificates.map(({ findings }) => findings[0]?.check)).toEqual([
      "revoke-finished",
      "revoke-finished",
    ]);
    const after = world.store.read("imap");
    expect(after?.generations.map(({ revoked }) => revoked?.reason)).toEqual(["keyCompromise", undefined]);
    expect(after?.generations[1]?.leaves.ecdsa?.key).toBe("0002");
    expect(after).not.toHaveProperty("revocation");
    expect(ca.revoked.map(({ by }) => by)).toEqual(["certificate-key", "certificate-key"]);
    // Again: nothing of it is there any more.
    expect((await run("keyCompromise")).revoked).toHaveLength(1);
    expect(world.store.read("imap")).toEqual(after);
  });

  it("the CA that does not take the key's own word is told by the account", async () => {
    await served();
    ca.refuse = ({ by }) =>
      by === "certificate-key" ? new Failure("unavailable", "no", { facts: { problem: { type: "x" } } }) : undefined;
    expect((await run("keyCompromise")).revoked).toMatchObject([{ by: "account", outcome: "revoked" }]);
  });

  it.each(["gone", "another"])("its account is %s: its own key asks, and is not certified again", async (how) => {
    await served();
    if (how === "gone") ca.deactivated = true;
    else ca.account = "https://ca.example.org/acct/2";
    const result = await run("superseded");
    expect(ca.revoked).toMatchObject([{ by: "certificate-key", reason: "superseded" }]);
    expect(result.newKey).toBe(true);
    expect(keys()).toEqual(["0001", "0002"]);
    expect(revokeText(result, fake.clock.now).replaceAll(/\s+/g, " ")).toContain("CAs take that for a compromise");
  });

  it("what was revoked before counts as done", async () => {
    await served();
    const [leaf] = Object.values(await world.store.readCertificates(name, 1));
    ca.revoked.push({ by: "account", reason: "unspecified", leaf: leaf?.leaf ?? "" });
    expect((await run()).revoked).toMatchObject([{ outcome: "already" }]);
    expect(revokedNumbers()).toEqual([1]);
  });

  it("both slots go together", async () => {
    const both = { ...acme, keys: ["ecdsa", "rsa"] as const };
    // The fake server has one slot only.
    await issue(world, both);
    const result = await run("superseded", {}, both);
    expect(result.revoked.map(({ slot, outcome }) => [slot, outcome])).toEqual([
      ["ecdsa", "revoked"],
      ["rsa", "revoked"],
    ]);
  });

  it("a dry run says what would be done and does none of it", async () => {
    await served();
    const before = JSON.stringify(state());
    const result = await run("keyCompromise", { dryRun: true });
    expect(result).toMatchObject({
      outcome: "planned",
      newKey: true,
      replaces: true,
      revoked: [{ outcome: "planned" }],
    });
    expect(revokeText(result, fake.clock.now)).toContain("would revoke generation 1 (keyCompromise), after a new one");
    expect(asked).toEqual([]);
    expect(JSON.stringify(state())).toBe(before);
    expect(ca.revoked).toEqual([]);
  });

  it("nobody says yes: nothing is written", async () => {
    await served();
    const before = JSON.stringify(state());
    const no = new Failure("try-later", "not confirmed");
    expect(await failureOf(run("keyCompromise", { confirm: async () => Promise.reject(no) }))).toBe(no);
    expect(JSON.stringify(state())).toBe(before);
  });

  it("one that is staged and not live is revoked without a successor, and is due", async () => {
    await issue(world, acme);
    const result = await run("superseded");
    expect(result).toMatchObject({ outcome: "revoked", replaces: false });
    expect(state().generations).toHaveLength(1);
    expect(decide(acme, state(), timer, fake.clock.now)).toMatchObject({
      action: "issue",
      why: expect.stringContaining("it was revoked on 2026-11-20 (superseded)"),
    });
    expect((await failureOf(deploy(world, acme, deployOptions))).message).toContain("was revoked on 2026-11-20");
    const renewed = await renew(world, [acme], timer);
    expect(renewed.certificates[0]?.deployed?.generation.number).toBe(2);
  });

  it("out of the configuration: refused while it is served, revoked alone once it is not", async () => {
    await served();
    const options: RevokeOptions = { ...deployOptions, dryRun: false, confirm: async () => undefined };
    const refusal = await failureOf(revoke(world, name, undefined, options));
    expect(refusal).toMatchObject({ kind: "config" });
    expect(refusal.hints.join(" ")).toContain(`mailcert deploy --remove ${name}`);
    await remove(world, [name], { dryRun: false });
    const result = await revoke(world, name, undefined, options);
    expect(result).toMatchObject({ outcome: "revoked", replaces: false });
    expect(revokedNumbers()).toEqual([1]);
  });

  it("self-signed: what it means there, and what to do", async () => {
    const config = certificate({ issuer: { kind: "self-signed", days: 90 } });
    await issue(world, config);
    const failure = await failureOf(run("keyCompromise", {}, config));
    expect(failure).toMatchObject({ kind: "usage", message: expect.stringContaining("nobody who could revoke it") });
    expect(failure.hints[0]).toContain(`mailcert renew --force --new-key ${name}`);
  });
});

describe("revoke, where something is in the way", () => {
  it("the successor cannot be issued: nothing is revoked and nothing stays under way", async () => {
    await served();
    const broken: World = {
      ...world,
      issuer: async (kind) => ({
        ...(await world.issuer(kind)),
        issue: async () => Promise.reject(new Failure("unavailable", "the CA is away")),
      }),
    };
    const failure = await failureOf(
      revoke(broken, name, acme, {
        ...deployOptions,
        dryRun: false,
        reason: "superseded",
        confirm: async () => undefined,
      }),
    );
    expect(failure.message).toContain(
      "nothing was revoked, for mail.example.org could not be replaced: the CA is away",
    );
    expect(failure.hints.at(-1)).toBe(`then: mailcert revoke ${name} --reason superseded`);
    expect(state()).not.toHaveProperty("revocation");
    expect(ca.revoked).toEqual([]);
  });

  it("the successor breaks the server: back to what was, which is not revoked", async () => {
    await served();
    fake.server.breaks = true;
    const result = await run("superseded");
    expect(result).toMatchObject({ outcome: "not-replaced", revoked: [] });
    expect(result.replacement?.deployed?.outcome).toBe("rolled-back");
    expect(ca.revoked).toEqual([]);
    expect(revokeText(result, fake.clock.now)).toContain("NOT revoked");
  });

  it("not served everywhere yet: revoked by the run that sees it proven, be it a timer's", async () => {
    await served();
    fake.server.deaf = true;
    const result = await run("superseded");
    expect(result).toMatchObject({ outcome: "not-replaced" });
    expect(state().revocation).toMatchObject({ generation: 1, reason: "superseded" });
    const shown = await status(world, []);
    expect(statusText(shown, undefined, fake.clock.now)).toContain(
      "the revocation of generation 1 (superseded) is not finished",
    );
    expect(complaints(statusDocument(shown))).toEqual([]);
    const waiting = await renew(world, [acme], { ...timer, named: true });
    expect(waiting.certificates[0]?.findings).toMatchObject([{ check: "revoke-unfinished" }]);
    fake.server.deaf = false;
    const done = await renew(world, [acme], { ...timer, named: true });
    expect(done.certificates[0]?.findings).toMatchObject([{ check: "revoke-finished", severity: "info" }]);
    expect(revokedNumbers()).toEqual([1]);
    expect(state()).not.toHaveProperty("revocation");
    expect(state().generations).toHaveLength(2);
  });

  it("the CA cannot be reached for the last step: the next run takes it alone", async () => {
    await served();
    ca.refuse = () => new Failure("unavailable", "away");
    expect((await failureOf(run("superseded"))).message).toBe("away");
    ca.refuse = undefined;
    const result = await run();
    expect(result).toMatchObject({ outcome: "revoked", reason: "superseded", replaces: false });
    expect(result).not.toHaveProperty("replacement");
    expect(revokedNumbers()).toEqual([1]);
    expect(state().generations).toHaveLength(2);
  });

  it("the same, and it is out of the configuration: the timer's run takes it, a plan and a run for others do not", async () => {
    await served();
    await remove(world, [name], { dryRun: false });
    ca.refuse = () => new Failure("unavailable", "away");
    const options: RevokeOptions = { ...deployOptions, dryRun: false, confirm: async () => undefined };
    await failureOf(revoke(world, name, undefined, options));
    expect((await renew(world, [], timer)).findings).toMatchObject([{ check: "revoke-unfinished", severity: "fault" }]);
    ca.refuse = undefined;
    expect((await renew(world, [], { ...timer, dryRun: true })).findings).toEqual([]);
    expect((await renew(world, [], { ...timer, named: true })).findings).toEqual([]);
    const { findings, outcome } = await renew(world, [], timer);
    expect({ checks: findings.map(({ check }) => check), outcome }).toEqual({
      checks: ["revoke-finished"],
      outcome: "done",
    });
    expect(revokedNumbers()).toEqual([1]);
    expect(state()).not.toHaveProperty("revocation");
  });

  it("the account turns out to be refused after the key was kept: as keyCompromise the successor is replaced as well", async () => {
    await served();
    ca.refuse = ({ by }) =>
      by === "account" ? new Failure("config", "no longer accepts", { facts: { problem: {} } }) : undefined;
    await failureOf(run("superseded"));
    const result = await run("keyCompromise");
    expect(result.revoked.map(({ generation, by }) => [generation, by])).toEqual([
      [2, "certificate-key"],
      [1, "certificate-key"],
    ]);
    expect(keys()).toEqual(["0001", "0001", "0002"]);
  });

  it("a secure TLSA record lacks the new key: what to publish, no way back to the old key, and on from there", async () => {
    await served();
    const owner = `_25._tcp.${name}`;
    const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");
    tlsa.set(owner, [{ usage: 3, selector: 1, matchingType: 1, data: sha256("old") }]);
    const failure = await failureOf(run("keyCompromise"));
    const hints = failure.hints.join("\n");
    expect(failure).toMatchObject({ kind: "config", facts: { code: "DANE" } });
    expect(hints).toContain(`publish, beside what is there: ${owner}. IN TLSA 3 1 1 `);
    expect(hints).toContain(`mailcert revoke ${name} --reason keyCompromise --replace`);
    expect(hints).not.toContain("stay with the present key");
    expect(ca.revoked).toEqual([]);
    // Told by status with the record, by the log, and never made less of.
    const shown = await status(world, []);
    expect(shown.ok).toBe(false);
    expect(statusText(shown, undefined, fake.clock.now)).toMatch(/last tried .*: .*[^]*-> publish, .* IN TLSA 3 1 1 /);
    expect(complaints(statusDocument(shown))).toEqual([]);
    expect((await world.store.events()).at(-1)?.what).toContain("gave up a private key");
    const less = await failureOf(run("superseded"));
    expect([less.kind, less.message]).toEqual(["usage", expect.stringContaining("for keyCompromise") as string]);
    expect(state().revocation?.reason).toBe("keyCompromise");
    const waiting = /IN TLSA (3 1 1 [0-9a-f]{64})/.exec(hints)?.[1] ?? "";
    const published = (await dnsShow(world, acme, [])).groups.find(({ topic }) => topic === "dane");
    expect(published?.records.map(({ data }) => data)).toContain(waiting);
    const next = async () =>
      (await dnsCheck(world, acme, [])).findings.filter(
        ({ check }) => check === "dane-next" || check === "dane-retired",
      );
    expect(await next()).toMatchObject([{ severity: "warning", hint: expect.stringContaining(waiting) as string }]);
    // The timer does not certify the old key either.
    const [hourly] = (await renew(world, [acme], timer)).certificates;
    expect(hourly?.decision).toMatchObject({ action: "issue", why: "its private key was given up as compromised" });
    expect(hourly?.failure?.facts?.["code"]).toBe("DANE");

    const data = /3 1 1 ([0-9a-f]{64})/.exec(hints)?.[1] ?? "";
    const compromised = state().generations[0]?.leaves.ecdsa?.spkiSha256 ?? "";
    const pins = [data, compromised].map((one) => ({ usage: 3, selector: 1, matchingType: 1, data: one }));
    tlsa.set(owner, pins);
    expect(await next()).toMatchObject([{ check: "dane-next", severity: "info" }]);
    const result = await run();
    expect(await next()).toMatchObject([
      { check: "dane-retired", severity: "warning", hint: expect.stringContaining(compromised) as string },
    ]);
    expect(result).toMatchObject({ outcome: "revoked", reason: "keyCompromise" });
    expect(state().generations.at(-1)?.leaves.ecdsa?.spkiSha256).toBe(data);
    expect(revokedNumbers()).toEqual([1]);
  });

  it("--replace goes on against DNS", async () => {
    await served();
    tlsa.set(`_25._tcp.${name}`, [{ usage: 3, selector: 1, matchingType: 1, data: "00".repeat(32) }]);
    expect((await run("keyCompromise", { replace: true })).outcome).toBe("revoked");
  });
});

describe("what the last run met", () => {
  it("is told alone: a stop for DNS's sake ends the wait after an older failure", async () => {
    await served();
    const due = { ...state(), nextAttempt: "2026-11-20T13:00:00.000Z" };
    const lastError = { at: fake.clock.now.toISOString(), what: "issue" as const, message: "CAA records forbid it" };
    await world.store.write({ ...due, attempts: 1, lastError });
    tlsa.set(`_25._tcp.${name}`, [{ usage: 3, selector: 1, matchingType: 1, data: "00".repeat(32) }]);
    await failureOf(run("keyCompromise"));
    expect(state()).toMatchObject({ attempts: 0 });
    expect(state()).not.toHaveProperty("lastError");
    expect(state()).not.toHaveProperty("nextAttempt");
    const text = statusText(await status(world, []), undefined, fake.clock.now);
    expect(text).not.toContain("CAA");
    expect(text).toContain("held for DNS (DANE)");
  });

  it("is foretold by --dry-run, which writes nothing", async () => {
    await served();
    tlsa.set(`_25._tcp.${name}`, [{ usage: 3, selector: 1, matchingType: 1, data: "00".repeat(32) }]);
    const before = state();
    const planned = await run("keyCompromise", { dryRun: true });
    expect(revokeDocument(planned)).toMatchObject({ ok: false, outcome: "planned" });
    expect(revokeText(planned, fake.clock.now)).toContain("(preflight-dane)");
    expect(planned.findings?.find(({ check }) => check === "preflight-dane")?.severity).toBe("fault");
    expect(state()).toEqual(before);
    const forced = await run("keyCompromise", { dryRun: true, replace: true });
    expect(forced.findings?.some(({ check }) => check === "preflight-dane")).toBe(false);
  });
});

it("a CA that has left the configuration is asked with the ca_file that the certificate was ordered with", async () => {
  await served();
  const [generation] = state().generations;
  if (!generation) throw new Error("no generation");
  const entry = { issuer: "acme", acme: directory, ca_file: "/etc/ssl/test-ca.pem" };
  await world.store.write({ ...state(), parked: true, generations: [{ ...generation, entry }] });
  const result = await revoke(world, name, undefined, {
    ...deployOptions,
    dryRun: false,
    confirm: async () => undefined,
  });
  expect(result.outcome).toBe("revoked");
  expect(ca.caFiles).toEqual(["/etc/ssl/test-ca.pem"]);
});

describe("a revocation that is killed", () => {
  it.each(["superseded", "keyCompromise"] as const)(
    "at any write, as %s: the next run comes to the same",
    async (reason) => {
      let reached = true;
      for (let nth = 1; reached; nth += 1) {
        const one = fakeWorld();
        ca = revokingCa();
        fake.dispose();
        fake = one;
        world = await revokingWorld(fake, ca, tlsa);
        await served();
        let count = 0;
        fake.hooks.beforeWrite = () => {
          count += 1;
          // Nothing is written after it, as after a kill.
          if (count >= nth) throw new Error("killed");
        };
        const outcome = await run(reason).then(
          () => "done",
          (error: unknown) => (error instanceof Error ? error.message : "?"),
        );
        reached = count >= nth;
        fake.hooks.beforeWrite = () => undefined;
        if (reached && outcome !== "done") {
          const left = state().revocation;
          world = await revokingWorld(fake.again(), ca, tlsa);
          // Before the first write nothing is known of it: a person asks again. After it the timer goes on by itself, or a person does.
          if (left || revokedNumbers().length === 0) await run(reason);
        }
        expect(revokedNumbers(), `write ${nth}`).toContain(1);
        const live = state().generations.find(({ number }) => number === world.store.liveNumber(name));
        expect(live?.revoked, `write ${nth}`).toBeUndefined();
        expect(live?.leaves.ecdsa?.key === "0001", `write ${nth}`).toBe(reason === "superseded");
        expect(state()).not.toHaveProperty("revocation");
      }
      expect(reached).toBe(false);
    },
  );
});
