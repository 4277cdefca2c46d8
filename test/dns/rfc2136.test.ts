// Updates by RFC 2136 with TSIG: what goes over the wire, whom we believe, and what each refusal is called.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readKeyStatement } from "../../src/dns/updaters/bind-key.ts";
import { createRfc2136 } from "../../src/dns/updaters/rfc2136.ts";
import { readServer } from "../../src/dns/updaters/rfc2136-key.ts";
import type { DnsUpdater } from "../../src/dns/updaters/updater.ts";
import { Failure } from "../../src/domain/failure.ts";
import { updaterContract } from "../contract/updater.ts";
import { type Behaviour, type UpdateServer, startUpdateServer } from "./update-server.ts";

const now = new Date("2026-11-20T12:00:00Z");
const { signal } = new AbortController();
const record = { name: "_acme-challenge.mail.example.org", value: "v".repeat(43), zone: "example.org" };
const secret = randomBytes(32);

let behaviour: Behaviour;
let server: UpdateServer;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-rfc2136-"));
  behaviour = { key: { name: "mailcert", algorithm: "hmac-sha256", secret }, now: () => now.getTime() / 1000 };
  server = await startUpdateServer(() => behaviour);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server.stop();
});

const deps = {
  run: () => Promise.reject(new Error("no program is needed")),
  now: () => now,
  sleep: async () => undefined,
  userAgent: "mailcert/test",
  randomId: () => 4711,
  timeoutMs: 5_000,
};
const usual = () => ({
  server: `127.0.0.1:${server.port}`,
  key_name: "mailcert",
  key_secret: secret.toString("base64"),
});
const updater = (settings: Readonly<Record<string, string>> = {}): DnsUpdater =>
  createRfc2136({ ...usual(), ...settings }, deps);

const failure = async (job: Promise<unknown> | (() => unknown)): Promise<Failure> => {
  const error: unknown = await (async () => (typeof job === "function" ? job() : job))().then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  expect(`${error.message} ${error.hints.join(" ")} ${JSON.stringify(error.facts)}`).not.toContain(
    secret.toString("base64"),
  );
  return error;
};

updaterContract("rfc2136", async () => {
  const own = await startUpdateServer(() => behaviour);
  return {
    updater: createRfc2136({ ...usual(), server: `127.0.0.1:${own.port}` }, deps),
    values: async (name) => own.texts.get(name) ?? [],
    close: own.stop,
  };
});

describe("rfc2136", () => {
  it.each(["hmac-sha256", "hmac-sha384", "hmac-sha512"])(
    "adds a value and takes it away, signed with %s",
    async (algorithm) => {
      behaviour = { ...behaviour, key: { ...behaviour.key, algorithm } };
      server.texts.set(record.name, ["another"]);
      const one = updater({ key_algorithm: algorithm });
      await one.add(record, signal);
      await one.add(record, signal);
      expect(server.texts.get(record.name)).toEqual(["another", record.value]);
      await one.remove(record, signal);
      await one.remove(record, signal);
      expect(server.texts.get(record.name)).toEqual(["another"]);
      expect(server.updates[0]).toEqual({ zone: "example.org", name: record.name, add: true, ttl: 60 });
      expect(server.updates[2]).toMatchObject({ add: false, ttl: 0 });
    },
  );

  it("names the zone and the lifetime that its settings say", async () => {
    await updater({ zone: "mail.example.org.", ttl: "5" }).add(record, signal);
    expect(server.updates).toEqual([{ zone: "mail.example.org", name: record.name, add: true, ttl: 5 }]);
    const outside = await failure(updater({ zone: "example.net" }).add(record, signal));
    expect(outside.message).toContain('is not in the zone "example.net"');
    expect(outside.hints[0]).toContain("leave zone: out");
  });

  it("reads a BIND key file that only its owner may read", async () => {
    const file = join(folder, "key");
    const text = `# made by tsig-keygen\nkey "mailcert" {\n\talgorithm hmac-sha256;\n\tsecret "${secret.toString("base64")}";\n};\n`;
    writeFileSync(file, text, { mode: 0o600 });
    const settings = { server: `127.0.0.1:${server.port}`, key_file: file };
    await createRfc2136(settings, deps).add(record, signal);
    expect(server.texts.get(record.name)).toEqual([record.value]);
    chmodSync(file, 0o640);
    const readable = await failure(createRfc2136(settings, deps).add(record, signal));
    expect(readable).toMatchObject({ kind: "config", hints: [`chmod 600 ${file}`, expect.any(String)] });
    expect(
      (await failure(createRfc2136({ ...settings, key_file: `${file}x` }, deps).add(record, signal))).message,
    ).toContain("does not exist");
    writeFileSync(file, "nothing of the kind");
    chmodSync(file, 0o600);
    expect((await failure(createRfc2136(settings, deps).add(record, signal))).message).toContain("no key statement");
  });

  it.each([
    [5, "REFUSED", "config", 'the key "mailcert" may not change TXT records'],
    [9, "NOTAUTH", "config", "it does not have the zone example.org"],
    [10, "NOTZONE", "config", "is not in the zone example.org"],
    [2, "SERVFAIL", "unavailable", "it answered SERVFAIL"],
  ])("names the refusal %i (%s)", async (rcode, code, kind, message) => {
    behaviour = { ...behaviour, rcode };
    const said = await failure(updater().add(record, signal));
    expect(said).toMatchObject({ kind, facts: { code, zone: "example.org" } });
    expect(said.message).toContain(message);
  });

  it("names a key that is unknown, a secret that is another, and a clock that is wrong, with by how much", async () => {
    expect(await failure(updater({ key_name: "nobody" }).add(record, signal))).toMatchObject({
      facts: { code: "BADKEY" },
    });
    const other = updater({ key_secret: randomBytes(32).toString("base64") });
    expect(await failure(other.add(record, signal))).toMatchObject({ kind: "config", facts: { code: "BADSIG" } });
    behaviour = { ...behaviour, tsigError: 18, now: () => now.getTime() / 1000 - 3600 };
    const late = await failure(updater().add(record, signal));
    expect(late).toMatchObject({ kind: "unavailable", facts: { code: "BADTIME" } });
    expect(late.message).toContain("the server's is 3600 seconds behind");
    expect(server.updates).toEqual([]);
  });

  it.each([
    [
      "is not signed",
      (reply: Buffer) => {
        const end = 12 + "example.org".length + 2 + 4;
        const bare = Buffer.from(reply.subarray(0, end));
        bare.writeUInt16BE(0, 10);
        return bare;
      },
      "not signed with the key",
    ],
    [
      "was changed on its way",
      (reply: Buffer) => {
        const changed = Buffer.from(reply);
        changed[13] = "E".charCodeAt(0);
        return changed;
      },
      "not signed with the key",
    ],
    [
      "has another id",
      (reply: Buffer) => Buffer.concat([Buffer.from([0, 1]), reply.subarray(2)]),
      "no reply to an update",
    ],
    ["is cut off", (reply: Buffer) => reply.subarray(0, reply.length - 20), "no reply to an update"],
    ["is nonsense", () => Buffer.alloc(12, 0xff), "no reply to an update"],
  ])("does not believe a reply that %s", async (_what, spoil, message) => {
    behaviour = { ...behaviour, spoil };
    const said = await failure(updater().add(record, signal));
    expect(said.kind).toBe("unavailable");
    expect(said.message).toContain(message);
  });

  it("gives up on a server that says nothing", async () => {
    behaviour = { ...behaviour, spoil: () => undefined };
    const said = await failure(createRfc2136(usual(), { ...deps, timeoutMs: 200 }).add(record, signal));
    expect(said.message).toContain("no answer in time");
  });

  it("refuses settings that cannot be right, by their key and without their value", async () => {
    const of = (settings: Readonly<Record<string, string>>) => failure(() => createRfc2136(settings, deps));
    const { server: at, ...key } = usual();
    expect((await of(key)).message).toContain("server is missing");
    expect((await of({ server: at })).message).toContain("key_name and key_secret, or key_file");
    expect((await of({ ...usual(), server: "10.0.0.1:0" })).message).toContain('server "10.0.0.1:0" is no address');
    expect((await of({ ...usual(), key_secret: "not base64!" })).message).toBe("rfc2136: key_secret is not base64");
    expect((await of({ ...usual(), key_algorithm: "hmac-md5" })).message).toContain("hmac-sha256, hmac-sha384");
    expect((await of({ ...usual(), key_name: "a..b" })).message).toContain("key_name");
    expect((await of({ ...usual(), key_file: "/etc/key" })).message).toContain("exclude each other");
    expect((await of({ server: at, key_file: "key" })).message).toContain("absolute");
    expect((await of({ ...usual(), ttl: "soon" })).message).toContain("ttl");
  });

  it("reads servers and keys as people write them", () => {
    expect(readServer("192.0.2.53")).toEqual({ address: "192.0.2.53", port: 53 });
    expect(readServer("2001:db8::53")).toEqual({ address: "2001:db8::53", port: 53 });
    expect(readServer("[2001:db8::53]:5353")).toEqual({ address: "2001:db8::53", port: 5353 });
    expect(readServer("ns1.example.org:5353")).toEqual({ address: "ns1.example.org", port: 5353 });
    // A comment's signs may stand inside a secret.
    const text = 'key old. { algorithm hmac-sha512; secret "ab//cd=="; }; // the old one';
    expect(readKeyStatement(text)).toEqual({ name: "old.", algorithm: "hmac-sha512", secret: "ab//cd==" });
    expect(readKeyStatement('/* key "x" { algorithm a; secret "b"; }; */')).toBeUndefined();
  });
});
