// A private CA's life on a real host: a new root while clients know only the old one, or only the new one; revocation; a passphrase typed at a terminal.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const folder = "/var/lib/mailcert/ca/default";
const live = `/var/lib/mailcert/certificates/${name}/live/ecdsa`;

let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
});
afterAll(() => host.stop());

const run = async (args: readonly string[], status = 0): Promise<string> => {
  const ran = await host.mailcert(args);
  expect(ran.status, ran.stdout + ran.stderr).toBe(status);
  expect(ran.stdout + ran.stderr).not.toContain("PRIVATE KEY");
  return ran.stdout;
};

const ports = [
  [993, ""],
  [143, "imap"],
  [25, "smtp"],
] as const;

/** OpenSSL and GnuTLS from the second machine, with this file as all that they trust: those that accept. */
const accepting = async (anchor: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const [port, upgrade] of ports) {
    const starttls = upgrade === "" ? "" : `-starttls ${upgrade} -name client.example.net`;
    const openssl = await host.clientExec(
      `echo | timeout 20 openssl s_client -connect 192.0.2.10:${port} ${starttls} -servername ${name} -verify_hostname ${name} -x509_strict -CAfile ${anchor} -no-CApath -no-CAstore 2>&1`,
    );
    if (openssl.stdout.includes("Verify return code: 0 (ok)")) found.push(`openssl ${port}`);
    const gnutls = await host.clientExec(
      `echo | timeout 20 gnutls-cli --port ${port} ${upgrade === "" ? "" : `--starttls-proto=${upgrade}`} --x509cafile ${anchor} --sni-hostname ${name} --verify-hostname ${name} ${name} 2>&1`,
    );
    if (gnutls.stdout.includes("The certificate is trusted")) found.push(`gnutls ${port}`);
  }
  return found;
};

const everyone = ports.flatMap(([port]) => [`openssl ${port}`, `gnutls ${port}`]);

/** As a mail server judges it that goes by a TLSA record of a CA (RFC 7672): OpenSSL's own DANE. */
const satisfies = async (root: string): Promise<boolean> => {
  const key = await host.must(
    `openssl x509 -in ${root} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64`,
  );
  const { stdout } = await host.clientExec(
    `echo | timeout 20 openssl s_client -connect 192.0.2.10:25 -starttls smtp -name client.example.net -servername ${name} -dane_tlsa_domain ${name} -dane_tlsa_rrdata "2 1 1 ${key.trim()}" 2>&1`,
  );
  return stdout.includes("Verify return code: 0 (ok)") && stdout.includes("TLSA");
};

/** As README.txt says to a new user: every file that it names, taken one by one, and each fingerprint among those that were told. */
const followReadme = async (files: string): Promise<readonly (readonly string[])[]> => {
  const readme = await host.must(`cat ${files}/README.txt`);
  const named = [...new Set(readme.match(/ca(?:-newer)?\.crt/g) ?? [])].toSorted();
  for (const file of named) {
    const print = await host.must(`openssl x509 -in ${files}/${file} -noout -fingerprint -sha256 | cut -d= -f2`);
    expect(readme).toContain(print.trim());
    // Programs take the first certificate of a file, and ours hold one.
    expect((await host.must(`grep -c BEGIN ${files}/${file}`)).trim()).toBe("1");
  }
  await host.must(`cd ${files} && cat ${named.join(" ")} >/srv/imported.pem`);
  return [named, await accepting(`${files}/ca.crt`), await accepting("/srv/imported.pem")];
};

describe("on trixie", () => {
  it("a new root: clients with only the old one and clients with only the new one accept what is served, and so does DANE-TA", async () => {
    await run(["setup", name, "--schedule", "none", "--ca-domains", "example.org", "--yes"]);
    await host.must(`cp ${folder}/root.pem /srv/old.pem`);
    expect(await accepting("/srv/old.pem")).toEqual(everyone);
    await run(["ca", "rotate", "--yes"]);
    await host.must(`cp ${folder}/root.pem /srv/new.pem; ! cmp /srv/old.pem /srv/new.pem`);
    // Until the next renewal nothing changes for anybody.
    expect(await accepting("/srv/old.pem")).toEqual(everyone);
    // Whoever comes now is served as well: by the first file alone, and by both.
    const told = await run(["bundle", "--out", "/srv/files"]);
    expect(told).toContain(`mailcert renew --force ${name}`);
    expect(await followReadme("/srv/files")).toEqual([["ca-newer.crt", "ca.crt"], everyone, everyone]);
    await host.must("mkdir /srv/then && cp /srv/files/*.crt /srv/then/ && cmp /srv/old.pem /srv/then/ca.crt");
    await run(["renew", "--force", name]);
    // The root that was imported in between goes on to be good.
    expect(await accepting("/srv/then/ca.crt")).toEqual(everyone);
    expect(await accepting("/srv/old.pem")).toEqual(everyone);
    expect(await accepting("/srv/new.pem")).toEqual(everyone);
    expect([await satisfies("/srv/old.pem"), await satisfies("/srv/new.pem")]).toEqual([true, true]);
    await run(["verify"]);
    await run(["bundle", "--out", "/srv/files"]);
    await host.must("cmp /srv/new.pem /srv/files/ca.crt && cmp /srv/old.pem /srv/files/ca-older.crt");
    expect(await followReadme("/srv/files")).toEqual([["ca.crt"], everyone, everyone]);
    expect(await run(["status"])).not.toContain("has a new root");
  }, 400_000);

  it("what is revoked is replaced at every port first; OpenSSL then refuses it by the list, and accepts its successor", async () => {
    await host.must(`cp ${live}/fullchain.pem /srv/before.pem`);
    await run(["revoke", name, "--reason", "superseded", "--yes"]);
    expect(await accepting("/srv/new.pem")).toEqual(everyone);
    await host.must(`cat /srv/new.pem ${folder}/crl.pem >/srv/checked.pem`);
    const judge = (file: string) =>
      host.exec(`openssl verify -x509_strict -crl_check -no-CApath -no-CAstore -CAfile /srv/checked.pem ${file} 2>&1`);
    const before = await judge("/srv/before.pem");
    expect(before.status).not.toBe(0);
    expect(before.stdout).toContain("certificate revoked");
    expect((await judge(`${live}/cert.pem`)).stdout).toContain(": OK");
    const gnutls = await host.exec(
      `certtool --verify --load-ca-certificate /srv/new.pem --load-crl ${folder}/crl.pem --infile /srv/before.pem 2>&1`,
    );
    expect(gnutls.stdout).toMatch(/revoked/i);
  }, 300_000);

  it("a passphrase that is typed at a terminal is not shown, and opens the backup again", async () => {
    const mailcert = "node /opt/mailcert/bin/mailcert.js ca backup --out /root/ca.backup";
    const terminal = host.spawn(["script", "-qec", mailcert, "/dev/null"]);
    const questions = ["Passphrase for the backup (at least 12 characters): ", "The same again: "];
    let shown = "";
    terminal.stdout.on("data", (part: Buffer) => {
      shown += part.toString();
      // An answer waits for its question.
      const [next] = questions;
      if (next === undefined || !shown.includes(next)) return;
      questions.shift();
      terminal.stdin.write("four words nobody said\r");
    });
    const ended = await new Promise((resolve) => terminal.once("close", resolve));
    expect({ ended, questions }, shown).toEqual({ ended: 0, questions: [] });
    expect(shown).not.toContain("nobody said");
    expect(shown).toContain("backed up the private CA");
    const before = await host.must(`sha256sum ${folder}/root-key.pem | cut -c1-64`);
    await host.must("rm -r /var/lib/mailcert/ca; umask 077; echo 'four words nobody said' >/root/words");
    // Nothing makes another in its place: what is served stays, and each command says what to do.
    for (const line of [["renew", "--force"], ["status"], ["doctor"]]) {
      const lost = await host.mailcert(line);
      expect([lost.status, lost.stdout + lost.stderr]).toEqual([1, expect.stringContaining('CA "default" is gone')]);
    }
    expect((await host.exec(`ls -d ${folder}`)).status).not.toBe(0);
    expect(await accepting("/srv/old.pem")).toEqual(everyone);
    await run(["ca", "restore", "/root/ca.backup", "--passphrase-file", "/root/words"]);
    expect(await host.must(`sha256sum ${folder}/root-key.pem | cut -c1-64`)).toBe(before);
    await run(["renew", "--force"]);
    expect(await accepting("/srv/old.pem")).toEqual(everyone);
    expect(await run(["status"])).not.toContain("is gone");
    // In doctor's eyes as well.
    expect((await host.mailcert(["doctor"])).stdout).toContain("private CA");
  }, 300_000);
});
