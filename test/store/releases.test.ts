// What released versions wrote (test/fixtures/releases) is read by this one; what a newer one wrote is refused before anything is made or changed.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConfigAccess } from "../../src/config/access.ts";
import { decide } from "../../src/domain/renew-decision.ts";
import { Failure } from "../../src/domain/failure.ts";
import { allAccounts, makeAccountKey } from "../../src/issuers/acme/account-store.ts";
import { readIssued } from "../../src/issuers/private-ca/records.ts";
import { openStore } from "../../src/store/index.ts";
import { readConfigFiles } from "../../src/system/config-files.ts";
import { openResultFile } from "../../src/system/result-file.ts";
import { createRunProgram } from "../../src/system/run.ts";

const releases = join(import.meta.dirname, "../fixtures/releases");
const run = createRunProgram(process.env);
const now = () => new Date("2026-11-22T12:00:00Z");

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "mailcert-release-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (version = "9.9.9") => openStore({ dir, run, pid: process.pid, now, version });
const config = () =>
  createConfigAccess({
    path: join(dir, "mailcert.yaml"),
    named: true,
    readFiles: readConfigFiles,
    writeFile: async () => undefined,
  });

/** The tree of a host that this version set up; its account's key is made here and now. */
const place = async (version: string): Promise<void> => {
  const from = join(releases, version);
  for (const [name, to] of [
    ["mailcert.yaml", "mailcert.yaml"],
    ["events.jsonl", "events.jsonl"],
    ["issued.jsonl", "ca/default/issued.jsonl"],
    ["state-mail.json", "certificates/mail.example.org/state.json"],
    ["state-lists.json", "certificates/lists.example.org/state.json"],
  ] as const) {
    mkdirSync(join(dir, to, ".."), { recursive: true });
    cpSync(join(from, name), join(dir, to));
  }
  const { folder } = await makeAccountKey(dir, "https://acme.example/directory");
  cpSync(join(from, "account.json"), join(folder, "account.json"));
};

/** Every path below a folder with its content: what a refusal must leave as it was. */
const contents = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .toSorted()
      .map((path) => [path, statSync(join(dir, path)).isFile() ? readFileSync(join(dir, path), "utf8") : ""]),
  );

const refusal = async (job: () => unknown): Promise<Failure> => {
  try {
    await job();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was not refused");
};

describe.each(readdirSync(releases))("what mailcert %s wrote", (version) => {
  beforeEach(() => place(version));

  it("holds no key, in the repository", () => {
    for (const file of readdirSync(join(releases, version)))
      expect(readFileSync(join(releases, version, file), "utf8")).not.toContain("PRIVATE KEY");
  });

  it("configuration, certificates, deployments, account and CA are read, and nothing is due", async () => {
    const { certificates } = (await config().read()) ?? { certificates: [] };
    expect(certificates.map(({ name, issuer }) => [name, issuer.kind])).toEqual([
      ["mail.example.org", "private-ca"],
      ["lists.example.org", "self-signed"],
    ]);
    const store = open();
    expect(store.list()).toEqual(["lists.example.org", "mail.example.org"]);
    const mail = store.read("mail.example.org");
    expect(mail).toMatchObject({ stage: "verified", target: 1, keys: { ecdsa: { current: "0001" } } });
    expect(Object.keys(mail?.deployments ?? {})).toEqual(["dovecot", "postfix"]);
    expect(mail?.deployments["postfix"]?.entries.map(({ verdict }) => verdict)).toEqual(["proven", "proven", "proven"]);
    for (const certificate of certificates)
      expect(decide(certificate, store.read(certificate.name), { force: false, named: false }, now())).toMatchObject({
        action: "nothing",
      });
    expect(await store.events()).not.toEqual([]);
    expect(await readIssued(join(dir, "ca/default"))).toMatchObject([{ names: ["mail.example.org"] }]);
    const [ca] = await allAccounts(dir);
    expect(ca?.accounts).toMatchObject([{ record: { url: "https://acme.example/acct/1" } }]);
  });

  it("is taken on by the version that works there now: it says which, and leaves all the rest", async () => {
    const before = contents();
    const store = open();
    (await store.lock("mailcert renew")).release();
    expect(JSON.parse(readFileSync(join(dir, "version.json"), "utf8"))).toEqual({
      schema: "mailcert.layout/1",
      version: "9.9.9",
    });
    const state = store.read("mail.example.org");
    if (!state) throw new Error("no state");
    await store.write(state);
    expect(store.read("mail.example.org")).toEqual({ ...state, writtenBy: "9.9.9" });
    for (const [path, text] of before)
      if (!path.endsWith("mail.example.org/state.json")) expect(contents().get(path)).toBe(text);
    // The mark is written once for each version.
    const { ino } = statSync(join(dir, "version.json"));
    (await open().lock("mailcert renew")).release();
    expect(statSync(join(dir, "version.json")).ino).toBe(ino);
    (await open("10.0.0").lock("mailcert renew")).release();
    expect(readFileSync(join(dir, "version.json"), "utf8")).toContain("10.0.0");
  });
});

describe("what a newer mailcert wrote is refused (78), with the way out, and left as it is", () => {
  const hints = [
    "nothing was changed: install mailcert 3.1.0, or a later one, or put back the backup that was made before the upgrade (docs/upgrading.md)",
  ];
  const newer = async (job: () => unknown, who = true): Promise<void> => {
    const before = contents();
    const failure = await refusal(job);
    expect(failure.kind).toBe("config");
    if (who) expect(failure.hints).toEqual(hints);
    else expect(failure.hints.join()).toContain("docs/upgrading.md");
    expect(contents()).toEqual(before);
  };

  it("the state folder, a CA in it included: no lock is made", async () => {
    writeFileSync(join(dir, "version.json"), `{"schema":"mailcert.layout/2","version":"3.1.0"}\n`);
    await newer(() => open().lock("mailcert renew"));
  });

  it("the state folder, where a newer version worked in it after it was looked at: it stays the newer one's", async () => {
    const path = join(dir, "version.json");
    const mark = `{"schema":"mailcert.layout/2","version":"3.1.0"}\n`;
    const late: typeof run = async (...call) => {
      writeFileSync(path, mark);
      return run(...call);
    };
    const failure = await refusal(() =>
      openStore({ dir, run: late, pid: process.pid, now, version: "9.9.9" }).lock("mailcert renew"),
    );
    expect([failure.kind, readFileSync(path, "utf8")]).toEqual(["config", mark]);
  });

  it("a certificate's state", async () => {
    mkdirSync(join(dir, "certificates/mail.example.org"), { recursive: true });
    const path = join(dir, "certificates/mail.example.org/state.json");
    writeFileSync(path, `{"schema":"mailcert.state/2","writtenBy":"3.1.0","all":"else is another matter"}`);
    await newer(() => open().read("mail.example.org"));
    writeFileSync(path, `{"schema":"mailcert.state/12"}`);
    await newer(() => open().read("mail.example.org"), false);
  });

  it("an account", async () => {
    const { folder } = await makeAccountKey(dir, "https://acme.example/directory");
    writeFileSync(join(folder, "account.json"), `{"schema":2,"writtenBy":"3.1.0"}`);
    await newer(async () => {
      const { findAccount } = await import("../../src/issuers/acme/account-store.ts");
      return findAccount(dir, "https://acme.example/directory");
    });
  });

  it("the configuration", async () => {
    writeFileSync(join(dir, "mailcert.yaml"), "schema: 2\nthe_rest: is another matter\n");
    await newer(() => config().read(), false);
  });

  it("a file of results that verify would go on with", async () => {
    const path = join(dir, "results.ndjson");
    writeFileSync(path, `{"schema":"mailcert.verify-run/2","startedAt":"2026-11-22T06:00:00.000Z"}\n`);
    await newer(() => openResultFile(path, run), false);
  });

  it("a mark that cannot be read, or that is of this layout, keeps nobody from working", async () => {
    for (const text of ["", "{", "[]", `{"schema":"mailcert.layout/1"}`, `{"schema":7}`]) {
      writeFileSync(join(dir, "version.json"), text);
      (await open().lock("mailcert renew")).release();
      expect(readFileSync(join(dir, "version.json"), "utf8")).toContain("9.9.9");
    }
  });
});
