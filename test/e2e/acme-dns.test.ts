// dns-01 and dns-persist-01 on a real host: Knot takes our updates, a second Knot lags behind, Pebble validates through Unbound.
import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { type SignedZone, type SignedZoneOptions, startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const challenge = `_acme-challenge.${name}`;
const persist = `_validation-persist.${name}`;
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Bench {
  readonly host: MailHost;
  readonly zone: SignedZone;
  readonly pebble: Pebble;
  readonly secret: string;
}

interface Wanted extends Partial<SignedZoneOptions> {
  readonly names?: readonly string[];
  readonly challenge?: string;
  readonly updater?: boolean;
}

const settingsFile = "/etc/mailcert/secrets/knot.yaml";
const settings = (secret: string): string =>
  `provider: rfc2136\nserver: 127.0.53.1\nkey_name: mailcert\nkey_secret: ${secret}\n`;

const open = async ({ names = [name], challenge: type = "dns-01", updater = true, ...zoneOptions }: Wanted) => {
  const host = await startMailHost({ suite: "bookworm" });
  hosts.push(host);
  const secret = randomBytes(32).toString("base64");
  const zone = await startSignedZone(host, {
    zone: "example.org",
    records: ["mail A 192.0.2.10", ...(zoneOptions.records ?? [])],
    ...(updater ? { updateKey: { name: "mailcert", secret } } : {}),
    ...zoneOptions,
  });
  const pebble = await startPebble({ host, dnsServer: "127.0.0.1:53" });
  const config = [
    "certificates:",
    `  ${name}:`,
    `    names: [${names.map((one) => `"${one}"`).join(", ")}]`,
    "    issuer: acme",
    `    acme: ${pebble.directoryUrl}`,
    `    ca_file: ${pebble.caFile}`,
    "    agree_tos: true",
    `    challenge: ${type}`,
    ...(updater ? ["    dns: knot"] : []),
  ];
  await host.write("/etc/mailcert/mailcert.yaml", `${config.join("\n")}\n`);
  if (updater) await host.write(settingsFile, settings(secret), "600");
  return { host, zone, pebble, secret } satisfies Bench;
};

const issue = ["issue", name, "--verbose"];

const namesOf = (host: MailHost): Promise<string> =>
  host.must(
    `openssl x509 -noout -ext subjectAltName -in /var/lib/mailcert/certificates/${name}/generations/0001/ecdsa/cert.pem`,
  );

const journal = async (host: MailHost): Promise<unknown> =>
  JSON.parse(await host.read("/var/lib/mailcert/challenges.json"));

describe("dns-01 by RFC 2136", () => {
  it("a wildcard beside its bare name and a delegated name; a secondary that lags is waited for; nothing is left", async () => {
    const { host, zone } = await open({
      names: [name, `*.${name}`, "imap.example.org"],
      secondary: true,
      records: ["_acme-challenge.imap CNAME imap.acme.example.net."],
      others: { "acme.example.net": [] },
    });
    const refreshed: Promise<void>[] = [];
    const run = host.mailcertSpawn(issue);
    let said = "";
    run.stdout.on("data", (part: Buffer) => (said += part.toString()));
    const ended = new Promise<number | null>((resolve) => run.once("close", resolve));
    run.stderr.on("data", (part: Buffer) => {
      said += part.toString();
      // It says that ns2 lacks it: from then on the secondary may have it.
      if (part.toString().includes("not yet at ns2.")) refreshed.push(zone.refreshSecondary());
    });
    expect(await ended, said).toBe(0);
    await Promise.all(refreshed);
    expect(said).toContain(`${challenge}: waiting: not yet at ns2.example.org (127.0.53.2)`);
    expect(said).toContain("_acme-challenge.imap.example.org: an alias of imap.acme.example.net");
    expect(said).toContain("imap.acme.example.net: published in acme.example.net (knot)");
    expect(await namesOf(host)).toContain(`DNS:*.${name}`);
    expect(await zone.ask(challenge, "TXT")).toBe("");
    expect(await zone.ask("imap.acme.example.net", "TXT")).toBe("");
    expect(await journal(host)).toEqual([]);
  });

  it("killed after it published: the next run takes the record away and ends the order", async () => {
    const { host, zone } = await open({ secondary: true });
    const run = host.mailcertSpawn(issue);
    await new Promise<void>((resolve, reject) => {
      let said = "";
      run.stderr.on("data", (part: Buffer) => {
        said += part.toString();
        if (said.includes("not yet at ns2.")) resolve();
      });
      run.once("close", () => reject(new Error(`it ended: ${said}`)));
    });
    const closed = new Promise((resolve) => run.once("close", resolve));
    run.kill("SIGKILL");
    await closed;
    expect(await zone.ask(challenge, "TXT")).not.toBe("");
    expect(await journal(host)).toMatchObject([{ type: "dns-01", what: { dns: "knot", name: challenge } }]);

    const refreshed: Promise<void>[] = [];
    const again = host.mailcertSpawn(issue);
    let said = "";
    again.stderr.on("data", (part: Buffer) => {
      said += part.toString();
      if (part.toString().includes("not yet at ns2.")) refreshed.push(zone.refreshSecondary());
    });
    expect(await new Promise((resolve) => again.once("close", resolve)), said).toBe(0);
    await Promise.all(refreshed);
    expect(said).toContain(`${challenge}: what an earlier run published is taken away`);
    expect(await zone.ask(challenge, "TXT")).toBe("");
    expect(await journal(host)).toEqual([]);
  });

  it("says what is wrong: another key, a server that is not there, a file that others read, a secondary that never follows", async () => {
    const { host, zone, secret } = await open({ secondary: true });
    const other = randomBytes(32).toString("base64");
    const attempt = async (text: string, mode = "600") => {
      await host.write(settingsFile, text, mode);
      const { status, stdout, stderr } = await host.mailcert(issue);
      const all = stdout + stderr;
      expect(all).not.toContain(other);
      expect(all).not.toContain(secret);
      return { status, all };
    };
    const badSecret = await attempt(settings(other));
    expect(badSecret.status, badSecret.all).toBe(78);
    expect(badSecret.all).toContain('the signature with the key "mailcert" is not right (BADSIG)');
    const badKey = await attempt(settings(secret).replace("key_name: mailcert", "key_name: nobody"));
    expect(badKey.all).toContain('it does not know the key "nobody" with hmac-sha256 (BADKEY)');
    const elsewhere = await attempt(`${settings(secret)}zone: mail.example.org\n`);
    expect(elsewhere.status, elsewhere.all).toBe(78);
    expect(elsewhere.all).toContain("it does not have the zone mail.example.org");
    const nowhere = await attempt(settings(secret).replace("127.0.53.1", "127.0.53.9"));
    expect(nowhere.status).toBe(69);
    expect(nowhere.all).toContain("rfc2136: 127.0.53.9: nothing listens on that TCP port");
    const readable = await attempt(settings(secret), "644");
    expect(readable.status).toBe(78);
    expect(readable.all).toContain(`chmod 600 ${settingsFile}`);
    const late = await attempt(`${settings(secret)}propagation_timeout: 1\n`);
    expect(late.status, late.all).toBe(69);
    expect(late.all).toContain(
      `${challenge} is not seen everywhere after 1 seconds: not yet at ns2.example.org (127.0.53.2)`,
    );
    expect(await zone.ask(challenge, "TXT")).toBe("");
  });
});

describe("dns-persist-01", () => {
  it("names the record that is missing; once somebody published it, certificates come and it stays", async () => {
    const { host, zone } = await open({ challenge: "dns-persist-01", updater: false, names: [name, `*.${name}`] });
    const refused = await host.mailcert(issue);
    expect(refused.status, refused.stdout + refused.stderr).toBe(78);
    const record = /_validation-persist\.mail\.example\.org\. IN TXT ("[^"]+")/.exec(refused.stderr)?.[1];
    expect(record).toMatch(/^"[a-z.]+; accounturi=https:\/\/[^;"]+; policy=wildcard"$/);
    // In quotes for the shell, too: it has semicolons.
    await zone.add(`_validation-persist.mail 5 TXT '${record ?? ""}'`);
    const done = await host.mailcert(issue);
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(await namesOf(host)).toContain(`DNS:*.${name}`);
    expect(await zone.ask(persist, "TXT")).toContain("accounturi=");
  });

  it("publishes the record itself where an updater is named, once and to stay", async () => {
    const { host, zone } = await open({ challenge: "dns-persist-01" });
    const first = await host.mailcert(issue);
    expect(first.status, first.stdout + first.stderr).toBe(0);
    expect(first.stderr).toContain(`${persist}: published in example.org (knot), to stay`);
    expect(first.stdout.replaceAll(/\s+/g, " ")).toContain(`published in example.org (knot): ${persist}. IN TXT`);
    const log = (await host.mailcert(["log", name])).stdout;
    expect(log).toContain(`publishes in example.org (knot), to stay: ${persist}. IN TXT`);
    expect(log).toContain("undo: take the record away from example.org");
    const published = await zone.ask(persist, "TXT");
    expect(published).toContain("accounturi=");
    const renewed = async () => {
      const done = await host.mailcert(["renew", name, "--force", "--verbose"]);
      expect(done.status, done.stdout + done.stderr).toBe(0);
      return done;
    };
    const seen = `${persist}: seen at 1 address of its name servers`;
    let second = await renewed();
    // Pebble takes a valid authorization again in one of a hundred orders, whatever it is told: nothing is to be proven then.
    for (let left = 3; left > 0 && !second.stderr.includes(seen); left--) second = await renewed();
    expect(second.stderr).toContain(seen);
    expect(second.stderr).not.toContain("published in");
    expect(await zone.ask(persist, "TXT")).toBe(published);
  });
});
