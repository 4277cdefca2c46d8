// Pre-flight of the ways to prove a name, on a real mail host: a web server's folder, Knot's word about our key, a CA of the list that is down; before the first setup, too.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { type SignedZone, startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const secret = randomBytes(32).toString("base64");
const settingsFile = "/etc/mailcert/secrets/knot.yaml";
let host: MailHost;
let zone: SignedZone;
let pebble: Pebble;

beforeAll(async () => {
  host = await startMailHost({ suite: "bookworm" });
  zone = await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", '@ CAA 0 issue "pebble.letsencrypt.org"'],
    updateKey: { name: "mailcert", secret },
  });
  pebble = await startPebble({ host, dnsServer: "127.0.0.1:53" });
});
afterAll(async () => host.stop());

interface Said {
  readonly status: number | null;
  /** In one line. */
  readonly said: string;
}

const run = async (args: readonly string[]): Promise<Said> => {
  const { status, stdout, stderr } = await host.mailcert(args);
  return { status, said: (stdout + stderr).replaceAll(/\s+/g, " ") };
};
/** As before a first setup. */
const ca = (): readonly string[] => ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile, "--server", "none"];
const planned = (...more: readonly string[]): Promise<Said> => run(["issue", name, ...ca(), "--dry-run", ...more]);
const plannedSetup = (...more: readonly string[]): Promise<Said> =>
  run(["setup", name, ...ca(), "--schedule", "none", "--dry-run", ...more]);
const traces = (): Promise<string> =>
  host.must("find /etc/mailcert /var/lib/mailcert /srv/www -type f 2>/dev/null | grep -v /secrets/ | sort; true");
const orders = (): number => pebble.log().match(/POST \/order-plz/g)?.length ?? 0;
const settings = (key: string, server = "127.0.53.1"): Promise<unknown> =>
  host.write(settingsFile, `provider: rfc2136\nserver: ${server}\nkey_name: mailcert\nkey_secret: ${key}\n`, "600");

it("setup --dry-run on a new host is red where setup would fail, and green where not", async () => {
  const terms = await plannedSetup();
  expect(terms.status, terms.said).toBe(1);
  expect(terms.said).toMatch(/FAULT [^>]*terms of service/);
  const agreed = await plannedSetup("--agree-tos");
  expect(agreed.status, agreed.said).toBe(0);
  expect(agreed.said).toContain("http-01 can listen on :80");
  expect(await traces()).toBe("");
});

it("a web root: the folder that is shown, another one, none", async () => {
  await host.must("mkdir -p /srv/www /srv/other");
  const web = host.spawn("exec python3 -m http.server 80 --directory /srv/www");
  try {
    await host.must("for i in $(seq 200); do ss -ltn | grep -q ':80 ' && exit 0; sleep 0.05; done; exit 1");
    const shown = await planned("--agree-tos", "--webroot", "/srv/www");
    expect(shown.status, shown.said).toBe(0);
    expect(shown.said).toContain(`a token of our own in /srv/www is shown by ${name} (192.0.2.10)`);
    expect(shown.said).not.toContain("can listen on");
    const other = await planned("--agree-tos", "--webroot", "/srv/other");
    expect(other.status, other.said).toBe(1);
    expect(other.said).toContain(`FAULT http-01 with /srv/other: ${name} (192.0.2.10) does not show a token`);
    expect(other.said).toContain("HTTP 404");
  } finally {
    const ended = new Promise((resolve) => web.once("close", resolve));
    web.kill("SIGKILL");
    await ended;
  }
  const closed = await planned("--agree-tos", "--webroot", "/srv/www");
  expect(closed.status, closed.said).toBe(1);
  expect(closed.said).toContain("refuses connections to port 80");
  const none = await planned("--agree-tos", "--webroot", "/srv/nope");
  expect(none.status, none.said).toBe(1);
  expect(none.said).toContain("FAULT the webroot /srv/nope does not exist");
  expect(await host.must("find /srv/www /srv/other -mindepth 1")).toBe("");
});

it("dns-01: the settings are read, Knot is asked with the key, and nothing changes in the zone", async () => {
  const dns = ["--agree-tos", "--challenge", "dns-01", "--dns", "knot"];
  const serial = (): Promise<string> => zone.ask("example.org", "SOA");
  const missing = await planned(...dns);
  expect(missing.status, missing.said).toBe(1);
  expect(missing.said).toContain(`FAULT dns: knot needs its settings in ${settingsFile}: there is no such file`);
  const before = await serial();
  await settings(randomBytes(32).toString("base64"));
  const wrong = await planned(...dns);
  expect(wrong.status, wrong.said).toBe(1);
  expect(wrong.said).toContain("BADSIG");
  await settings(secret, "127.0.53.9");
  const dead = await planned(...dns);
  expect(dead.status, dead.said).toBe(1);
  expect(dead.said).toContain("nothing listens on that TCP port");
  await settings(secret);
  const good = await planned(...dns);
  expect(good.status, good.said).toBe(0);
  expect(good.said).toContain(`dns-01: knot may publish _acme-challenge.${name}`);
  expect(await serial()).toBe(before);
  expect(await traces()).toBe("");
});

it("several CAs: one that is down is a warning where the next one is well, and each line says whose it is", async () => {
  const lines = [
    "certificates:",
    `  ${name}:`,
    "    issuer: acme",
    `    acme: ["https://127.0.0.1:14999/dir", "${pebble.directoryUrl}"]`,
    `    ca_file: ${pebble.caFile}`,
    "    agree_tos: true",
    "    challenge: dns-01",
    "    dns: knot",
    "    servers: none",
  ];
  await host.write("/etc/mailcert/mailcert.yaml", `${lines.join("\n")}\n`);
  const { status, said } = await run(["issue", name, "--dry-run"]);
  expect(status, said).toBe(0);
  expect(said).toMatch(/ at 127\.0\.0\.1:14999: warning cannot talk to/);
  expect(said).toContain("CAA lets 127.0.0.1:14000 issue");
  expect(said).not.toContain("FAULT");
  expect((await run(["config", "check"])).said).toContain("1 certificate, no problems");
  await host.must(`rm ${settingsFile}`);
  const checked = await run(["config", "check"]);
  expect(checked.said).toContain("1 problem");
  expect(checked.said).toContain("there is no such file");
  expect(orders()).toBe(0);
});
