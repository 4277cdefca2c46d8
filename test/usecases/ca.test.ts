// mailcert ca as command lines: documents by their schema, texts without keys, exit statuses, refusals, the log of changes, bundles and the timer.
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readCertificate, splitPem } from "../../src/domain/certificate.ts";
import { readCrl } from "../../src/domain/crl.ts";
import { caFindings } from "../../src/domain/private-ca.ts";
import type { Host } from "../../src/cli/host.ts";
import type { ShownCa } from "../../src/issuers/private-cas.ts";
import { documentsOf } from "../docs/run-json.ts";
import { type Ran, runMainOn } from "../docs/run-main.ts";

const name = "mail.example.org";
// Each has a dozen command lines, and scrypt takes its time on purpose.
vi.setConfig({ testTimeout: 90_000 });
const day = 86_400_000;
let dir: string;
let now: Date;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-ca-commands-"));
  now = new Date("2026-11-20T12:00:00.000Z");
  await mkdir(join(dir, "etc"));
  await mkdir(join(dir, "bin"));
  await configure();
  await writeFile(join(dir, "words"), "correct horse battery staple\n", { mode: 0o600 });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const configure = (more = ""): Promise<void> =>
  writeFile(
    join(dir, "etc/mailcert.yaml"),
    `certificates:\n  ${name}:\n    issuer: private-ca\n    servers: none\n    bundle: ${dir}/files\n${more}`,
  );

const on = async (over: Partial<Host>, ...line: readonly string[]): Promise<Ran> => {
  const ran = await runMainOn(dir, { now: () => now, env: { PATH: "/usr/bin:/bin", NO_COLOR: "1" }, ...over }, ...line);
  expect(ran.stdout + ran.stderr).not.toMatch(/PRIVATE KEY|correct horse/);
  return ran;
};
const run = (...line: readonly string[]): Promise<Ran> => on({}, ...line);

const json = documentsOf(run);

const error = async (status: number, ...line: readonly string[]): Promise<string> => {
  const { error: told } = (await json(status, ...line)) as { error: { message: string; hints: readonly string[] } };
  return [told.message, ...told.hints].join("\n");
};

const words = ["--passphrase-file"] as const;
const withWords = (): readonly string[] => [...words, join(dir, "words")];
const live = (file: string): Promise<string> =>
  readFile(join(dir, "state/certificates", name, "live/ecdsa", file), "utf8");
const theCa = async (): Promise<ShownCa> => {
  const { cas } = (await json(0, "ca", "show")) as unknown as { cas: readonly ShownCa[] };
  const [ca] = cas;
  if (!ca) throw new Error("no CA");
  return ca;
};

describe("ca show and ca init", () => {
  test("without a CA, with one, and with a second", async () => {
    expect(await json(0, "ca", "show")).toMatchObject({ ok: true, cas: [] });
    expect(await error(64, "ca", "show", "office")).toContain("mailcert ca init office");
    expect(await json(0, "ca", "init", "--dry-run")).toMatchObject({
      outcome: "planned",
      limits: { domains: ["example.org"], addresses: [] },
    });
    expect(await json(0, "ca", "show")).toMatchObject({ cas: [] });
    expect(await json(0, "ca", "init", "--days", "900")).toMatchObject({
      outcome: "made",
      ca: { certificates: { issued: 0 } },
    });
    expect(await error(78, "ca", "init")).toContain("mailcert ca rotate default");
    expect(await json(0, "ca", "init", "office", "--ca-domains", "example.net")).toMatchObject({
      name: "office",
      notes: expect.arrayContaining([
        "certificates by it: issuer: private-ca and ca: office in the configuration, or `mailcert setup HOST --ca office`",
      ]) as unknown,
    });
    expect(((await json(0, "ca", "show")) as { cas: unknown[] }).cas).toHaveLength(2);
    const { root } = await theCa();
    expect((Date.parse(root.notAfter) + 1000 - Date.parse(root.notBefore)) / day).toBe(900);
    await run("renew");
    expect(await theCa()).toMatchObject({ certificates: { issued: 1, valid: 1, revoked: 0 } });
    expect(readCertificate(await live("chain.pem")).sha256).toBe(root.sha256);
    const log = (await run("log")).stdout;
    expect(log).toContain('made the private CA "default"');
  });

  test("options that mean nothing, values that cannot be, and a CA without a domain", async () => {
    expect(await error(64, "ca", "show", "--issuing")).toContain("--issuing means nothing with ca show");
    expect(await error(64, "ca", "init", "--days", "90000")).toContain("between 1 and 9131");
    expect(await error(64, "ca", "init", "a b", "--ca-domains", "example.org")).toContain("the CA's name");
    expect(await error(78, "ca", "init", "x", "--ca-domains", "*.example.org")).toContain("write example.org");
    expect(await error(64, "ca", "init", "--passphrase-file", join(dir, "words"))).toContain("--issuing");
    expect(await error(64, "ca", "backup")).toContain("--out FILE");
    expect(await error(64, "ca", "restore")).toContain("mailcert ca restore FILE");
    expect(await error(64, "ca", "revoke")).toContain("serial number");
    expect((await run("ca", "shwo")).status).toBe(64);
  });

  test("a name, a place or a file that cannot be says what it is, and what to do", async () => {
    await run("renew");
    for (const typed of ["nosuch.example.org", "80ae"]) {
      const told = await error(65, "ca", "revoke", typed);
      expect(told).toContain(`"${typed}" is none that a private CA`);
      expect(told).toContain(`kept here: ${name}`);
    }
    expect(await error(65, "ca", "revoke", join(dir, "nosuch.pem"))).toContain("no such file");
    expect(await error(73, "ca", "backup", "--out", dir, ...withWords())).toContain(
      `${dir} is a folder: nothing was changed\nname a file in it: --out ${dir}/default.backup`,
    );
    expect(await error(73, "ca", "backup", "--out", `${dir}/none/x`, ...withWords())).toContain(`mkdir -p ${dir}/none`);
    expect(await error(73, "ca", "crl", "--out", `${dir}/none/ca.crl`)).toContain(`mkdir -p ${dir}/none`);
    expect(await error(65, "ca", "restore", join(dir, "words"), ...withWords())).toContain("mailcert ca backup --out");
    expect(await error(64, "ca", "init", "../evil", "--ca-domains", "example.org")).toContain(
      "mailcert ca init office",
    );
  });

  test("a key that goes away is in the plan; a rotation's plan needs none", async () => {
    const usb = join(dir, "usb");
    const planned = await run("ca", "init", "--offline", usb, "--dry-run");
    expect(planned.stdout.replaceAll(/\s+/g, " ")).toContain(`the root's key would go into ${usb}`);
    expect((await run("ca", "init", "--offline", usb, ...withWords())).status).toBe(0);
    const { notes } = await json(0, "ca", "rotate", "--dry-run");
    expect(JSON.stringify(notes)).toContain("mailcert ca rotate --root-key FILE --offline DIR");
    expect(await error(64, "ca", "rotate", "--yes")).toContain("--root-key FILE --offline DIR");
  });

  test("a passphrase is asked twice where it is chosen, refused where it is short, and its file must be closed", async () => {
    const asked: string[] = [];
    const person = (...answers: readonly string[]): Partial<Host> => {
      const left = [...answers];
      return {
        askSecret: async (question) => {
          asked.push(question);
          return left.shift() ?? "";
        },
      };
    };
    const init = (over: Partial<Host>): Promise<Ran> => on(over, "ca", "init", "--issuing");
    expect((await init(person("short", "short", "short"))).stderr).toContain("less than 12 characters");
    expect(asked).toEqual([
      "Passphrase for the root's key (at least 12 characters): ",
      ...Array<string>(2).fill(
        "That has less than 12 characters: it could be guessed.\nPassphrase for the root's key (at least 12 characters): ",
      ),
    ]);
    expect((await init(person("correct horse battery", "correct horse bottery"))).stderr).toContain("differ");
    expect((await init(person(""))).stderr).toContain("no passphrase was given");
    expect((await init({})).stderr).toContain("--passphrase-file FILE");
    await writeFile(join(dir, "open"), "correct horse battery\n", { mode: 0o644 });
    expect(await error(78, "ca", "init", "--issuing", ...words, join(dir, "open"))).toContain("chmod 600");
    expect(await error(64, "ca", "init", "--issuing", ...words, join(dir, "missing"))).toContain(
      "there is no passphrase file",
    );
    expect(await readdir(dir)).not.toContain("state");
    // One that was too short is typed anew.
    const typed = "correct horse battery";
    expect((await init(person("short", typed, typed))).status).toBe(0);
    expect(asked).toContain("The same again: ");
    expect(await theCa()).toMatchObject({ root: { key: "sealed" } });
  });
});

describe("ca rotate", () => {
  test("plans, then does: both roots in the files for clients, who imports what by when, a leaf that both accept", async () => {
    await run("renew");
    const { root: old } = await theCa();
    expect(await json(0, "ca", "rotate", "--dry-run")).toMatchObject({ outcome: "planned", ca: { older: [] } });
    expect((await theCa()).root.sha256).toBe(old.sha256);
    const done = await json(0, "ca", "rotate", "--yes", "--ca-domains", "example.org,example.net");
    const by = new Date(Date.parse(old.notAfter) - 30 * day).toISOString();
    expect(done).toMatchObject({
      outcome: "rotated",
      limits: { domains: ["example.org", "example.net"] },
      ca: { root: { crossSigned: true }, older: [{ sha256: old.sha256 }] },
      plan: [{ certificate: name, bundle: join(dir, "files"), by, beyond: [] }],
    });
    const { root } = await theCa();
    expect(JSON.stringify(done["notes"])).toContain(`2 1 1 ${root.spkiSha256}`);
    const inFile = async (file: string): Promise<readonly string[]> =>
      splitPem(await readFile(join(dir, "files", file), "utf8")).map((pem) => readCertificate(pem).sha256);
    // What is served is still by the old root, and that goes on to be good: it leads until the renewal.
    expect([await inFile("ca.crt"), await inFile("ca-newer.crt")]).toEqual([[old.sha256], [root.sha256]]);
    expect(await json(0, "bundle", "--explain")).toMatchObject({ root: { sha256: old.sha256 } });
    expect((await run("renew", "--force")).status).toBe(0);
    expect([await inFile("ca.crt"), await inFile("ca-older.crt")]).toEqual([[root.sha256], [old.sha256]]);
    expect(await readdir(join(dir, "files"))).not.toContain("ca-newer.crt");
    expect(await json(0, "bundle", "--explain")).toMatchObject({ root: { sha256: root.sha256 } });
    expect(splitPem(await live("chain.pem")).map((pem) => readCertificate(pem).sha256)).toEqual([
      expect.not.stringMatching(root.sha256),
      old.sha256,
    ]);
    // When the old root is over, it is nobody's any more.
    now = new Date(Date.parse(old.notAfter) + day);
    expect((await run("bundle", "--out", join(dir, "later"))).status).toBe(0);
    expect(await readdir(join(dir, "later"))).not.toContain("ca-older.crt");
    expect((await run("log")).stdout).toContain('gave the private CA "default" a new root');
  });

  test("until the renewal everything says so: one command; every fingerprint that files show; then nothing any more", async () => {
    await run("renew");
    const { root: old } = await theCa();
    const { notes } = await json(0, "ca", "rotate", "--yes");
    expect((notes as readonly string[])[0]).toContain(`next: mailcert renew --force ${name} `);
    const { root } = await theCa();
    const half = { check: "ca-half-rotated", severity: "warning", hint: `mailcert renew --force ${name}` };
    expect(await json(0, "ca", "show")).toMatchObject({ findings: [half] });
    expect(await json(0, "status")).toMatchObject({ findings: [half] });
    expect((await run("doctor")).stdout).toContain(`mailcert renew --force ${name}`);
    expect(await json(0, "bundle", "--out", join(dir, "out"))).toMatchObject({
      fingerprint: { sha256: old.sha256 },
      beside: [{ sha256: root.sha256, is: "next" }],
    });
    const told = await run("bundle", "--out", join(dir, "out"));
    const text = told.stdout.replaceAll(/[\s:]/g, "");
    const readme = await readFile(join(dir, "out/README.txt"), "utf8");
    const script = await readFile(join(dir, "out/install-linux.sh"), "utf8");
    for (const { sha256 } of [old, root]) {
      expect(text).toContain(sha256.toUpperCase());
      expect(readme.replaceAll(":", "")).toContain(sha256.toUpperCase());
      expect(script).toContain(sha256);
    }
    expect(told.stdout).toContain(`mailcert renew --force ${name}`);
    expect(script).toContain("Are these the 2 fingerprints");
    expect(readme).toContain("ca-newer.crt");
    await run("renew", "--force");
    expect(await json(0, "ca", "show")).toMatchObject({ findings: [] });
    expect(await json(0, "bundle", "--out", join(dir, "out"))).toMatchObject({
      fingerprint: { sha256: root.sha256 },
      beside: [{ sha256: old.sha256, is: "earlier" }],
    });
    expect(await readFile(join(dir, "out/README.txt"), "utf8")).not.toContain("ca-newer");
  });

  test("each certificate has files of its own: of two, the one that was not renewed goes on with the old root", async () => {
    await configure("  other.example.org:\n    issuer: private-ca\n    servers: none\n");
    await run("renew");
    const { root: old } = await theCa();
    await run("ca", "rotate", "--yes");
    await run("renew", "--force", name);
    const { root } = await theCa();
    const leads = async (one: string): Promise<unknown> =>
      (await json(0, "bundle", one, "--out", join(dir, one)))["fingerprint"];
    expect(await leads(name)).toMatchObject({ sha256: root.sha256 });
    expect(await leads("other.example.org")).toMatchObject({ sha256: old.sha256 });
    expect(await json(0, "ca", "show")).toMatchObject({
      findings: [{ check: "ca-half-rotated", hint: "mailcert renew --force other.example.org" }],
    });
  });

  test("asks first, and once more where the present root is not in force yet; --days is no certificate's", async () => {
    await run("renew");
    const { root } = await theCa();
    expect(await error(64, "ca", "rotate")).toContain("--yes says yes");
    expect((await theCa()).root.sha256).toBe(root.sha256);
    const asked: string[] = [];
    const answering = (answer: string): Partial<Host> => ({
      ask: async (question) => {
        asked.push(question);
        return answer;
      },
    });
    expect((await on(answering("n"), "ca", "rotate")).status).toBe(78);
    expect((await theCa()).root.sha256).toBe(root.sha256);
    expect((await on(answering("y"), "ca", "rotate")).status).toBe(0);
    expect(asked[1]).toContain(`in the place of ${root.title}`);
    expect((await on(answering("n"), "ca", "rotate")).status).toBe(78);
    expect(asked[2]).toContain(`is not yet what all is served under (mailcert renew --force ${name})`);
    expect((await theCa()).older).toHaveLength(1);
    expect(await error(64, "ca", "rotate", "--days", "30", "--dry-run")).toContain("end before the present one");
    now = new Date(Date.parse((await theCa()).root.notAfter) - 40 * day);
    expect(await error(64, "ca", "rotate", "--days", "60", "--dry-run")).toContain("which live for 397 days");
    expect(await json(0, "ca", "rotate", "--days", "400", "--dry-run")).toMatchObject({ outcome: "planned" });
  });

  test("without --days the new root lives no shorter than the present one", async () => {
    await run("ca", "init", "--days", "9000");
    await run("ca", "rotate", "--yes");
    const { root, older } = await theCa();
    expect(Date.parse(root.notAfter)).toBeGreaterThanOrEqual(Date.parse(older[0]?.notAfter ?? ""));
  });

  test("says that the root before keeps an open key here, and what leads to its list", async () => {
    const url = "http://mail.example.org/ca.crl";
    await configure(`    ca_crl_url: ${url}\n`);
    await run("renew");
    await run("ca", "crl", "--out", join(dir, "ca.crl"));
    const { notes } = await json(0, "ca", "rotate", "--yes", "--offline", join(dir, "usb"), ...withWords());
    const told = JSON.stringify(notes);
    expect(told).toContain("older/0001/root-key.pem");
    expect(told).toContain(`ca_crl_url of ${name} (${url})`);
    expect(told).toContain(`${join(dir, "ca.crl")} stays the list`);
  });

  test("is written down when it is done: one that fails is no change", async () => {
    await run("ca", "init", "--ca-domains", "example.org");
    const events = async (): Promise<string> => readFile(join(dir, "state/events.jsonl"), "utf8");
    // Refused where the new key is to go, after all that can be planned.
    const open = join(dir, "open");
    await mkdir(open);
    await chmod(open, process.getuid?.() === 0 ? 0o777 : 0o555);
    expect((await run("ca", "rotate", "--offline", join(open, "usb"), ...withWords())).status).not.toBe(0);
    expect(await events()).not.toContain("a new root");
    expect((await readdir(join(dir, "state/ca/default"))).toSorted()).toContain("root-key.pem");
  });

  test("refuses limits that leave out what it certifies, and says which entries name the old ones", async () => {
    await configure("    ca_domains: [example.org]\n");
    await run("renew");
    expect(await error(78, "ca", "rotate", "--ca-domains", "example.net")).toContain(name);
    const { notes } = await json(0, "ca", "rotate", "--yes", "--ca-domains", "example.org,example.net");
    expect(JSON.stringify(notes)).toContain("change ca_domains in the configuration");
    expect((await run("renew", "--force")).status).toBe(1);
    await configure("    ca_domains: [example.org, example.net]\n");
    expect((await run("renew", "--force")).status).toBe(0);
  });
});

describe("revocation", () => {
  const serialOf = async (): Promise<string> => readCertificate(await live("cert.pem")).serial;

  test("what is live is replaced first; by its name, its serial number or its file; the list has it", async () => {
    await run("renew");
    const listed = async (): Promise<readonly string[]> =>
      readCrl(await readFile(join(dir, "state/ca/default/crl.pem"), "utf8")).serials;
    const first = await serialOf();
    expect(await json(0, "revoke", name, "--yes", "--reason", "superseded")).toMatchObject({
      schema: "mailcert.revoke/1",
      outcome: "revoked",
      replaces: true,
      revoked: [{ outcome: "revoked", serial: first }],
    });
    expect(await serialOf()).not.toBe(first);
    const second = await serialOf();
    expect(await json(0, "ca", "revoke", second, "--yes")).toMatchObject({ outcome: "revoked", certificate: name });
    const third = await serialOf();
    await writeFile(join(dir, "cert.pem"), await live("cert.pem"));
    expect(await json(0, "ca", "revoke", "cert.pem", "--dry-run")).toMatchObject({ outcome: "planned" });
    expect(await json(0, "ca", "revoke", "cert.pem", "--yes", "--reason", "keyCompromise")).toMatchObject({
      newKey: true,
    });
    expect(await listed()).toEqual(
      expect.arrayContaining([first, second, third].map((serial) => serial.replace(/^(?:00)+/, ""))),
    );
    expect(await theCa()).toMatchObject({ certificates: { issued: 4, valid: 1, revoked: 3 } });
    expect((await run("status")).status).toBe(0);
  });

  test("one that is not served is written down, and never served again; twice is as good; a stranger's is refused", async () => {
    await run("renew");
    const first = await serialOf();
    await run("renew", "--force");
    expect((await run("ca", "revoke", first)).status).toBe(64);
    expect(await json(0, "ca", "revoke", first, "--dry-run")).toMatchObject({ outcome: "planned" });
    expect(await json(0, "ca", "revoke", first.toUpperCase(), "--yes")).toMatchObject({
      outcome: "revoked",
      generation: { certificate: name, number: 1 },
    });
    expect(await json(0, "ca", "revoke", first, "--yes")).toMatchObject({ outcome: "already" });
    expect((await run("rollback", name)).status).not.toBe(0);
    expect(await error(65, "ca", "revoke", "00aa11bb22cc", "--yes")).toContain("nothing was revoked");
    now = new Date(now.getTime() + 398 * day);
    await run("renew");
  });

  test("a copy of the list that cannot be written is a fault, and the same command again mends it", async () => {
    await run("renew");
    const first = await serialOf();
    await run("renew", "--force");
    const www = join(dir, "www");
    const copy = join(www, "list.pem");
    await mkdir(www, { mode: 0o755 });
    await run("ca", "crl", "--out", copy);
    const lists = async (): Promise<boolean> =>
      readCrl(await readFile(copy, "utf8")).serials.includes(first.replace(/^(?:00)+/, ""));
    // Nobody writes there: root because others can, others because they may not.
    await chmod(www, process.getuid?.() === 0 ? 0o777 : 0o555);
    expect(await json(1, "ca", "revoke", first, "--yes")).toMatchObject({
      outcome: "revoked",
      findings: [{ check: "ca-crl-copy", severity: "fault" }],
    });
    expect(await lists()).toBe(false);
    expect(await json(1, "ca", "show")).toMatchObject({
      findings: [{ check: "ca-crl-copy", message: expect.stringContaining(copy) }],
    });
    await chmod(www, 0o755);
    expect(await json(0, "ca", "revoke", first, "--yes")).toMatchObject({ outcome: "already", findings: [] });
    expect(await lists()).toBe(true);
    // Each run tries again, not only when the list is due; a folder that is not there is no copy that was taken away.
    await rename(www, `${www}2`);
    expect(await json(1, "ca", "crl")).toMatchObject({ published: [copy], findings: [{ check: "ca-crl-copy" }] });
    expect((await run("renew")).status).toBe(1);
    await rename(`${www}2`, www);
    expect((await run("renew")).status).toBe(0);
    expect(await json(0, "ca", "show")).toMatchObject({ findings: [] });
    await rm(copy);
    expect(await json(0, "ca", "crl")).toMatchObject({
      published: [],
      findings: [{ check: "ca-crl-forgotten", severity: "info" }],
    });
    expect((await run("log")).stdout).toContain("it was taken away");
  });

  test("the list is made by ca crl, kept in a file, and made anew by the timer; old, it is a finding", async () => {
    await run("renew");
    const copy = join(dir, "list.crl");
    expect(await json(0, "ca", "crl", "--dry-run")).toMatchObject({ outcome: "planned", crls: [] });
    expect(await json(0, "ca", "crl", "--out", copy)).toMatchObject({
      outcome: "made",
      published: [copy],
      findings: [],
    });
    const before = await readFile(copy);
    expect((await run("renew")).status).toBe(0);
    expect(await readFile(copy)).toEqual(before);
    now = new Date(now.getTime() + 19 * day);
    expect(await json(0, "ca", "show")).toMatchObject({ findings: [{ check: "ca-crl-old", severity: "warning" }] });
    expect((await run("renew")).status).toBe(0);
    expect(await readFile(copy)).not.toEqual(before);
    expect(await json(0, "ca", "show")).toMatchObject({ findings: [] });
    now = new Date(now.getTime() + 31 * day);
    expect(await json(1, "ca", "show")).toMatchObject({ ok: false, findings: [{ severity: "fault" }] });
    expect(await json(1, "status")).toMatchObject({ findings: [{ check: "ca-crl-old" }] });
  });

  test("a list that no run can make any more is told by the timer's run and by status, before it ends", async () => {
    await run("renew");
    await run("ca", "crl");
    await run("ca", "rotate", "--yes");
    await run("ca", "crl");
    await rm(join(dir, "state/ca/default/older/0001/root-key.pem"));
    now = new Date(now.getTime() + 16 * day);
    const told = [
      expect.objectContaining({
        check: "ca-crl-old",
        severity: "warning",
        hint: expect.stringContaining("older/0001/root-key.pem"),
      }),
    ];
    expect(await json(0, "renew")).toMatchObject({ findings: told });
    expect(await json(0, "renew")).not.toMatchObject({ findings: told });
    expect(await json(0, "status")).toMatchObject({ findings: expect.arrayContaining(told) });
    now = new Date(now.getTime() + 15 * day);
    expect(await json(1, "renew")).toMatchObject({ findings: [{ check: "ca-crl-old", severity: "fault" }] });
  });
});

test("a certificate whose CA is gone is not begun to be revoked, and goes on in the files for its clients", async () => {
  await run("renew");
  const { root } = await theCa();
  await rm(join(dir, "state/ca/default"), { recursive: true });
  expect(await error(65, "revoke", name, "--yes")).toContain("mailcert ca restore FILE");
  const { certificates, findings } = await json(1, "status");
  expect(JSON.stringify(certificates)).not.toContain("revoke");
  expect(findings).toMatchObject([{ check: "ca-damaged" }]);
  expect((await run("ca", "init")).status).toBe(0);
  expect((await run("bundle", "--out", join(dir, "again"))).status).toBe(0);
  const [file = ""] = splitPem(await readFile(join(dir, "again/ca.crt"), "utf8"));
  expect(readCertificate(file).sha256).toBe(root.sha256);
});

test("a rotation that was cut short is told of, and finished by the next run of the timer", async () => {
  await run("renew");
  await run("ca", "rotate", "--yes");
  const folder = join(dir, "state/ca/default");
  const { root } = await theCa();
  // As it is after the old files have left the top.
  await mkdir(join(folder, "arrival-0001"));
  await rename(join(folder, "root.pem"), join(folder, "arrival-0001/root.pem"));
  await writeFile(join(dir, "state/ca/crl-due"), now.toISOString());
  expect(await json(0, "ca", "show")).toMatchObject({
    cas: [{ unfinished: true, root: { sha256: root.sha256 } }],
    findings: [{ check: "ca-unfinished" }, { check: "ca-half-rotated" }],
  });
  expect((await run("renew")).status).toBe(0);
  expect(await json(0, "ca", "show")).toMatchObject({ findings: [{ check: "ca-half-rotated" }] });
  expect(await readdir(folder)).not.toContain("arrival-0001");
  // Whoever began it may have been killed before it could write it down.
  expect(await readFile(join(dir, "state/events.jsonl"), "utf8")).toContain("finished the rotation of the private CA");
  expect(await readdir(join(dir, "state/ca"))).not.toContain("crl-due");
});

test("ca init takes the limits that the entries of the configuration state", async () => {
  await configure("    ca_domains: [example.org, example.net]\n");
  expect(await json(0, "ca", "init")).toMatchObject({ limits: { domains: ["example.org", "example.net"] } });
  expect((await run("renew")).status).toBe(0);
});

describe("ca backup and ca restore", () => {
  test("there and back, and every refusal", async () => {
    await run("renew");
    const file = join(dir, "ca.backup");
    expect(await json(0, "ca", "backup", "--out", file, ...withWords())).toMatchObject({
      outcome: "made",
      ca: "default",
    });
    expect(await error(73, "ca", "backup", "--out", file, ...withWords())).toContain("never written over");
    expect(await error(64, "ca", "backup", "--out", `${file}2`)).toContain("--passphrase-file FILE");
    expect(await error(64, "ca", "backup", "office", "--out", `${file}2`, ...withWords())).toContain(
      "known here: default",
    );
    const { root } = await theCa();
    expect(await error(78, "ca", "restore", file, ...withWords())).toContain("--replace");
    expect(await error(65, "ca", "restore", join(dir, "words"), ...withWords())).toContain("is no backup");
    await rm(join(dir, "state/ca"), { recursive: true });
    expect(await json(0, "ca", "restore", file, "--dry-run", ...withWords())).toMatchObject({ outcome: "planned" });
    expect(await json(0, "ca", "restore", file, ...withWords())).toMatchObject({ outcome: "restored" });
    expect((await theCa()).root.sha256).toBe(root.sha256);
    expect(await json(0, "ca", "restore", file, "--replace", ...withWords())).toMatchObject({
      replaced: expect.stringContaining(".replaced-default-"),
    });
    expect((await run("renew", "--force")).status).toBe(0);
    expect((await run("log")).stdout).toContain('restored the private CA "default"');
  });
});

describe("findings", () => {
  const shown: ShownCa = {
    name: "default",
    folder: "/state/ca/default",
    root: {
      title: "example.org CA 1",
      subject: "CN=example.org CA 1",
      serial: "01",
      sha256: "0".repeat(64),
      spkiSha256: "1".repeat(64),
      notBefore: "2026-11-20T11:00:00.000Z",
      notAfter: "2036-11-19T10:59:59.000Z",
      file: "/state/ca/default/root.pem",
      key: "here",
      crossSigned: false,
    },
    older: [],
    certificates: { issued: 0, valid: 0, revoked: 0 },
    crls: [],
    published: [],
    rotateBy: "2034-05-21T10:59:59.000Z",
  };
  const at = (date: string, over: Partial<ShownCa> = {}): readonly string[] =>
    caFindings({ ...shown, ...over }, new Date(date)).map(({ check, severity }) => `${severity} ${check}`);

  test.each([
    ["2034-05-20T00:00:00Z", []],
    ["2034-05-22T00:00:00Z", ["warning ca-ending"]],
    ["2036-10-01T00:00:00Z", ["fault ca-ending"]],
    ["2036-12-01T00:00:00Z", ["fault ca-ending"]],
  ])("of a root, on %s: %j", (date, expected) => expect(at(date)).toEqual(expected));

  test.each([
    ["2030-01-01T00:00:00Z", []],
    ["2030-08-01T00:00:00Z", ["warning ca-older-ending"]],
    ["2031-01-02T00:00:00Z", []],
  ])("of the root before it, which ends on 2031-01-01, on %s: %j", (date, expected) => {
    const older = [{ ...shown.root, notAfter: "2031-01-01T00:00:00.000Z" }];
    expect(at(date, { older })).toEqual(expected);
  });
});
