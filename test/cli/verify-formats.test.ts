// verify's report in every form from the built program, about real connections: statuses as monitors and CI systems expect them, files for collectors,
// and a server that would like to write the report itself.
import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { readExposition } from "../fakes/exposition.ts";
import { type Pki, day, issue, makePki, served } from "../fakes/pki.ts";
import { readXml } from "../fakes/strict-xml.ts";
import { nasty } from "../fakes/verify-result.ts";

const program = join(import.meta.dirname, "../../bin/mailcert.js");
const name = "mail.example.org";
const servers: FakeServer[] = [];
let dir = "";
let ca = "";
let pki: Pki;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-formats-"));
  mkdirSync(join(dir, "bin"));
  symlinkSync("/usr/bin/flock", join(dir, "bin/flock"));
  pki = await makePki(name);
  ca = join(dir, "ca.pem");
  writeFileSync(ca, pki.root.pem);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(dir, { recursive: true, force: true });
});

const started = async (...args: Parameters<typeof startServer>): Promise<string> => {
  const server = await startServer(...args);
  servers.push(server);
  return `${name}:${server.port}`;
};

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const mailcert = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, "--state", join(dir, "state"), ...args],
      {
        cwd: dir,
        env: {
          MAILCERT_PATH: join(dir, "bin"),
          MAILCERT_RESOLV_CONF: "/dev/null",
          MAILCERT_CONFIG: join(dir, "default.yaml"),
        },
      },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

const verify = (target: string, format: string, ...more: readonly string[]): Promise<Ran> =>
  mailcert("verify", target, "--address", "127.0.0.1", "--only-ca", ca, "--format", format, ...more);

describe("a sound server", () => {
  let target = "";
  beforeAll(async () => {
    target = `imap://${await started(mailServer("imap", "starttls"), pki.served)}`;
  });

  test("nagios: 0, 1, 2 by the days that are left", async () => {
    const soon = ["--warn-days", "3000", "--critical-days", "1"];
    const late = ["--warn-days", "3000", "--critical-days", "2000"];
    const first = async (...more: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await verify(target, "nagios", ...more);
      expect(stderr).toBe("");
      return `${status} ${stdout.split(" - ")[0]}`;
    };
    expect(await first()).toBe("0 MAILCERT OK");
    expect(await first(...soon)).toBe("1 MAILCERT WARNING");
    expect(await first(...late)).toBe("2 MAILCERT CRITICAL");
  });

  test("nagios: 3 where it could not look, one status line all the same", async () => {
    writeFileSync(join(dir, "bad.yaml"), "certificates: [\n");
    const bad = await mailcert("verify", "-c", join(dir, "bad.yaml"), "--format", "nagios");
    expect({ status: bad.status, stderr: bad.stderr }).toEqual({ status: 3, stderr: "" });
    expect(bad.stdout).toMatch(/^MAILCERT UNKNOWN - /);
    const nameless = await mailcert("verify", "not a name", "--format", "nagios");
    expect(nameless.status).toBe(3);
    expect(nameless.stdout).toMatch(/^MAILCERT UNKNOWN - [^\n]+\n/);
    // What the command line's own reader refuses, too: monitors show stdout.
    const wrong = await mailcert("verify", name, "--format", "nagios", "--warn-days", "soon");
    expect(wrong.status).toBe(3);
    expect(wrong.stdout).toMatch(/^MAILCERT UNKNOWN - [^\n]*--warn-days[^\n]*\n$/);
    expect(wrong.stderr).toContain("--warn-days");
    const stray = await mailcert("verify", name, "--format=nagios", "--non|sense");
    expect(stray.status).toBe(3);
    expect(stray.stdout).toMatch(/^MAILCERT UNKNOWN - [^\n|]*--non\u00a6sense[^\n|]*\n$/);
    expect((await mailcert("verify", name, "--format", "prometheus", "--nonsense")).status).toBe(64);
  });

  test("a file for the textfile collector: whole, for all to read, replaced by rename, nothing on the screen", async () => {
    const folder = join(dir, "collector");
    mkdirSync(folder);
    const file = join(folder, "mailcert.prom");
    writeFileSync(file, "old\n", { mode: 0o600 });
    const before = statSync(file).ino;
    const ran = await verify(target, "prometheus", "--output", file);
    expect(ran).toEqual({ status: 0, stdout: "", stderr: "" });
    const { mode, ino } = statSync(file);
    expect(mode & 0o777).toBe(0o644);
    expect(ino).not.toBe(before);
    expect(readdirSync(folder)).toEqual(["mailcert.prom"]);
    const samples = readExposition(readFileSync(file, "utf8"));
    expect(samples.find((sample) => sample.name === "mailcert_entry_ok")).toMatchObject({
      labels: { url: target, host: name, address: "127.0.0.1", protocol: "imap", mode: "starttls" },
      value: 1,
    });
  });

  test("a run that fails leaves the file of the run before", async () => {
    const file = join(dir, "kept.prom");
    writeFileSync(file, "old\n");
    const ran = await mailcert("verify", "not a name", "--format", "prometheus", "--output", file);
    expect(ran.status).toBe(64);
    expect(readFileSync(file, "utf8")).toBe("old\n");
  });

  test("never through a link, and never in the place of a device", async () => {
    const real = join(dir, "real.txt");
    const link = join(dir, "link.txt");
    writeFileSync(real, "mine\n");
    symlinkSync(real, link);
    for (const path of [link, "/dev/null", join(dir, "no-such-folder", "file")]) {
      const ran = await verify(target, "junit", "--output", path);
      expect(ran.status).toBe(73);
      expect(ran.stderr).toContain(path);
    }
    expect(readFileSync(real, "utf8")).toBe("mine\n");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    // A monitor hears of it in its own way.
    expect((await verify(target, "nagios", "--output", link)).status).toBe(3);
  });

  test("the key that the server holds is in no report", { timeout: 60_000 }, async () => {
    const body = pki.leaf.privateKey.split("\n").filter((line) => line.length === 64);
    expect(body.length).toBeGreaterThan(1);
    for (const format of ["text", "json", "ndjson", "nagios", "prometheus", "junit", "html"]) {
      const { stdout } = await verify(target, format);
      expect(stdout).toContain(name);
      for (const part of ["PRIVATE KEY", ...body]) expect(stdout).not.toContain(part);
    }
  });
});

describe("a server that would like to write the report itself", () => {
  const hostile = nasty.replace(/[\ud800\ufffe\r\n]/g, "");
  let certified = "";
  let talking = "";
  beforeAll(async () => {
    // The certificate's writer has control characters too.
    const subject = `CN=${nasty.replace(/[\u0000\r\n\ud800\ufffe]/g, "").replace(/[\\",+;<>=#]/g, "\\$&")}`;
    const leaf = await issue({ names: [name], subject, notAfter: new Date(Date.now() + 30 * day) });
    certified = `imap://${await started(
      mailServer("imap", "starttls", { greeting: `* OK [CAPABILITY IMAP4rev1 STARTTLS] ${hostile}\r\n` }),
      served(leaf),
    )}`;
    talking = `smtp://${await started(mailServer("smtp", "starttls", { goAhead: `454 ${hostile}</script>\r\n` }))}`;
  });

  /** No control character but line ends, and nothing that turns the direction of writing. */
  const plain = (text: string): void =>
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);

  test.each(["text", "json", "ndjson", "nagios", "prometheus", "junit", "html"])(
    "%s stays what it is",
    async (format) => {
      for (const target of [certified, talking]) {
        const { status, stdout, stderr } = await verify(target, format);
        expect(status).toBe(format === "nagios" ? 2 : 1);
        expect(stderr).toBe("");
        plain(stdout);
        if (format === "json") expect(JSON.parse(stdout)).toMatchObject({ ok: false });
        if (format === "ndjson")
          expect(
            stdout
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line) as unknown),
          ).toHaveLength(2);
        if (format === "nagios") expect(stdout.split("|")).toHaveLength(2);
        if (format === "prometheus")
          expect(readExposition(stdout).filter((sample) => sample.name === "mailcert_entry_ok")).toHaveLength(1);
        if (format === "junit") expect(readXml(stdout.trimEnd()).name).toBe("testsuites");
        if (format === "html") {
          expect(stdout).not.toMatch(/<\/?script|<!--/);
          expect(stdout).toContain("&lt;script&gt;");
        }
      }
    },
  );
});
