// A served file that is no certificate any more keeps nobody from looking at the private CA, nor from putting it back: it is told as what it is.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { documentsOf } from "../docs/run-json.ts";
import { runMainOn } from "../docs/run-main.ts";

const name = "mail.example.org";
// scrypt takes its time on purpose.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
let dir: string;

const run = (...line: readonly string[]) =>
  runMainOn(dir, { now: () => new Date("2026-11-20T12:00:00.000Z"), env: { PATH: "/usr/bin:/bin" } }, ...line);
const json = documentsOf(run);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-served-damaged-"));
  await mkdir(join(dir, "etc"));
  await mkdir(join(dir, "bin"));
  await writeFile(join(dir, "words"), "correct horse battery staple\n", { mode: 0o600 });
  await writeFile(
    join(dir, "etc/mailcert.yaml"),
    `certificates:\n  ${name}: { issuer: private-ca, servers: none }\n  imap.example.org: { issuer: private-ca, servers: none }\n`,
  );
  expect((await run("renew")).status).toBe(0);
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const sealed = (): readonly string[] => ["--passphrase-file", join(dir, "words")];
const live = (file: string): string => join(dir, "state/certificates", name, "live/ecdsa", file);

it("zeros, which a power cut may leave, in the place of a chain: status, ca show and doctor say whose it is, ca restore ends what it began", async () => {
  expect((await run("ca", "backup", "--out", join(dir, "b"), ...sealed())).status).toBe(0);
  for (const file of ["fullchain.pem", "chain.pem"]) await writeFile(live(file), "\0".repeat(1600));
  const { certificates, findings } = await json(1, "status");
  expect(findings).toBeUndefined();
  expect(certificates).toMatchObject([{ findings: [{ check: "live-damaged" }] }, {}]);
  expect(await json(0, "ca", "show")).toMatchObject({ cas: [{ name: "default" }], findings: [] });
  const doctor = JSON.stringify(await json(1, "doctor"));
  expect(doctor).toContain(`generation 1 of ${name} is damaged`);
  expect(doctor).not.toContain("not a readable X.509");
  expect(await json(0, "ca", "restore", join(dir, "b"), "--replace", ...sealed())).toMatchObject({
    outcome: "restored",
    findings: [],
  });
  expect((await run("renew", "--force", name)).status).toBe(0);
  expect(await readFile(live("fullchain.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
  expect(await json(0, "status")).not.toHaveProperty("findings");
});
