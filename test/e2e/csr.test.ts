// A request (CSR) that was made elsewhere, certified and renewed on a mail host by Pebble: the key never comes here.
import { afterEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const makeRequest = (host: MailHost, san: string): Promise<string> =>
  host.must(
    `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /root/elsewhere.key -subj / -addext subjectAltName=${san} -out /etc/mailcert/office.csr 2>/dev/null`,
  );

it("certifies it, renews it with the same key, and with another one when the file has another", async () => {
  const host = await startMailHost({ suite: "trixie" });
  hosts.push(host);
  const pebble = await startPebble({ host });
  const config = (more = ""): Promise<void> =>
    host.write(
      "/etc/mailcert/mailcert.yaml",
      `schema: 1
certificates:
  office:
    names: [${name}, imap.example.org]
    issuer: acme
    acme: ${pebble.directoryUrl}
    ca_file: ${pebble.caFile}
    agree_tos: true
    csr: /etc/mailcert/office.csr
    servers: none
${more}`,
    );
  await host.must("mkdir -p /etc/mailcert");
  await makeRequest(host, `DNS:${name},DNS:imap.example.org`);
  await config();
  const live = "/var/lib/mailcert/certificates/office/live/ecdsa";
  const keyOf = (what: string): Promise<string> => host.must(`openssl ${what} -noout -pubkey`);
  const run = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
    const { status, stdout, stderr } = await host.mailcert(args);
    return [status, stdout + stderr];
  };

  expect((await run("renew"))[0]).toBe(0);
  expect((await host.must(`ls ${live}`)).trim().split("\n")).toEqual([
    "cert.pem",
    "chain.pem",
    "fullchain.pem",
    "request.pem",
  ]);
  expect(await keyOf(`x509 -in ${live}/fullchain.pem`)).toBe(await keyOf("req -in /etc/mailcert/office.csr"));
  expect((await host.exec("find /var/lib/mailcert/certificates -name '*key*' -type f")).stdout).toBe("");
  const serial = await host.must(`openssl x509 -in ${live}/cert.pem -noout -serial`);

  const [status, said] = await run("renew");
  expect({ status, said }).toMatchObject({ status: 0, said: expect.stringContaining("nothing to do") as string });
  expect((await run("renew", "--force"))[0]).toBe(0);
  expect(await host.must(`openssl x509 -in ${live}/cert.pem -noout -serial`)).not.toBe(serial);
  expect(await keyOf(`x509 -in ${live}/fullchain.pem`)).toBe(await keyOf("req -in /etc/mailcert/office.csr"));
  expect((await run("status"))[1]).toContain("office");

  await makeRequest(host, `DNS:${name},DNS:imap.example.org`);
  const [, changed] = await run("renew", "--dry-run");
  expect(changed).toContain("/etc/mailcert/office.csr holds another key than the one that was certified");
  expect((await run("renew"))[0]).toBe(0);
  expect(await keyOf(`x509 -in ${live}/fullchain.pem`)).toBe(await keyOf("req -in /etc/mailcert/office.csr"));
  expect((await run("rollback", "office"))[0]).toBe(0);
  expect(await keyOf(`x509 -in ${live}/fullchain.pem`)).not.toBe(await keyOf("req -in /etc/mailcert/office.csr"));

  // What cannot be: each says why, and nothing is ordered.
  const newKey = await run("issue", "office", "--new-key");
  expect(newKey).toEqual([64, expect.stringContaining("its key is not chosen here") as string]);
  await makeRequest(host, `DNS:${name}`);
  const less = await run("renew", "office");
  expect(less).toEqual([1, expect.stringContaining("it lacks imap.example.org") as string]);
  await makeRequest(host, `DNS:${name},DNS:imap.example.org,DNS:pop.example.org`);
  expect((await run("issue", "office"))[1]).toContain("it also has pop.example.org");
  await host.write("/etc/mailcert/office.csr", "hello\n");
  expect((await run("issue", "office"))[1]).toContain("is no certificate signing request");
  // A file that is gone takes nothing away from what is there.
  await host.must("rm /etc/mailcert/office.csr");
  expect((await run("renew"))[0]).not.toBe(70);
  await config("    key: rsa\n");
  await makeRequest(host, `DNS:${name},DNS:imap.example.org`);
  expect((await run("issue", "office"))[1]).toContain("write key: ecdsa");
  expect((await run("snippet", "dovecot", "office"))[0]).toBe(78);
});
