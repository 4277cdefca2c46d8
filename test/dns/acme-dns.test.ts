// acme-dns: one account for each name, two values that rotate, nothing taken away.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAcmeDns } from "../../src/dns/updaters/acme-dns.ts";
import { apiDeps, apiUpdaterContract, failureOf, shownBy, signal } from "../contract/api-updater.ts";
import { updaterContract } from "../contract/updater.ts";
import { type Registration, startAcmeDns } from "../fakes/dns-apis/acme-dns.ts";
import type { FakeProvider } from "../fakes/dns-apis/server.ts";

const account = (digit: string): Registration => ({
  username: `c36f50e8-4632-44f0-83fe-e070fef28a1${digit}`,
  password: `htB9mR9DYgcu9bX_afHF62erXaH2TS7bg9KW3F7${digit}`,
  subdomain: `8e5700ea-a4bf-41c7-8a77-e990661dcc6${digit}`,
});
const [one, two] = [account("1"), account("2")];
const nameOf = ({ subdomain }: Registration): string => `${subdomain}.auth.example.org`;
const record = { name: nameOf(one), value: "v".repeat(43), zone: "auth.example.org" };
const settings = { ...one };

let folder: string;
let fake: FakeProvider;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-acme-dns-"));
  fake = await startAcmeDns([one, two]);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await fake.api.stop();
});

/** As other clients keep it: by domain, with what they like besides. */
const accountsFile = (text: string, mode = 0o600): string => {
  const file = join(folder, "acmedns.json");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};
const both = JSON.stringify({
  "mail.example.org": { ...one, fulldomain: nameOf(one), allowfrom: [] },
  "imap.example.org": { ...two, fulldomain: nameOf(two), server_url: "https://auth.example.org" },
});

updaterContract("acme-dns", async () => {
  const own = await startAcmeDns([one, two]);
  return {
    updater: createAcmeDns({ url: own.api.url, accounts_file: accountsFile(both) }, apiDeps()),
    values: async (name) => own.values(name),
    names: [nameOf(one), nameOf(two)],
    keeps: true,
    close: own.api.stop,
  };
});

apiUpdaterContract("acme-dns", {
  create: createAcmeDns,
  settings,
  secrets: ["username", "password"],
  start: () => startAcmeDns([one, two]),
  record,
  keeps: true,
});

describe("acme-dns", () => {
  it("sends subdomain and value with the account's two headers, and asks for nothing when a value is to go", async () => {
    const updater = createAcmeDns({ url: fake.api.url, ...settings }, apiDeps());
    await updater.add(record, signal);
    expect(fake.api.asked).toMatchObject([
      {
        method: "POST",
        path: "/update",
        headers: { "x-api-user": one.username, "x-api-key": one.password },
        body: { subdomain: one.subdomain, txt: record.value },
      },
    ]);
    await updater.remove(record, signal);
    expect(fake.api.asked).toHaveLength(1);
  });

  it("a name that no account may change: the CNAME is not there", async () => {
    const updater = createAcmeDns({ url: fake.api.url, ...settings }, apiDeps());
    const failure = await failureOf(() => updater.add({ ...record, name: "_acme-challenge.mail.example.org" }, signal));
    expect(failure).toMatchObject({ kind: "config" });
    expect(failure.message).toContain("no account may change _acme-challenge.mail.example.org");
    expect(failure.hints.join()).toContain("CNAME");
    expect(fake.api.asked).toEqual([]);
  });

  it("a value that is no proof is refused in acme-dns's word", async () => {
    const updater = createAcmeDns({ url: fake.api.url, ...settings }, apiDeps());
    const failure = await failureOf(() => updater.add({ ...record, value: "too short" }, signal));
    expect(failure).toMatchObject({ kind: "unavailable" });
    expect(failure.message).toContain("bad_txt");
  });

  it("a file of accounts must be there, ours alone, and hold whole accounts", async () => {
    const of = async (file: string) => {
      const updater = createAcmeDns({ url: fake.api.url, accounts_file: file }, apiDeps());
      const failure = await failureOf(() => updater.add(record, signal));
      expect(failure.kind).toBe("config");
      expect(shownBy(failure)).not.toContain("hunter2");
      return failure;
    };
    expect((await of(join(folder, "none.json"))).message).toContain("does not exist");
    expect((await of(accountsFile(both, 0o640))).hints.join()).toContain("chmod 600");
    expect((await of(accountsFile('{"a": "hunter2'))).message).toContain("is no JSON");
    expect((await of(accountsFile('{"a": {"username": "hunter2"}}'))).message).toContain("is missing");
    expect((await of(accountsFile("[]"))).message).toContain("no account may change");
    const settle = (more: Readonly<Record<string, string>>) =>
      failureOf(() => createAcmeDns({ url: fake.api.url, ...more }, apiDeps()));
    expect((await settle({ accounts_file: "acmedns.json" })).message).toContain("absolute");
    expect((await settle({ accounts_file: "/a", ...one })).message).toContain("in place of");
    expect((await settle({ ...one, subdomain: "a.b" })).message).toContain("one label");
    expect((await failureOf(() => createAcmeDns(settings, apiDeps()))).message).toContain("url is missing");
  });
});
