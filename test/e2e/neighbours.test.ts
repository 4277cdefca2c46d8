// Servers beside mail that share its certificate: OpenLDAP, Prosody, vsftpd and INN's reader, as Debian 13 ships them.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

let host: MailHost;

const certificate = "/etc/tls/fullchain.pem";
const ports = [21, 119, 389, 563, 636, 990, 5222, 5223, 5269, 5270];

const slapd = [`TLSCertificateFile ${certificate}`, "TLSCertificateKeyFile /etc/tls/privkey.pem", ""].join("\n");

const prosodyTls = `{ key = "/etc/tls/alice.pem", certificate = "${certificate}" }`;
const chatTls = `{ key = "/etc/tls/chat-key.pem", certificate = "/etc/tls/chat.pem" }`;
const prosody = `
data_path = "/tmp"
certificates = "/etc/tls"
ssl = ${prosodyTls}
c2s_direct_tls_ports = { 5223 }
c2s_direct_tls_ssl = ${prosodyTls}
s2s_direct_tls_ports = { 5270 }
s2s_direct_tls_ssl = ${prosodyTls}
c2s_require_encryption = true
modules_enabled = { "tls", "saslauth", "dialback" }
log = { info = "/tmp/prosody.log" }
VirtualHost "mail.example.org"
VirtualHost "example.net"
  ssl = ${chatTls}
  c2s_direct_tls_ssl = ${chatTls}
  s2s_direct_tls_ssl = ${chatTls}
`;

const vsftpd = (port: number): string =>
  [
    "listen=YES",
    "background=NO",
    `listen_port=${port}`,
    "ssl_enable=YES",
    `implicit_ssl=${port === 990 ? "YES" : "NO"}`,
    `rsa_cert_file=${certificate}`,
    "rsa_private_key_file=/etc/tls/privkey.pem",
    "secure_chroot_dir=/run/vsftpd",
    "nopriv_user=nobody",
    "ftp_username=nobody",
    "",
  ].join("\n");

const readers = 'auth everybody { hosts: "*" default: "<anybody>" }\naccess everybody { users: "*" newsgroups: "*" }\n';

/** For the domain of the chat's addresses, by the names that XMPP alone knows (RFC 6120 §13.7.1): no dNSName among them. */
const chatNames =
  "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-client.example.net,otherName:1.3.6.1.5.5.7.8.5;UTF8:example.net";

/** Listens with Debian's programs; their keys are readable for those whom they run as. */
const start = async (): Promise<void> => {
  await host.must("mailcert issue mail.example.org --issuer private-ca --out /etc/tls");
  await host.must("chmod 755 /etc/tls; mkdir -p /run/slapd /run/vsftpd /run/news");
  await host.must(
    `cd /etc/tls && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=chat -addext 'subjectAltName=${chatNames}' \
       -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth -keyout chat-key.pem -out chat.pem 2>/dev/null &&
     chown alice chat-key.pem && cat ca.pem chat.pem >trusted.pem`,
  );
  for (const user of ["alice", "news"])
    await host.must(`install -m 600 -o ${user} /etc/tls/privkey.pem /etc/tls/${user}.pem`);
  await host.write("/etc/slapd.conf", slapd);
  await host.write("/etc/prosody.cfg.lua", prosody);
  await host.write("/etc/vsftpd-21.conf", vsftpd(21));
  await host.write("/etc/vsftpd-990.conf", vsftpd(990));
  await host.write("/etc/news/readers.conf", readers);
  // By itself nnrpd turns clients away when the machine is busy (a load of 16), as one that runs tests is.
  await host.must(
    `sed -i 's|^tlscertfile:.*||; s|^tlskeyfile:.*||; s|^nnrpdloadlimit:.*||' /etc/news/inn.conf; printf 'tlscertfile: ${certificate}\\ntlskeyfile: /etc/tls/news.pem\\nnnrpdloadlimit: 0\\n' >> /etc/news/inn.conf`,
  );
  await host.must(
    "touch /var/spool/news/tradspool.map /var/lib/news/newsgroups; mkdir -p /var/spool/news/overview; echo 'control 0 1 n' >/var/lib/news/active; chown -R news:news /etc/news /var/lib/news /var/spool/news /run/news",
  );
  await host.must("/usr/lib/news/bin/makehistory -x -O", { user: "news" });
  host.spawn(["slapd", "-f", "/etc/slapd.conf", "-h", "ldap:/// ldaps:///", "-d", "0"]);
  host.spawn(["prosody", "--config", "/etc/prosody.cfg.lua", "-F"], { user: "alice" });
  host.spawn(["vsftpd", "/etc/vsftpd-21.conf"]);
  host.spawn(["vsftpd", "/etc/vsftpd-990.conf"]);
  await host.must("/usr/lib/news/bin/nnrpd -D -p 119 && /usr/lib/news/bin/nnrpd -D -S -p 563");
  const listening = `ss -Hltn4 | grep -cE ':(${ports.join("|")}) '`;
  await host.must(
    `for i in $(seq 300); do [ "$(${listening})" = ${ports.length} ] && exit 0; sleep 0.1; done; ss -ltn >&2; exit 1`,
  );
};

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", neighbours: true });
  await start();
});
afterAll(() => host.stop());

interface Entry {
  readonly url: string;
  readonly ok: boolean;
  readonly tls?: { readonly version: string };
  readonly leaf?: { readonly sha256: string };
  readonly findings: readonly {
    readonly check: string;
    readonly severity: string;
    readonly message: string;
    readonly hint?: string;
  }[];
}

/** From the second machine, as strangers see it. */
const verify = async (...targets: readonly string[]): Promise<readonly Entry[]> => {
  const trust = ["--ca-file", "/etc/tls/ca.pem", "--address", "192.0.2.10", "--timeout", "20"];
  const { stdout, stderr } = await host.clientExec(["mailcert", "verify", "--json", ...trust, ...targets]);
  const { entries } = JSON.parse(stdout) as { readonly entries?: readonly Entry[] };
  if (!entries) throw new Error(stdout + stderr);
  return entries;
};
const name = "mail.example.org";
const told = ({ findings }: Entry): readonly string[] => findings.map(({ check, severity }) => `${severity} ${check}`);

it("entry points that work have nothing wrong", async () => {
  const schemes = ["nntp", "nntps", "xmpp", "xmpps", "xmpp-server", "xmpps-server", "ldap", "ldaps", "ftp", "ftps"];
  const entries = await verify(...schemes.map((scheme) => `${scheme}://${name}`));
  expect(entries).toHaveLength(schemes.length);
  for (const entry of entries) {
    expect(entry, entry.url).toMatchObject({ ok: true, tls: { version: "TLSv1.3" } });
    // Debian's vsftpd takes AUTH TLS and does not list it.
    expect(told(entry), entry.url).toEqual(entry.url.startsWith("ftp:") ? ["info st-adv"] : []);
  }
});

it("OpenSSL's client is served the same leaf everywhere", async () => {
  const ways = [
    "nntp:119",
    "xmpp:5222",
    "xmpp-server:5269",
    "ldap:389",
    "ftp:21",
    ":563",
    ":5223",
    ":5270",
    ":636",
    ":990",
  ];
  const entries = await verify(`ldaps://${name}`);
  const served = ways.map((way) => {
    const [starttls = "", port = ""] = way.split(":");
    const option = starttls === "" ? "" : `-starttls ${starttls} -name ${name}`;
    return `openssl s_client -connect 192.0.2.10:${port} ${option} -servername ${name} </dev/null 2>/dev/null | openssl x509 -outform DER | sha256sum`;
  });
  const { stdout } = await host.clientExec(served.join("\n"));
  const leaves = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0]);
  expect(leaves).toEqual(ways.map(() => entries[0]?.leaf?.sha256));
});

it("another domain than the server's is said by XMPP itself", async () => {
  const [entry] = await verify("xmpp://example.org");
  expect(entry?.findings).toMatchObject([{ check: "net-reach", message: expect.stringContaining("host-unknown") }]);
});

it("a mistyped scheme is told with the URL that was meant", async () => {
  const meant: readonly (readonly [string, string])[] = [
    [`ldap://${name}:636`, `ldaps://${name}:636`],
    [`ldaps://${name}:389`, `ldap://${name}:389`],
    [`nntps://${name}:119`, `nntp://${name}:119`],
    [`ftps://${name}:21`, `ftp://${name}:21`],
    [`xmpp://${name}:5223`, `xmpps-client://${name}:5223`],
    [`xmpps://${name}:5222`, `xmpp-client://${name}:5222`],
  ];
  const entries = await verify(...meant.map(([asked]) => asked));
  for (const [index, [asked, right]] of meant.entries()) {
    expect(entries[index]?.ok, asked).toBe(false);
    expect(entries[index]?.findings.map(({ hint }) => hint).join("\n"), asked).toContain(`mailcert verify ${right}`);
  }
});

it("--srv leads to the domain's chat, at the host that the records name, and verifies it for the domain", async () => {
  await startSignedZone(host, {
    zone: "example.net",
    records: [
      "_xmpp-client._tcp SRV 5 1 5222 mail.example.org.",
      "_xmpps-client._tcp SRV 5 1 5223 mail.example.org.",
      "_xmpp-server._tcp SRV 5 1 5269 mail.example.org.",
      "_xmpps-server._tcp SRV 5 1 5270 mail.example.org.",
    ],
  });
  const { stdout } = await host.exec("mailcert verify --json --srv example.net --ca-file /etc/tls/trusted.pem");
  const { entries, findings } = JSON.parse(stdout) as {
    readonly entries: readonly Entry[];
    readonly findings: Entry["findings"];
  };
  const own = (await host.must("openssl x509 -in /etc/tls/chat.pem -outform DER | sha256sum")).split(" ")[0];
  expect(await host.must("openssl x509 -in /etc/tls/chat.pem -noout -ext subjectAltName")).toContain(
    "SRVName:_xmpp-client.example.net, othername: XmppAddr:example.net",
  );
  expect(entries.map((entry) => [entry.url, entry.ok, entry.leaf?.sha256 === own, told(entry)])).toEqual(
    ["xmpps-client", "xmpp-client", "xmpps-server", "xmpp-server"].map((scheme, index) => [
      `${scheme}://example.net:${[5223, 5222, 5270, 5269][index]}`,
      true,
      true,
      [],
    ]),
  );
  expect(findings).toMatchObject([{ check: "srv-target", severity: "info" }]);
});
