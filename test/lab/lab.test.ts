// The lab itself: hosts of both suites come up as Debian makes them, carry mail, are cut off from this machine, and leave nothing.
import { execFile, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startMailHost } from "./mail-host.ts";
import type { MailHost } from "./mail-host.ts";
import { labParts } from "./parts.ts";
import { startPebble } from "./pebble.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** One line "PORT: what was said first" for each port, as the second machine sees it. */
const greetings = `
import socket, ssl, sys
trusting = ssl._create_unverified_context()
for port in (25, 110, 143, 993, 995, 4190):
    stream = socket.create_connection(("192.0.2.10", port), 10)
    if port in (993, 995):
        stream = trusting.wrap_socket(stream)
    print(f"{port}: {stream.recv(200).decode().splitlines()[0]}")
`;

/** Logs in, idles, has a letter sent by SMTP meanwhile, and says what the idle session heard. */
const idleDuringDelivery = `
import imaplib, smtplib, ssl, sys
user, password = sys.argv[1:]
imap = imaplib.IMAP4_SSL("192.0.2.10", 993, ssl_context=ssl._create_unverified_context(), timeout=20)
imap.login(user, password)
imap.select("INBOX")
imap.send(b"a1 IDLE\\r\\n")
assert imap.readline().startswith(b"+"), "no IDLE"
with smtplib.SMTP("192.0.2.10", 25, local_hostname="client.example.net", timeout=20) as smtp:
    smtp.sendmail("eve@example.net", [f"{user}@mail.example.org"], "Subject: hello\\r\\n\\r\\nA letter.\\r\\n")
while True:
    line = imap.readline()
    assert line, "the session ended"
    if line.endswith(b"EXISTS\\r\\n"):
        print(line.decode().strip())
        break
imap.send(b"DONE\\r\\n")
while not imap.readline().startswith(b"a1 OK"): pass
print(imap.fetch("1", "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1].decode().strip())
imap.logout()
`;

const versions = {
  bookworm: { dovecot: /^2\.3\./, postfix: /^3\.7\./, node: /^v20\.19\./ },
  trixie: { dovecot: /^2\.4\./, postfix: /^3\.10\./, node: /^v20\.19\./ },
} as const;

describe.each(["bookworm", "trixie"] as const)("a mail host of %s", (suite) => {
  let host: MailHost;
  beforeAll(async () => {
    host = await startMailHost({ suite });
    await Promise.all([host.startDovecot(), host.startPostfix()]);
  });
  afterAll(() => host.stop());

  test("runs the releases that the project promises to support", async () => {
    expect(await host.must("dovecot --version")).toMatch(versions[suite].dovecot);
    expect(await host.must("postconf -h mail_version")).toMatch(versions[suite].postfix);
    expect(await host.must("node --version")).toMatch(versions[suite].node);
  });

  test("is configured as a fresh installation is", async () => {
    const main = await host.must("postconf -h myhostname myorigin smtpd_tls_cert_file smtpd_tls_security_level");
    expect(main.split("\n").slice(0, 4)).toEqual([
      "mail.example.org",
      "/etc/mailname",
      "/etc/ssl/certs/ssl-cert-snakeoil.pem",
      "may",
    ]);
    expect(await host.must("postconf -xh mydestination")).toMatch(/^mail\.example\.org,.*\blocalhost$/m);
    expect(await host.must("doveconf -n")).toContain("/etc/dovecot/private/dovecot.pem");
    expect(await host.must("hostname --fqdn")).toBe("mail.example.org\n");
    const subject = await host.must("openssl x509 -noout -subject -in /etc/dovecot/private/dovecot.pem");
    expect(subject).toMatch(/CN ?= ?mail\.example\.org/);
  });

  test("answers on every mail port, to another machine", async () => {
    const { stdout, stderr } = await host.clientExec(["python3", "-c", greetings]);
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^25: 220 mail\.example\.org ESMTP/),
      expect.stringMatching(/^110: \+OK /),
      expect.stringMatching(/^143: \* OK .*STARTTLS LOGINDISABLED\]/),
      expect.stringMatching(/^993: \* OK .*AUTH=PLAIN/),
      expect.stringMatching(/^995: \+OK /),
      expect.stringMatching(/^4190: "IMPLEMENTATION" /),
      "",
    ]);
  });

  test("delivers to the mail user, whose idle session hears of it", async () => {
    const { name, password } = host.user;
    const { stdout, stderr } = await host.clientExec(["python3", "-c", idleDuringDelivery, name, password]);
    expect(stderr).toBe("");
    expect(stdout).toBe("* 1 EXISTS\nSubject: hello\n");
    await expect.poll(() => host.log(), { timeout: 10_000 }).toContain("to=<alice@mail.example.org>");
  });

  test("takes a connection from itself for a local one", async () => {
    const script = 'import imaplib; print(*imaplib.IMAP4("192.0.2.10", timeout=20).capabilities)';
    expect(await host.must(["python3", "-c", script])).toMatch(/STARTTLS.*AUTH=PLAIN/);
    expect((await host.clientExec(["python3", "-c", script])).stdout).toMatch(/STARTTLS.*LOGINDISABLED/);
  });

  test("sees nothing of this machine's network, processes and devices", async () => {
    expect((await host.must("ip -brief link")).match(/^\S+/gm)).toEqual(["lo", expect.stringMatching(/^eth0@/)]);
    expect(await host.must("ip route")).toMatch(/^192\.0\.2\.0\/24 dev eth0 .*\n$/);
    expect((await host.clientExec("ip route")).stdout).toMatch(/^192\.0\.2\.0\/24 dev eth0 .*\n$/);
    expect(await host.must("ls /dev")).not.toMatch(/vd|sd|loop|nvme|mem/);
    expect(await host.must("cat /proc/1/comm")).toBe("perl\n");
  });

  test("has room for a Pebble and its DNS", async () => {
    const pebble = await startPebble({ host });
    expect(pebble.httpPort).toBe(80);
    const directory = JSON.parse(await host.must(["curl", "-sS", "--cacert", pebble.caFile, pebble.directoryUrl])) as {
      readonly meta: { readonly profiles: unknown };
    };
    expect(directory).toHaveProperty("renewalInfo");
    expect(directory.meta.profiles).toHaveProperty("default");
    await pebble.dns("add-a", { host: "other.example.", addresses: ["192.0.2.77"] });
    const ask = `import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
name = b"".join(bytes([len(p)]) + p.encode() for p in sys.argv[1].split(".")) + b"\\0"
s.sendto(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1), ("127.0.0.1", 8053))
print(socket.inet_aton(sys.argv[2]) in s.recv(512))`;
    expect(await host.must(["python3", "-c", ask, "other.example", "192.0.2.77"])).toBe("True\n");
    expect(await host.must(["python3", "-c", ask, "other.example", "192.0.2.10"])).toBe("False\n");
    expect(await host.must(["python3", "-c", ask, "mail.example.org", "192.0.2.10"])).toBe("True\n");
    await pebble.stop();
    expect(await host.must("pgrep -c pebble || true")).toBe("0\n");
  });
});

describe("a command on a host", () => {
  let host: MailHost;
  beforeAll(async () => {
    host = await startMailHost({ suite: "trixie", hosts: { "mail.example.org": "203.0.113.5" }, ipv6: true });
  });
  afterAll(() => host.stop());

  test("gives status, output and errors, takes input, environment and user", async () => {
    const script = 'read line; echo "$line $GREETING $(id -un) $HOME"; echo oops >&2; exit 3';
    const result = await host.exec(script, { input: "in\n", env: { GREETING: "hi" }, user: "alice" });
    expect(result).toEqual({ status: 3, signal: null, stdout: "in hi alice /home/alice\n", stderr: "oops\n" });
    await expect(host.must("echo no; exit 1")).rejects.toThrow("no");
  });

  test("is ended with all that it started when its time is over", async () => {
    await expect(host.exec("sleep 4242 & sleep 4242", { timeoutMs: 300 })).rejects.toThrow("300 ms");
    await expect.poll(() => host.must("pgrep -fc '^sleep 4242' || true"), { timeout: 10_000 }).toBe("0\n");
  });

  test("does not wait for a daemon that keeps its output open", async () => {
    const { stdout } = await host.exec("sleep 60 & echo started", { timeoutMs: 10_000 });
    expect(stdout).toBe("started\n");
  });

  test("running for long gets its signals", async () => {
    const child = host.spawn("trap 'echo caught; exit 5' TERM; echo up; while :; do sleep 0.05; done");
    const lines: string[] = [];
    const ended = new Promise((resolve) => child.on("close", resolve));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (line === "up") child.kill("SIGTERM");
    });
    expect(await ended).toBe(5);
    expect(lines).toEqual(["up", "caught"]);
  });

  test("resolves names as the test says, and has IPv6 where asked for", async () => {
    expect(await host.must("getent hosts mail.example.org")).toMatch(/^203\.0\.113\.5\s/);
    const { status } = await host.clientExec(
      "ping6 -c1 2001:db8::10 || nc -6 -z -w 1 2001:db8::10 9; ip -6 route get 2001:db8::10",
    );
    expect(status).toBe(0);
  });

  test("changes the host and never its image: files are written through links, folders can be renamed", async () => {
    await host.must("mkdir /srv/real && ln -s /srv/real/file /etc/link");
    await host.write("/etc/link", "through\n", "600");
    expect(await host.read("/srv/real/file")).toBe("through\n");
    expect(await host.must("stat -c %a /srv/real/file")).toBe("600\n");
    await host.must("mv /etc/dovecot /etc/dovecot.away");
    const { trixie } = await labParts();
    expect(existsSync(join(trixie, "etc/dovecot"))).toBe(true);
    expect(existsSync(join(trixie, "srv/real"))).toBe(false);
    expect(existsSync("/srv/real/file")).toBe(false);
  });
});

describe("what is left behind", () => {
  const mounts = async (): Promise<string[]> =>
    (await readFile("/proc/self/mountinfo", "utf8"))
      .split("\n")
      .filter((line) => / - (overlay|tmpfs) (overlay|lab) /.test(line));
  const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}/ns/pid`);

  test("nothing, after stop", async () => {
    const before = await mounts();
    const host = await startMailHost({ suite: "trixie" });
    await host.startDovecot();
    const sleeper = host.spawn(["sleep", "600"]);
    const ended = new Promise((resolve) => sleeper.on("close", resolve));
    expect(await mounts()).toEqual(before);
    await host.stop();
    await ended;
    expect(isRunning(host.pid)).toBe(false);
    expect(await mounts()).toEqual(before);
    await host.stop();
  });

  test("nothing, after the test itself was killed", async () => {
    const before = await mounts();
    const folder = await mkdtemp(join(tmpdir(), "mailcert-crash-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { outputFiles } = await build({
      stdin: {
        contents: `import { startMailHost } from "./mail-host.ts"; import { startPebble } from "./pebble.ts";
          const host = await startMailHost({ suite: "trixie" }); await host.startDovecot(); host.spawn(["sleep", "600"]);
          const pebble = await startPebble(); console.log(JSON.stringify({ pid: host.pid, directory: pebble.directoryUrl }));
          setInterval(() => {}, 1000);`,
        resolveDir: here("."),
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      write: false,
      logLevel: "error",
      define: { "import.meta.url": JSON.stringify(pathToFileURL(here("mail-host.ts")).href) },
    });
    const program = join(folder, "crash.mjs");
    await writeFile(program, outputFiles[0]?.text ?? "");
    // Its Pebble keeps files in a folder of its own, which must be where we look.
    const child = spawn(process.execPath, [program], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: folder },
    });
    const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
    const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
    expect(isRunning(pid)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    await expect.poll(mounts, { timeout: 10_000 }).toEqual(before);
    await expect
      .poll(() => fetch(directory).then(String, (error: Error) => String(error.cause)), { timeout: 10_000 })
      .toContain("ECONNREFUSED");
  });
});

describe("build.sh", () => {
  // A copy that everybody may read: the checkout may lie in root's own home.
  const scripts = mkdtempSync(join(tmpdir(), "mailcert-build-"));
  chmodSync(scripts, 0o755);
  for (const name of readdirSync(here(".")).filter((file) => file.endsWith(".sh"))) {
    copyFileSync(here(name), join(scripts, name));
    chmodSync(join(scripts, name), 0o755);
  }
  afterAll(() => rm(scripts, { recursive: true, force: true }));
  const run = (args: readonly string[], asNobody: boolean, lab: string): Promise<{ status: number; stderr: string }> =>
    new Promise((resolve) => {
      const drop = asNobody ? ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
      const env = { PATH: process.env["PATH"] ?? "", MAILCERT_LAB: lab };
      execFile(
        "setpriv",
        [...drop, "--", "bash", join(scripts, "build.sh"), ...args],
        { env },
        (error, _stdout, stderr) => resolve({ status: typeof error?.code === "number" ? error.code : 0, stderr }),
      );
    });

  test("says what it needs where it is not root", async () => {
    const lab = await mkdtemp(join(tmpdir(), "mailcert-nobody-"));
    onTestFinished(() => rm(lab, { recursive: true, force: true }));
    const { status, stderr } = await run(["pebble"], true, join(lab, "below"));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^lab: error: cannot make .*\nlab: hint: run this as root/);
  });

  test("refuses a part that it does not know", async () => {
    const { status, stderr } = await run(["potato"], false, "/nonexistent");
    expect(status).toBe(1);
    expect(stderr).toContain("lab: error: there is no part of the lab called potato");
  });
});
