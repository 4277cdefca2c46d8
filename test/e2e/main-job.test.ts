// The main job on both Debian releases, servers as Debian installs them: setup, verify, independent judges, renewal under an open session.
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const ca = "/var/lib/mailcert/ca/default/root.pem";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const mailHost = async (suite: "bookworm" | "trixie"): Promise<MailHost> => {
  const host = await startMailHost({ suite });
  hosts.push(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  return host;
};

interface Verified {
  readonly ok: boolean;
  readonly entries: readonly {
    readonly port: number;
    readonly ok: boolean;
    readonly leaf?: { readonly sha256: string; readonly spkiSha256: string };
    readonly findings: readonly { readonly check: string; readonly severity: string }[];
  }[];
}

const verifyAll = async (host: MailHost, ...more: readonly string[]): Promise<Verified> => {
  const { stdout } = await host.mailcert(["verify", name, "--json", ...more]);
  return JSON.parse(stdout) as Verified;
};

/** Ports that gave a leaf, and how many different leaves there were. */
const served = ({ entries }: Verified): { readonly ports: readonly number[]; readonly leaves: readonly string[] } => ({
  ports: [...new Set(entries.filter(({ leaf }) => leaf).map(({ port }) => port))].sort((a, b) => a - b),
  leaves: [...new Set(entries.flatMap(({ leaf }) => leaf?.sha256 ?? []))],
});

/** Once every port gives one leaf that is none of these: for a moment after a reload, a process of before may still answer. */
const verifyNew = async (host: MailHost, old: readonly string[], ...more: readonly string[]): Promise<Verified> => {
  let verified: Verified | undefined;
  const leaves = async (): Promise<readonly string[]> => served((verified = await verifyAll(host, ...more))).leaves;
  const one = (seen: readonly string[]): boolean => seen.length === 1 && !seen.some((leaf) => old.includes(leaf));
  await expect.poll(leaves, { timeout: 20_000 }).toSatisfy(one);
  if (!verified) throw new Error("not looked at");
  return verified;
};

const enableSubmission = async (host: MailHost): Promise<void> => {
  await host.must(
    `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
     postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`,
  );
};

/** OpenSSL, GnuTLS and curl, each with the CA's root alone, from the second machine. */
const judge = async (host: MailHost, anchor: string, smtps: boolean): Promise<void> => {
  const openssl = async (port: number, starttls?: string) => {
    const { stdout } = await host.clientExec(
      `echo | timeout 20 openssl s_client -connect 192.0.2.10:${port} ${starttls ? `-starttls ${starttls} -name client.example.net` : ""} ` +
        `-servername ${name} -verify_hostname ${name} -verify_return_error -CAfile ${anchor} -no-CApath -no-CAstore 2>&1`,
    );
    expect(stdout, `openssl on ${port}`).toContain("Verify return code: 0 (ok)");
  };
  await Promise.all([
    openssl(993),
    openssl(995),
    openssl(25, "smtp"),
    openssl(143, "imap"),
    openssl(110, "pop3"),
    openssl(4190, "sieve"),
  ]);
  if (smtps) await Promise.all([openssl(465), openssl(587, "smtp")]);
  for (const args of ["--port 993", "--port 143 --starttls-proto=imap", "--port 25 --starttls-proto=smtp"]) {
    const { stdout } = await host.clientExec(
      `echo | timeout 20 gnutls-cli ${args} --x509cafile ${anchor} --sni-hostname ${name} --verify-hostname ${name} ${name} 2>&1`,
    );
    expect(stdout, `gnutls-cli ${args}`).toContain("The certificate is trusted");
  }
  const imap = await host.clientExec(
    `curl -sS --cacert ${anchor} --user alice:alice-secret imaps://${name}/ -X 'STATUS INBOX (MESSAGES)'`,
  );
  expect({ status: imap.status, stderr: imap.stderr }).toEqual({ status: 0, stderr: "" });
  const smtp = await host.clientExec(
    `printf 'Subject: judged\\n\\nbody\\n' | curl -sS --cacert ${anchor} --ssl-reqd smtp://${name} --mail-from a@example.net --mail-rcpt alice@${name} -T -`,
  );
  expect({ status: smtp.status, stderr: smtp.stderr }).toEqual({ status: 0, stderr: "" });
};

/** An IMAP client that idles over TLS, and what it hears. */
const idle = (host: MailHost, anchor: string) => {
  const client = host.clientSpawn(
    `exec openssl s_client -quiet -crlf -connect 192.0.2.10:993 -servername ${name} -CAfile ${anchor} -verify_return_error`,
  );
  let heard = "";
  client.stdout.on("data", (part: Buffer) => (heard += part.toString()));
  const until = async (pattern: RegExp): Promise<void> => {
    for (let tries = 0; tries < 200; tries += 1) {
      if (pattern.test(heard)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${pattern} was not heard; heard: ${heard}`);
  };
  return { client, until, heard: () => heard };
};

describe.each(["bookworm", "trixie"] as const)("on %s", { timeout: 300_000 }, (suite) => {
  it("setup with the private CA, proof, judges, renewal under an idling client", async () => {
    const host = await mailHost(suite);
    const setup = await host.mailcert(["setup", name, "--schedule", "none"]);
    expect({ status: setup.status, stderr: setup.stderr }).toEqual({ status: 0, stderr: "" });
    expect(setup.stdout).toContain("served and proven at every entry point");
    expect(setup.stdout).toContain("993 · SSL/TLS");

    const first = await verifyNew(host, []);
    expect(first.ok).toBe(true);
    expect(served(first).ports).toEqual([25, 110, 143, 993, 995, 4190]);
    expect(served(first).leaves).toHaveLength(1);
    const off = first.entries.filter(({ port }) => port === 465 || port === 587);
    expect(off.map(({ findings }) => findings.map(({ severity }) => severity))).toEqual([["info"], ["info"]]);
    // From another machine, with nothing but the root.
    const remote = await host.clientExec(["mailcert", "verify", name, "--only-ca", ca, "--json"]);
    expect((JSON.parse(remote.stdout) as Verified).ok, remote.stdout).toBe(true);
    await judge(host, ca, false);

    const session = idle(host, ca);
    await session.until(/^\* OK/m);
    session.client.stdin.write("a LOGIN alice alice-secret\nb SELECT INBOX\n");
    await session.until(/^b OK/m);
    session.client.stdin.write("c IDLE\n");
    await session.until(/^\+ /m);
    const renewed = await host.mailcert(["renew", "--force", "--json"]);
    expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
    const document = JSON.parse(renewed.stdout) as {
      certificates: { deployed: { servers: { id: string; reloaded: boolean }[] } }[];
    };
    expect(document.certificates[0]?.deployed.servers.map(({ id, reloaded }) => `${id} ${reloaded}`).sort()).toEqual([
      "dovecot true",
      "postfix true",
    ]);
    const second = await verifyNew(host, served(first).leaves);
    expect(served(second)).toMatchObject({ ports: [25, 110, 143, 993, 995, 4190] });
    expect(served(second).leaves).toHaveLength(1);
    expect(served(second).leaves).not.toEqual(served(first).leaves);
    // The key is kept at renewal: DANE pins it.
    expect(second.entries[0]?.leaf?.spkiSha256).toBe(first.entries[0]?.leaf?.spkiSha256);
    // The session from before the renewal still lives.
    await host.must(`printf 'Subject: hello\\n\\nbody\\n' | sendmail -f a@example.net alice@${name}`);
    await session.until(/^\* \d+ EXISTS/m);
    session.client.stdin.write("DONE\nd LOGOUT\n");
    await session.until(/^d OK/m);
  });

  it("with submission and submissions enabled, all eight entry points are proven", async () => {
    const host = await mailHost(suite);
    await enableSubmission(host);
    const setup = await host.mailcert(["setup", name, "--schedule", "none"]);
    expect(setup.status, setup.stdout + setup.stderr).toBe(0);
    const verified = await verifyNew(host, []);
    expect(verified.ok).toBe(true);
    expect(served(verified).ports).toEqual([25, 110, 143, 465, 587, 993, 995, 4190]);
    expect(served(verified).leaves).toHaveLength(1);
    await judge(host, ca, true);
  });

  it("with ACME from Pebble, validated for real on port 80", async () => {
    const host = await mailHost(suite);
    const pebble = await startPebble({ host });
    const args = ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile, "--schedule", "none"];
    const refused = await host.mailcert(["setup", name, ...args]);
    expect(refused.status).toBe(78);
    expect(refused.stderr).toContain("--agree-tos");
    expect((await host.exec("ls /etc/mailcert /var/lib/mailcert/certificates")).status).not.toBe(0);

    const setup = await host.mailcert(["setup", name, ...args, "--agree-tos", "--email", "postmaster@example.org"]);
    expect(setup.status, setup.stdout + setup.stderr).toBe(0);
    await host.write("/tmp/pebble-root.pem", await pebble.root());
    const verified = await verifyNew(host, [], "--ca-file", "/tmp/pebble-root.pem");
    expect(verified.ok, JSON.stringify(verified)).toBe(true);
    expect(served(verified).ports).toEqual([25, 110, 143, 993, 995, 4190]);
    await judge(host, "/tmp/pebble-root.pem", false);
    const before = served(verified).leaves;
    // The configuration alone is enough for the timer.
    const renewed = await host.mailcert(["renew", "--force"]);
    expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
    const after = await verifyNew(host, before, "--ca-file", "/tmp/pebble-root.pem");
    expect(served(after).leaves).toHaveLength(1);
    expect(served(after).leaves).not.toEqual(before);
    expect((await host.mailcert(["renew", "--quiet"])).stdout).toBe("");
    await pebble.stop();
  });
});
