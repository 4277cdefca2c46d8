// What goes wrong with an ACME CA, on a real mail host through the command line: each a clear error with its status, the host left as it was.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const trust = "/tmp/trust.pem";
let host: MailHost;
let pebble: Awaited<ReturnType<typeof startPebble>>;
let before: string;

const snapshot = (): Promise<string> =>
  host.must("find /etc/dovecot /etc/postfix /etc/mailcert -type f 2>/dev/null | sort | xargs sha256sum");

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  pebble = await startPebble({ host, domainBlocklist: ["blocked.example.org"] });
  await host.must(["cp", pebble.caFile, trust]);
  before = await snapshot();
});
afterAll(async () => host.stop());

const setup = (target: string, ...more: readonly string[]) =>
  host.mailcert([
    "setup",
    target,
    "--acme",
    pebble.directoryUrl,
    "--ca-file",
    trust,
    "--schedule",
    "none",
    "--agree-tos",
    ...more,
  ]);

const untouched = async (): Promise<void> => expect(await snapshot()).toBe(before);

describe("an ACME CA that cannot or will not", () => {
  it("terms of service that were not agreed to", async () => {
    const result = await host.mailcert([
      "setup",
      name,
      "--acme",
      pebble.directoryUrl,
      "--ca-file",
      trust,
      "--schedule",
      "none",
    ]);
    expect(result.status).toBe(78);
    expect(result.stderr).toContain("--agree-tos");
    await untouched();
  });

  it("port 80 taken: says by whom", async () => {
    const holder = host.spawn("exec python3 -m http.server 80");
    try {
      await expect
        .poll(async () => (await host.exec("ss -ltn | grep -c ':80 '")).stdout.trim(), { timeout: 10_000 })
        .not.toBe("0");
      const result = await setup(name);
      expect(result.status).toBe(73);
      expect(result.stderr).toMatch(/port 80.*python3/s);
      expect(result.stderr).toContain("mailcert: hint:");
    } finally {
      holder.kill("SIGKILL");
    }
    await untouched();
  });

  it("a directory that is not one", async () => {
    await host.write("/tmp/www/dir", "<html>hello</html>");
    const server = host.spawn(
      `cd /tmp/www && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null && exec openssl s_server -accept 127.0.0.1:4443 -key k.pem -cert c.pem -WWW -quiet`,
    );
    try {
      await expect
        .poll(async () => (await host.exec("ss -ltn | grep -c ':4443 '")).stdout.trim(), { timeout: 10_000 })
        .not.toBe("0");
      const result = await host.mailcert([
        "setup",
        name,
        "--acme",
        "https://127.0.0.1:4443/dir",
        "--ca-file",
        "/tmp/www/c.pem",
        "--agree-tos",
        "--schedule",
        "none",
      ]);
      expect({ status: result.status, stderr: result.stderr }).toMatchObject({ status: 78 });
      expect(result.stderr).toMatch(/127\.0\.0\.1:4443\/dir .*(HTML|JSON|directory)/i);
    } finally {
      server.kill("SIGKILL");
    }
    const nobody = await host.mailcert([
      "setup",
      name,
      "--acme",
      "https://127.0.0.1:4444/dir",
      "--agree-tos",
      "--schedule",
      "none",
    ]);
    expect(nobody.status).toBe(69);
    expect(nobody.stderr).toContain("127.0.0.1:4444");
    await untouched();
  });

  it("a name that the CA refuses: its problem type and detail are shown", async () => {
    const result = await setup("blocked.example.org");
    expect(result.status).toBe(65);
    expect(result.stderr).toContain("rejectedIdentifier");
    expect(result.stderr).toContain("blocked.example.org");
    const json = await setup("blocked.example.org", "--json");
    const { error } = JSON.parse(json.stdout) as { error: { facts: { problem: { type: string; detail: string } } } };
    expect(error.facts.problem.type).toContain("rejectedIdentifier");
    await untouched();
  });

  it("an account that the CA does not know any more", async () => {
    expect((await setup(name)).status).toBe(0);
    await pebble.stop();
    // Pebble forgets everything when it restarts.
    pebble = await startPebble({ host });
    await host.must(["cp", pebble.caFile, trust]);
    const result = await host.mailcert(["renew", "--force"]);
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/account/i);
    expect(result.stdout).toContain("->");
    // What was served is served still, nothing was due, and status tells.
    const status = await host.mailcert(["status"]);
    expect(status.status).toBe(0);
    expect(status.stdout).toMatch(/last error \([^)]*nothing was due/);
    const verified = await host.mailcert(["verify", name, "--quick", "--json"]);
    expect(
      (JSON.parse(verified.stdout) as { entries: { leaf?: object }[] }).entries.filter(({ leaf }) => leaf),
    ).toHaveLength(6);
  });

  it("a mail server that accepts and then says nothing is named within the time", async () => {
    const silent = host.spawn("exec nc -lk -p 2525");
    try {
      await expect
        .poll(async () => (await host.exec("ss -ltn | grep -c ':2525 '")).stdout.trim(), { timeout: 10_000 })
        .not.toBe("0");
      const result = await host.mailcert(["verify", `imap://${name}:2525`, "--timeout", "4", "--json"]);
      expect(result.status, result.stdout + result.stderr).toBe(1);
      // By its own clock: how long a busy machine takes to start it is no matter. Unasked it would be 10 seconds.
      const { durationMs } = JSON.parse(result.stdout) as { durationMs: number };
      expect(durationMs).toBeLessThan(9_500);
      expect(result.stdout).toMatch(/greeting|nothing|silent|timeout|no answer/i);
    } finally {
      silent.kill("SIGKILL");
    }
  });
});
