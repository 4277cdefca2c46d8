// mailcert ca client as command lines: what is in the file, who learns the password, what is refused, a second one, and taking one back.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Host } from "../../src/cli/host.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { documentsOf } from "../docs/run-json.ts";
import { type Ran, runMainOn } from "../docs/run-main.ts";

vi.setConfig({ testTimeout: 90_000 });
const alice = "alice@example.org";
let dir: string;
let now: Date;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-ca-client-"));
  now = new Date("2026-11-20T12:00:00.000Z");
  await mkdir(join(dir, "etc"));
  await mkdir(join(dir, "bin"));
  await writeFile(
    join(dir, "etc/mailcert.yaml"),
    "certificates:\n  mail.example.org:\n    issuer: private-ca\n    servers: none\n",
  );
  await writeFile(join(dir, "words"), "correct horse battery staple\n", { mode: 0o600 });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const on = async (over: Partial<Host>, ...line: readonly string[]): Promise<Ran> => {
  const ran = await runMainOn(dir, { now: () => now, env: { PATH: "/usr/bin:/bin", NO_COLOR: "1" }, ...over }, ...line);
  expect(ran.stdout + ran.stderr).not.toMatch(/PRIVATE KEY|correct horse/);
  return ran;
};
const bare = (...line: readonly string[]): Promise<Ran> =>
  runMainOn(dir, { now: () => now, env: { PATH: "/usr/bin:/bin", NO_COLOR: "1" } }, ...line);

interface Made {
  readonly file: string;
  readonly certificate: { readonly serial: string; readonly notAfter: string; readonly login: string };
  readonly password: { readonly kind: string; readonly file?: string };
  readonly earlier: readonly { readonly serial: string }[];
}

const json = documentsOf((...line) => on({}, ...line));
const error = async (status: number, ...line: readonly string[]): Promise<string> => {
  const { error: told } = (await json(status, ...line)) as { error: { message: string; hints: readonly string[] } };
  return [told.message, ...told.hints].join("\n");
};
const out = (): readonly string[] => ["--out", join(dir, "clients")];
const client = async (...line: readonly string[]): Promise<Made> =>
  (await json(0, "ca", "client", ...line, ...out())) as unknown as Made;

/** What OpenSSL, in no legacy mode, finds in a file. */
const opened = (file: string, passwordFile: string): { readonly leaf: string; readonly all: string } => {
  const openssl = (...more: readonly string[]): string =>
    execFileSync("openssl", ["pkcs12", "-in", file, "-passin", `file:${passwordFile}`, ...more], { encoding: "utf8" });
  expect(openssl("-nocerts", "-nodes")).toContain("BEGIN PRIVATE KEY");
  return { leaf: openssl("-clcerts", "-nokeys"), all: openssl("-nokeys") };
};
const pemOf = (text: string): string => /-----BEGIN[^]*?-----END CERTIFICATE-----\n/.exec(text)?.[0] ?? "";

test.each([
  ["ecdsa", [], false],
  ["rsa", ["--key", "rsa"], false],
  ["an issuing CA's", [], true],
] as const)(
  "a client certificate, %s: strictly valid for clients, its key in the file alone",
  async (_, flags, issuing) => {
    await json(
      0,
      "ca",
      "init",
      "--ca-domains",
      "example.org",
      ...(issuing ? ["--issuing", "--passphrase-file", join(dir, "words")] : []),
    );
    const made = await client(alice, ...flags);
    expect(made).toMatchObject({
      file: join(dir, "clients/alice@example.org.p12"),
      password: { kind: "file", file: join(dir, "clients/alice@example.org.password.txt") },
      certificate: { login: alice },
      earlier: [],
    });
    const passwordFile = made.password.file ?? "";
    expect(await readFile(passwordFile, "utf8")).toMatch(/^(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}\n$/);
    for (const file of [made.file, passwordFile]) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, "clients"))).mode & 0o777).toBe(0o700);
    const { leaf, all } = opened(made.file, passwordFile);
    expect(all.match(/BEGIN CERTIFICATE/g)).toHaveLength(issuing ? 3 : 2);
    await writeFile(join(dir, "leaf.pem"), pemOf(leaf));
    await writeFile(join(dir, "all.pem"), all);
    const root = join(dir, "state/ca/default/root.pem");
    const verify = ["verify", "-x509_strict", "-CAfile", root, "-untrusted", join(dir, "all.pem")];
    execFileSync("openssl", [...verify, "-attime", "1800000000", "-purpose", "sslclient", join(dir, "leaf.pem")]);
    expect(() =>
      execFileSync("openssl", [...verify, "-attime", "1800000000", "-purpose", "sslserver", join(dir, "leaf.pem")], {
        stdio: "pipe",
      }),
    ).toThrow();
    const said = execFileSync("openssl", ["x509", "-in", join(dir, "leaf.pem"), "-noout", "-text"], {
      encoding: "utf8",
    });
    expect(said).toContain(`Subject: CN = ${alice}`);
    expect(said).toContain(`email:${alice}`);
    expect(said).toContain("TLS Web Client Authentication");
    expect(said).not.toContain("Server Authentication");
    const facts = readCertificate(pemOf(leaf));
    expect((facts.notAfter.getTime() + 1000 - facts.notBefore.getTime()) / 86_400_000).toBe(825);
    // The key is nowhere else: what is new below the state folder is a line.
    const state = execFileSync("find", [join(dir, "state"), "-newer", join(dir, "words"), "-type", "f"], {
      encoding: "utf8",
    });
    for (const path of state
      .trim()
      .split("\n")
      .filter((one) => !/(root|issuing)-key\.pem$/.test(one)))
      expect(await readFile(path, "utf8"), path).not.toContain("PRIVATE KEY");
  },
);

test("a second one for the same address is another, and says that the first goes on; ca show has both; each is taken back", async () => {
  await json(0, "ca", "init", "--ca-domains", "example.org");
  const first = await client(alice);
  now = new Date("2026-12-01T12:00:00.000Z");
  const dry = await json(0, "ca", "client", alice, ...out(), "--dry-run");
  expect(dry).toMatchObject({ outcome: "planned", earlier: [{ serial: first.certificate.serial }] });
  const second = await client(alice, "--login", "alice", "--days", "30", "--modern");
  expect(second).toMatchObject({
    file: join(dir, "clients/alice@example.org-2.p12"),
    certificate: { login: "alice", notAfter: "2026-12-31T10:59:59.000Z" },
    earlier: [{ serial: first.certificate.serial }],
  });
  opened(second.file, second.password.file ?? "");
  expect(await readdir(join(dir, "clients"))).toHaveLength(4);
  const shown = (await on({}, "ca", "show")).stdout;
  expect(shown).toContain("client certificates: 2 valid");
  expect(shown).toContain(`alice@example.org (user name alice) until 2026-12-31, serial ${second.certificate.serial}`);
  const which = await error(64, "ca", "revoke", alice, "--yes");
  expect(which).toContain(
    `mailcert ca revoke ${first.certificate.serial} (by the private CA "default", user name ${alice}, of `,
  );
  expect(which).toContain("mailcert log says when each was made, and into which file");
  expect(await json(0, "ca", "revoke", first.certificate.serial, "--yes")).toMatchObject({ outcome: "revoked" });
  expect(await json(0, "ca", "revoke", alice.toUpperCase(), "--yes")).toMatchObject({
    certificate: { serial: second.certificate.serial },
  });
  expect((await on({}, "ca", "show")).stdout).not.toContain("client certificates");
  expect((await on({}, "log")).stdout).toContain(
    `made the client certificate ${first.certificate.serial} for ${alice} by the private CA "default", into ${first.file}`,
  );
});

test("the password: shown once on a terminal, typed twice, from a file; in no document", async () => {
  await json(0, "ca", "init", "office", "--ca-domains", "example.org");
  const stdout = (write: (text: string) => void): Host["stdout"] => ({ write, isTTY: true, columns: 100 });
  let text = "";
  const asked: string[] = [];
  const answers = [
    "",
    "correct horse battery",
    "correct horse battery",
    "correct horse battery",
    "other horse battery",
    "schönes Wetter heute",
  ];
  answers.push("schönes Wetter heute", "short", "short", "short");
  const person: Partial<Host> = {
    stdout: stdout((more) => void (text += more)),
    askSecret: async (question) => {
      asked.push(question);
      return answers.shift() ?? "";
    },
  };
  const line = ["ca", "client", alice, "office", ...out()] as const;
  expect((await on(person, ...line)).status).toBe(0);
  const password = /password (\S+) +\(shown this once/.exec(text)?.[1] ?? "";
  await writeFile(join(dir, "shown"), `${password}\n`);
  opened(join(dir, "clients/alice@example.org.p12"), join(dir, "shown"));
  expect(await readdir(join(dir, "clients"))).toEqual(["alice@example.org.p12"]);
  text = "";
  expect((await on(person, ...line)).status).toBe(0);
  expect(text).toContain("password as it was given");
  expect(text).not.toContain("correct horse");
  expect(asked).toHaveLength(3);
  expect((await on(person, ...line)).stderr).toContain("differ");
  expect((await on(person, ...line)).stderr).toContain("only those of ASCII");
  expect((await on(person, ...line)).stderr).toContain("less than 12 characters");
  const from = await json(0, ...line, "--passphrase-file", join(dir, "words"));
  expect(from).toMatchObject({ password: { kind: "given" } });
  opened((from as unknown as Made).file, join(dir, "words"));
  // As a document, at a terminal: into a file.
  const { stdout: document } = await bare(...line, "--json");
  expect(JSON.parse(document)).toMatchObject({ password: { kind: "file" } });
});

test("what is refused, and why", async () => {
  expect(await error(64, "ca", "client", alice, ...out())).toContain('there is no private CA "default"');
  await json(0, "ca", "init", "--ca-domains", "example.org,xn--bcher-kva.example");
  expect(await error(64, "ca", "client")).toContain("an e-mail address");
  expect(await error(64, "ca", "client", alice)).toContain("--out DIR");
  expect(await error(64, "ca", "client", "alice", ...out())).toContain("is not an e-mail address");
  expect(await error(64, "ca", "client", "jörg@example.org", ...out())).toContain("RFC 9598");
  expect(await error(65, "ca", "client", "bob@example.net", ...out())).toContain("--ca-domains example.org,");
  expect(await error(65, "ca", "client", alice, "--login", "alice.smith", ...out())).toContain(
    "looks like a host name",
  );
  expect(await error(64, "ca", "client", alice, "--login", "a b", ...out())).toContain("is no user name");
  expect(await error(64, "ca", "client", `${"a".repeat(60)}@example.org`, ...out())).toContain("--login NAME");
  expect(await error(64, "ca", "client", alice, "default", "--issuing", ...out())).toContain("--issuing means nothing");
  expect(await error(64, "ca", "show", "default", "other")).toContain("takes one argument");
  expect(await readdir(dir)).not.toContain("clients");
  // Its domain is written in A-labels, and the CA's end is the certificate's.
  const made = await client("info@bücher.example", "--days", "90000");
  const { cas } = (await json(0, "ca", "show")) as unknown as { cas: readonly { root: { notAfter: string } }[] };
  expect(made.file).toContain("info@xn--bcher-kva.example.p12");
  expect(made.certificate.notAfter).toBe(cas[0]?.root.notAfter);
});

test("with a configuration that cannot be read, a lost device is revoked all the same, and the lists are made in time", async () => {
  await json(0, "ca", "init");
  const [phone, tablet] = [await client(alice), await client("bob@example.org")];
  const broken = "certificates:\n  mail.example.org: [\n";
  await writeFile(join(dir, "etc/mailcert.yaml"), broken);
  expect(await json(0, "ca", "revoke", phone.certificate.serial, "--yes")).toMatchObject({ outcome: "revoked" });
  const list = join(dir, "state/ca/default/crl.pem");
  const first = await readFile(list, "utf8");
  expect(await json(0, "ca", "revoke", "bob@example.org", "--yes")).toMatchObject({ outcome: "revoked" });
  const second = await readFile(list, "utf8");
  expect(second).not.toBe(first);
  expect(tablet.certificate.serial).not.toBe(phone.certificate.serial);
  // What is meant by a name or a file, the configuration says.
  await error(78, "ca", "revoke", "mail.example.org", "--yes");
  // Half of the list's time is over: a timer's run.
  expect((await on({}, "renew", "--dry-run")).status).toBe(78);
  now = new Date(now.getTime() + 16 * 86_400_000);
  expect((await on({}, "renew", "--dry-run")).status).toBe(78);
  expect(await readFile(list, "utf8")).toBe(second);
  expect((await on({}, "renew")).status).toBe(78);
  const third = await readFile(list, "utf8");
  expect(third).not.toBe(second);
  // What cannot be made is said beside what is wrong with the configuration.
  await writeFile(join(dir, "state/ca/default/revoked.jsonl"), '{"at":1}\n{"at":2}\n');
  now = new Date(now.getTime() + 16 * 86_400_000);
  const both = await on({}, "renew");
  expect(both.status).toBe(78);
  expect(both.stderr).toContain("mailcert.yaml");
  expect(both.stderr).toContain("revoked.jsonl");
});
