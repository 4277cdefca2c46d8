// What is to be revoked, may have been, or has a compromised key: kept until it is revoked, never served again, and told while it is served.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import type { RevocationReason } from "../../src/domain/revocation.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import { revokeDocument, revokeText } from "../../src/reports/revoke.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { type RevokeResult, revoke } from "../../src/usecases/revoke.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { type StatusResult, status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type RevokingCa, acmeCertificate as acme, revokingCa, revokingWorld } from "../fakes/revoking-ca.ts";
import { type FakeWorld, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const deployOptions = { replace: false, accept: async () => false };
const timer: RenewOptions = { ...deployOptions, force: false, newKey: false, named: false, dryRun: false };
const away = (): Failure => new Failure("unavailable", "the CA is away");

let fake: FakeWorld;
let ca: RevokingCa;
let tlsa: Map<string, readonly TlsaRecord[]>;
let world: World;

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

let asked = "";
const run = async (reason?: RevocationReason, dryRun = false): Promise<RevokeResult> => {
  const result = await revoke(world, name, acme, {
    ...deployOptions,
    dryRun,
    confirm: async (question) => void (asked = question),
    ...(reason === undefined ? {} : { reason }),
  });
  const document = revokeDocument(result);
  expect(complaints(document), JSON.stringify(document)).toEqual([]);
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

const told = async (): Promise<StatusResult> => {
  const read = await world.config.read();
  const config = { ...world.config, read: async () => ({ ...read, certificates: [acme] }) } as World["config"];
  const result = await status({ ...world, config }, []);
  expect(complaints(statusDocument(result)), JSON.stringify(result)).toEqual([]);
  return result;
};

const live = (): number | undefined => world.store.liveNumber(name);
const keys = (): readonly (string | undefined)[] => state().generations.map(({ leaves }) => leaves.ecdsa?.key);
const spkiOf = async (id: string): Promise<string> =>
  createHash("sha256")
    .update(publicKeyOf(await world.store.readKey(name, "ecdsa", id)))
    .digest("hex");
const marked = (): readonly number[] => state().generations.flatMap(({ number, revoked }) => (revoked ? [number] : []));
const outcomes = ({ revoked }: RevokeResult): readonly unknown[] =>
  revoked.map(({ generation, outcome }) => [generation, outcome]);

describe("a key is compromised while another revocation is under way", () => {
  it("what is live is replaced and revoked, and the other one finished beside it", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("keyCompromise"));
    expect(keys()).toEqual(["0001", "0002"]);
    ca.refuse = undefined;
    const result = await run("keyCompromise");
    expect(asked).toContain("Revoke generation 2 of mail.example.org");
    expect(asked).toContain("What is under way is finished along: generation 1 (keyCompromise).");
    expect(result).toMatchObject({ outcome: "revoked", generation: { number: 2 }, replaces: true, newKey: true });
    expect(outcomes(result)).toEqual([
      [2, "revoked"],
      [1, "revoked"],
    ]);
    expect(marked()).toEqual([1, 2]);
    expect({ live: live(), keys: keys() }).toEqual({ live: 3, keys: ["0001", "0002", "0003"] });
    expect(state().retired).toEqual([await spkiOf("0001"), await spkiOf("0002")].toSorted());
    expect(state()).not.toHaveProperty("revocation");
    expect(state()).not.toHaveProperty("earlierRevocations");
  });

  it("the other one can never be done: it does not stop this one, and stays under way", async () => {
    await served();
    const [first] = Object.values(await world.store.readCertificates(name, 1));
    ca.refuse = ({ leaf }) => (leaf === first?.leaf ? away() : undefined);
    await failureOf(run("superseded"));
    await renew(world, [acme], { ...timer, force: true, newKey: true, leaveRevocation: true });
    const result = await run("keyCompromise");
    expect(outcomes(result)).toEqual([
      [3, "revoked"],
      [1, "failed"],
    ]);
    expect(result.outcome).toBe("unfinished");
    expect(revokeDocument(result)).toMatchObject({ ok: false });
    expect(revokeText(result, fake.clock.now)).toContain("NOT revoked: the CA is away");
    expect(state().revocation).toMatchObject({ generation: 1, reason: "superseded", byKey: false });
    expect(state().generations.find(({ number }) => number === live())?.leaves.ecdsa?.key).toBe("0003");
  });

  it("both wait: status and the timer name both, and the timer finishes both", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("superseded"));
    await renew(world, [acme], { ...timer, force: true, newKey: true, leaveRevocation: true });
    await failureOf(run("keyCompromise"));
    expect(state().revocation).toMatchObject({ generation: 3 });
    expect(state().earlierRevocations).toMatchObject([{ generation: 1 }]);
    const shown = statusText(await told(), undefined, fake.clock.now);
    expect(shown).toContain("the revocation of generation 3 (keyCompromise) is not finished");
    // With that reason it would mean what is live now.
    expect(shown).toMatch(/-> mailcert revoke mail\.example\.org$/m);
    expect(shown).toContain("the revocation of generation 1 (superseded) is not finished");
    ca.refuse = undefined;
    const { certificates, outcome } = await renew(world, [acme], timer);
    expect(certificates[0]?.findings.map(({ check }) => check)).toEqual(["revoke-finished", "revoke-finished"]);
    expect(outcome).toBe("done");
    expect(ca.revoked.map(({ reason }) => reason)).toEqual(["keyCompromise", "superseded"]);
    expect(state()).not.toHaveProperty("earlierRevocations");
  });

  it("without a reason it only goes on: the new key stays", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("keyCompromise"));
    ca.refuse = undefined;
    expect(outcomes(await run())).toEqual([[1, "revoked"]]);
    expect({ live: live(), keys: keys() }).toEqual({ live: 2, keys: ["0001", "0002"] });
  });

  it("the other one went by its key for want of an account: this one gives up the live and the ready key all the same", async () => {
    await served();
    ca.deactivated = true;
    ca.refuse = away;
    await failureOf(run("superseded"));
    const spare = await world.store.addKey(name, "ecdsa", await world.generateKey("ecdsa"));
    await world.store.write({ ...state(), keys: { ecdsa: { current: "0002", next: spare, old: ["0001"] } } });
    ca.refuse = undefined;
    await run("keyCompromise");
    for (const id of ["0002", spare]) expect(state().retired).toContain(await spkiOf(id));
    expect(keys().at(-1)).toBe("0004");
  });

  it("a state with one revocation, as it was always written, is read", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("superseded"));
    const { earlierRevocations: _none, ...old } = state();
    await world.store.write(old);
    ca.refuse = undefined;
    expect((await renew(world, [acme], timer)).certificates[0]?.findings[0]?.check).toBe("revoke-finished");
  });
});

describe("the CA may have revoked it", () => {
  const lostAnswer = async (): Promise<void> => {
    await served();
    ca.refuse = away;
    ca.lost = true;
    await failureOf(run("superseded"));
    expect({ asked: ca.revoked.length, marked: marked(), live: live() }).toEqual({ asked: 1, marked: [], live: 2 });
  };

  it("no way back to it, nor by the next generation that breaks a server", async () => {
    await lostAnswer();
    expect((await failureOf(rollback(world, acme, deployOptions))).message).toContain("no earlier generation");
    const generations = state().generations.map((one) => (one.number === 2 ? { ...one, failed: "it broke" } : one));
    await world.store.write({ ...state(), generations });
    fake.server.breaks = true;
    const { certificates } = await renew(world, [acme], { ...timer, force: true, leaveRevocation: true });
    expect(certificates[0]?.deployed?.findings.map(({ check }) => check)).toContain("deploy-no-way-back");
    expect(live()).toBe(3);
  });

  it("one slot of two failed: neither is served again", async () => {
    const both = { ...acme, keys: ["ecdsa", "rsa"] as const };
    await issue(world, both);
    let nth = 0;
    ca.refuse = () => ((nth += 1) === 2 ? away() : undefined);
    const result = await revoke(world, name, both, { ...deployOptions, dryRun: false, confirm: async () => undefined });
    expect(result.outcome).toBe("unfinished");
    expect(result.revoked.map(({ outcome }) => outcome)).toEqual(["revoked", "failed"]);
    expect((await failureOf(deploy(world, both, deployOptions))).message).toContain("its CA may have done so");
  });

  it("should it be served yet, the next run replaces it at once, and status tells", async () => {
    await lostAnswer();
    // As an older mailcert went back to it.
    await world.store.switchLive(name, 1);
    await world.store.write({ ...state(), target: 1, stage: "verified" });
    const before = await told();
    expect(before.ok).toBe(false);
    expect(before.certificates[0]?.next).toMatchObject({ action: "issue" });
    expect(before.certificates[0]?.findings).toMatchObject([{ check: "revoke-served", severity: "fault" }]);
    ca.refuse = undefined;
    await renew(world, [acme], timer);
    expect({ live: live(), marked: marked() }).toEqual({ live: 3, marked: [1] });
    expect((await told()).ok).toBe(true);
  });
});

describe("a key that was given up", () => {
  it("of a generation that no CA can revoke: not gone back to, not deployed", async () => {
    await served({ ...acme, issuer: { kind: "self-signed", days: 300 } });
    await renew(world, [acme], timer);
    expect(keys()).toEqual(["0001", "0001"]);
    expect((await run("keyCompromise")).outcome).toBe("revoked");
    expect((await failureOf(rollback(world, acme, deployOptions))).message).toContain("no earlier generation");
    await world.store.write({ ...state(), target: 1, stage: "staged" });
    expect((await failureOf(deploy(world, acme, deployOptions))).message).toContain("given up as compromised");
    expect(live()).toBe(3);
  });

  it("not gone back to by hand while its revocation waits", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("keyCompromise"));
    await failureOf(rollback(world, acme, deployOptions));
    expect(live()).toBe(2);
  });

  it("its successor breaks the server: it stays served for want of another, as a fault, and is due", async () => {
    await served();
    fake.server.breaks = true;
    const result = await run("keyCompromise");
    expect(result).toMatchObject({ outcome: "not-replaced", replacement: { deployed: { outcome: "rolled-back" } } });
    expect(live()).toBe(1);
    expect(ca.revoked).toEqual([]);
    const { ok, certificates } = await told();
    expect(ok).toBe(false);
    expect(certificates[0]?.findings?.map(({ check }) => check)).toContain("revoke-served");
  });

  it("is served until DNS has the new one: status tells, with the way on", async () => {
    await served();
    expect((await told()).ok).toBe(true);
    tlsa.set(`_25._tcp.${name}`, [{ usage: 3, selector: 1, matchingType: 1, data: "00".repeat(32) }]);
    expect((await failureOf(run("keyCompromise"))).facts?.["code"]).toBe("DANE");
    const shown = await told();
    expect(shown.ok).toBe(false);
    expect(shown.certificates[0]?.findings).toMatchObject([
      {
        check: "revoke-served",
        message: `generation 1 of ${name} is served, although its private key was given up as compromised`,
        hint: `go on: mailcert revoke ${name}`,
      },
    ]);
  });
});

describe("kept until it is revoked", () => {
  it("three valid generations with the compromised key: all three are", async () => {
    await served();
    for (const _ of [2, 3]) await renew(world, [acme], { ...timer, force: true });
    expect(keys()).toEqual(["0001", "0001", "0001"]);
    expect(outcomes(await run("keyCompromise"))).toEqual([
      [3, "revoked"],
      [1, "revoked"],
      [2, "revoked"],
    ]);
    expect(marked()).toEqual([1, 2, 3]);
  });

  it("the CA is away while others are issued: revoked once it is back, and its files go only then", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("superseded"));
    for (const _ of [3, 4, 5]) {
      const { certificates, outcome } = await renew(world, [acme], { ...timer, force: true });
      expect(certificates[0]?.findings).toMatchObject([{ check: "revoke-unfinished", severity: "fault" }]);
      expect(outcome).toBe("fault");
    }
    expect(world.store.slotsIn(name, 1)).toEqual(["ecdsa"]);
    ca.refuse = undefined;
    await renew(world, [acme], timer);
    expect(marked()).toEqual([1]);
    await renew(world, [acme], { ...timer, force: true });
    expect(world.store.slotsIn(name, 1)).toEqual([]);
  });

  it("its file is gone all the same: not done, until it has expired", async () => {
    await served();
    ca.refuse = away;
    await failureOf(run("superseded"));
    ca.refuse = undefined;
    await rm(join(world.store.dir, "certificates", name, "generations/0001"), { recursive: true });
    const { certificates, outcome } = await renew(world, [acme], timer);
    expect(outcome).toBe("fault");
    const [finding] = certificates[0]?.findings ?? [];
    expect(finding).toMatchObject({ check: "revoke-unfinished", severity: "fault" });
    expect(finding?.hint).toContain(state().generations[0]?.leaves.ecdsa?.sha256);
    const result = await run();
    expect({ outcome: result.outcome, outcomes: outcomes(result) }).toEqual({
      outcome: "unfinished",
      outcomes: [[1, "gone"]],
    });
    expect(revokeText(result, fake.clock.now)).toContain("SHA-256 fingerprint");
    fake.clock.now = new Date(Date.parse(state().generations[0]?.notAfter ?? "") + 1000);
    await renew(world, [acme], timer);
    expect(state()).not.toHaveProperty("revocation");
    expect(marked()).toEqual([]);
  });
});

describe("the CA hands out the same certificate again", () => {
  it("it is no successor: thrown away, and nothing is revoked", async () => {
    await served();
    const { ecdsa } = await world.store.readCertificates(name, 1);
    if (!ecdsa) throw new Error("no certificate");
    ca.again = { leaf: ecdsa.leaf, chain: ecdsa.chain };
    const failure = await failureOf(run("superseded"));
    expect(failure.message).toContain("returned the certificate of generation 1 again");
    expect({ revoked: ca.revoked, live: live() }).toEqual({ revoked: [], live: 1 });
    expect(state()).not.toHaveProperty("revocation");
  });
});
