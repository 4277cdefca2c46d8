// A private CA that is gone, whole or in part, while certificates that it signed are served: no command makes another unasked, and each says what to do.
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readCertificate, splitPem } from "../../src/domain/certificate.ts";
import { documentsOf } from "../docs/run-json.ts";
import { type Ran, runMainOn } from "../docs/run-main.ts";

const name = "mail.example.org";
// Each has a dozen command lines, and scrypt takes its time on purpose.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
let dir: string;
let now: Date;

const configure = (text: string): Promise<void> =>
  writeFile(join(dir, "etc/mailcert.yaml"), `certificates:\n${text}`, "utf8");

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-ca-gone-"));
  now = new Date("2026-11-20T12:00:00.000Z");
  await mkdir(join(dir, "etc"));
  await mkdir(join(dir, "bin"));
  await writeFile(join(dir, "words"), "correct horse battery staple\n", { mode: 0o600 });
  await configure(`  ${name}: { issuer: private-ca, servers: none }\n`);
  expect((await run("renew")).status).toBe(0);
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const run = async (...line: readonly string[]): Promise<Ran> => {
  const ran = await runMainOn(dir, { now: () => now, env: { PATH: "/usr/bin:/bin", NO_COLOR: "1" } }, ...line);
  expect(ran.stdout + ran.stderr).not.toMatch(/PRIVATE KEY|correct horse/);
  return ran;
};

const json = documentsOf(run);

const folder = (): string => join(dir, "state/ca/default");
const served = async (): Promise<string> => {
  const chain = await readFile(join(dir, "state/certificates", name, "live/ecdsa/chain.pem"), "utf8");
  return readCertificate(splitPem(chain).at(-1) ?? "").sha256;
};
const gone = (): string =>
  `the private CA "default" is gone: there is no root in ${folder()}, and ${name} was signed by it; another is not made in its place unasked`;
const back = "put it back from a backup: mailcert ca restore FILE";
const anew = `where there is none, make another, whose root everybody has to import: mailcert ca init; then mailcert renew --force ${name}`;

/** What a command failed at, or what `renew` has of its certificate. */
const error = async (status: number, ...line: readonly string[]): Promise<unknown> => {
  const { error: own, certificates } = await json(status, ...line);
  const of = certificates as readonly { error?: unknown }[] | undefined;
  return own ?? of?.[0]?.error;
};

test("the folder away: renew, forced or due, issue, setup and their plans refuse; status, doctor and ca show tell it", async () => {
  const root = await served();
  await rename(folder(), join(dir, "away"));
  const refusal = expect.objectContaining({ message: gone(), hints: [back, anew] }) as unknown;
  expect(await error(1, "renew", "--force")).toEqual(refusal);
  expect(await error(1, "renew", "--force", "--dry-run")).toEqual(refusal);
  expect(await error(65, "issue", name)).toEqual(refusal);
  expect(await error(65, "setup", name, "--schedule", "none")).toEqual(refusal);
  expect(await error(65, "setup", name, "--schedule", "none", "--dry-run")).toEqual(refusal);
  expect(await error(65, "ca", "backup", "--out", join(dir, "b"), "--passphrase-file", join(dir, "words"))).toEqual(
    refusal,
  );
  // A further certificate by the same CA makes none either.
  expect(await error(65, "issue", "imap.example.org", "--issuer", "private-ca", "--out", join(dir, "out"))).toEqual(
    refusal,
  );
  const told = {
    findings: expect.arrayContaining([
      expect.objectContaining({ check: "ca-damaged", severity: "fault", message: gone(), hint: `${back}; ${anew}` }),
    ]) as unknown,
  };
  expect(await json(1, "status")).toMatchObject({ ok: false, ...told });
  expect(await json(1, "ca", "show")).toMatchObject({ cas: [], ...told });
  expect((await run("ca", "show")).stdout).toContain("ca restore FILE");
  expect(JSON.stringify(await json(1, "doctor"))).toContain(JSON.stringify(gone()));
  now = new Date("2027-10-01T12:00:00.000Z");
  expect(await error(1, "renew")).toEqual(refusal);
  expect(await readdir(join(dir, "state/ca"))).not.toContain("default");
  expect(await served()).toBe(root);
  // Put back, all goes on as before.
  await rename(join(dir, "away"), folder());
  expect((await run("renew", name)).status).toBe(0);
  expect(await served()).toBe(root);
  expect((await json(0, "status"))["findings"]).toBeUndefined();
});

test("only a person's ca init makes another; restored from its backup, the old one goes on", async () => {
  const root = await served();
  const sealed = ["--passphrase-file", join(dir, "words")];
  expect((await run("ca", "backup", "--out", join(dir, "b"), ...sealed)).status).toBe(0);
  await rm(folder(), { recursive: true });
  expect((await run("ca", "restore", join(dir, "b"), ...sealed)).status).toBe(0);
  expect((await run("renew", "--force")).status).toBe(0);
  expect(await served()).toBe(root);
  await rm(folder(), { recursive: true });
  expect((await run("ca", "init")).status).toBe(0);
  expect((await run("renew", "--force")).status).toBe(0);
  expect(await served()).not.toBe(root);
});

test("only its root, or all but its key: never a second root for a key that has signed; show, backup and doctor agree", async () => {
  const root = await served();
  await cp(folder(), join(dir, "copy"), { recursive: true });
  await rm(join(folder(), "root.pem"));
  const missing = expect.objectContaining({
    message: `the private CA cannot be used: ${folder()}/root.pem is missing, while issued.jsonl is there`,
    hints: [
      `put the files back from a backup (mailcert ca restore FILE --replace); or move ${folder()} away and make another, whose root everybody must import: mailcert ca init`,
    ],
  }) as unknown;
  expect(await error(1, "renew", "--force")).toEqual(missing);
  expect(await error(65, "ca", "show")).toEqual(missing);
  expect(await error(65, "ca", "init")).toEqual(missing);
  expect(await error(65, "ca", "backup", "--out", join(dir, "b"), "--passphrase-file", join(dir, "words"))).toEqual(
    missing,
  );
  expect(JSON.stringify(await json(1, "status"))).toContain("ca-damaged");
  expect(JSON.stringify(await json(1, "doctor"))).toContain("root.pem is missing");
  // What was issued is not known any more either: the records of this host tell it.
  await rm(join(folder(), "issued.jsonl"));
  const lost = expect.objectContaining({
    message: gone(),
    hints: [
      `${back} --replace`,
      `where there is none, move ${folder()} away and make another, whose root everybody has to import: mailcert ca init; then mailcert renew --force ${name}`,
    ],
  }) as unknown;
  expect(await error(1, "renew", "--force")).toEqual(lost);
  expect(await error(65, "ca", "show", "default")).toEqual(lost);
  await cp(join(dir, "copy"), folder(), { recursive: true });
  expect((await run("renew", "--force")).status).toBe(0);
  expect(await served()).toBe(root);
});

test("a CA of another name is made as ever, and a certificate that went to another issuer misses nothing", async () => {
  await rm(folder(), { recursive: true });
  await configure(`  ${name}: { issuer: self-signed, servers: none }\n`);
  expect((await json(0, "ca", "show"))["findings"]).toEqual([]);
  await configure(`  ${name}: { issuer: private-ca, ca: office, servers: none }\n`);
  expect((await run("renew")).status).toBe(0);
  expect(await readdir(join(dir, "state/ca"))).toEqual(["office"]);
});

test("a first run that was cut short is finished: nobody has a root of that key", async () => {
  await rm(join(dir, "state/certificates"), { recursive: true });
  const key = await readFile(join(folder(), "root-key.pem"), "utf8");
  await rm(folder(), { recursive: true });
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  await writeFile(join(folder(), "root-key.pem"), key, { mode: 0o600 });
  expect(await error(65, "ca", "show", "default")).toMatchObject({
    message: `the private CA "default" in ${folder()} is half made: it has no root yet`,
  });
  expect((await run("renew")).status).toBe(0);
  expect(await readFile(join(folder(), "root-key.pem"), "utf8")).toBe(key);
});

test("another CA signed what is served: restore, status, doctor, ca show and ca init say so, and which renewal ends it", async () => {
  const sealed = ["--passphrase-file", join(dir, "words")];
  const root = await served();
  const strange = (severity: string): unknown =>
    expect.arrayContaining([
      expect.objectContaining({
        check: "ca-other-root",
        severity,
        message: expect.stringContaining(`${name} is served under a root that is none of the private CA "default"`),
        hint: expect.stringContaining(`mailcert renew --force ${name}; then hand its files`),
      }),
    ]);
  expect((await run("ca", "backup", "--out", join(dir, "b"), ...sealed)).status).toBe(0);
  await rm(folder(), { recursive: true });
  expect(JSON.stringify((await json(0, "ca", "init"))["notes"])).toContain(`mailcert renew --force ${name}`);
  expect(await json(1, "status")).toMatchObject({ ok: false, findings: strange("fault") });
  // The right one comes back before anything was renewed: all is well, and nobody is sent to import anything.
  const same = await json(0, "ca", "restore", join(dir, "b"), "--replace", ...sealed);
  expect(same["findings"]).toMatchObject([{ check: "ca-other-root", severity: "warning" }]);
  expect((await json(0, "status"))["findings"]).toBeUndefined();
  // It comes back after a renewal by the wrong one.
  await rm(folder(), { recursive: true });
  expect((await run("ca", "init")).status).toBe(0);
  expect((await run("renew", "--force")).status).toBe(0);
  expect((await json(0, "status"))["findings"]).toBeUndefined();
  now = new Date(now.getTime() + 60_000);
  const { findings } = await json(0, "ca", "restore", join(dir, "b"), "--replace", ...sealed);
  expect(findings).toEqual(strange("warning"));
  expect(await json(1, "status")).toMatchObject({ ok: false, findings: strange("fault") });
  expect(await json(1, "ca", "show")).toMatchObject({ findings: strange("fault") });
  expect(JSON.stringify(await json(1, "doctor"))).toContain("is served under a root that is none");
  expect((await run("renew", "--force", name)).status).toBe(0);
  expect(await served()).toBe(root);
  expect((await json(0, "status"))["findings"]).toBeUndefined();
  expect((await json(0, "ca", "show"))["findings"]).toEqual([]);
});
