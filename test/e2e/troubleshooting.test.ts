// docs/troubleshooting.md says what stands in a server's log: each of its lines is made to happen on both Debian releases, and looked for there.
import { describe, expect, it } from "vitest";
import { readMarkdown } from "../docs/markdown.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

type Suite = MailHost["suite"];

/** The first two columns of the page's table: words of the log, and the server that says them. */
const rows = (): readonly (readonly [string, string])[] => {
  const page = readMarkdown("docs/troubleshooting.md");
  const section = page.slice(page.indexOf("## What the server's log says"), page.indexOf("## Permission denied"));
  return [...section.matchAll(/^\| `(.+?)` +\| ([\w. ]+?) +\|/gm)].map(([, words = "", server = ""]) => [
    words,
    server,
  ]);
};

const tls = (port: number, more = ""): string =>
  `timeout 5 openssl s_client -connect 127.0.0.1:${port} ${more} </dev/null >/dev/null 2>&1; true`;
const curl = (url: string): string => `curl --silent --max-time 2 ${url} >/dev/null 2>&1; true`;
const starttls = curl("--ssl-reqd --insecure smtp://127.0.0.1:25");

const dovecot = (cert: string, key: string, then: string): readonly [string, string] => [
  `printf "$CERT = $MARK%s\\n$KEY = $MARK%s\\n" ${cert} ${key} >/etc/dovecot/conf.d/99-fault.conf; doveadm reload`,
  then,
];
const postfix = (settings: string, then = starttls): readonly [string, string] => [
  `cd /srv/t && postconf ${settings} && postfix reload`,
  then,
];
const noLegacy = `smtpd_tls_cert_file= smtpd_tls_key_file=`;
const noChain = "smtpd_tls_chain_files=";
const mismatched = postfix(`${noLegacy} smtpd_tls_chain_files=/srv/t/mismatched.pem`);

/** What leads to the words: a change of the server, and what a client does then, again and again until they come. */
const faults: Readonly<Record<string, readonly [string, string]>> = {
  "Can't load SSL private key (ssl_key setting): Key is for a different cert than ssl_cert": dovecot(
    "/srv/t/a.pem",
    "/srv/t/b.key",
    tls(993),
  ),
  "Can't load SSL private key (ssl_server_key_file setting): Key file is for a different certificate file": dovecot(
    "/srv/t/a.pem",
    "/srv/t/b.key",
    tls(993),
  ),
  "ssl_cert: Can't open file ...: No such file or directory": dovecot("/srv/t/no.pem", "/srv/t/a.key", "true"),
  "ssl_server_cert_file: open(...) failed: No such file or directory": dovecot("/srv/t/no.pem", "/srv/t/a.key", "true"),
  "There is no valid PEM certificate.": dovecot("/srv/t/hello.pem", "/srv/t/a.key", tls(993)),
  "The file contains a private key (you've mixed ssl_cert and ssl_key settings)": dovecot(
    "/srv/t/a.key",
    "/srv/t/a.pem",
    tls(993),
  ),
  "The file contains a private key (you've mixed ssl_server_cert_file and ssl_server_key_file settings)": dovecot(
    "/srv/t/a.key",
    "/srv/t/a.pem",
    tls(993),
  ),
  "tlsv1 alert unknown ca: SSL alert number 48": dovecot("/srv/t/a.pem", "/srv/t/a.key", curl("imaps://127.0.0.1/")),
  "alert bad certificate: SSL alert number 42": dovecot(
    "/srv/t/a.pem",
    "/srv/t/a.key",
    "timeout 5 gnutls-cli -p 993 mail.example.org </dev/null >/dev/null 2>&1; true",
  ),
  "SSL_accept() failed: ...wrong version number": dovecot(
    "/srv/t/a.pem",
    "/srv/t/a.key",
    "bash -c \"exec 3<>/dev/tcp/127.0.0.1/993; printf 'a LOGIN alice x\\r\\n' >&3; timeout 1 cat <&3; true\"",
  ),
  "SSL_accept() failed: ...unsupported protocol": dovecot(
    "/srv/t/a.pem",
    "/srv/t/a.key",
    tls(993, "-tls1_1 -cipher ALL:@SECLEVEL=0"),
  ),
  "SSL_accept() failed: ...no shared cipher": dovecot(
    "/srv/t/a.pem",
    "/srv/t/a.key",
    tls(993, "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256"),
  ),
  "key at index 1 in ... does not match next certificate": mismatched,
  "error loading private keys and certificates from: ...: disabling TLS support": postfix(
    `${noLegacy} smtpd_tls_chain_files=/srv/t/other-kind.pem`,
  ),
  "x509 certificate routines::key values mismatch": postfix(
    `${noChain} smtpd_tls_cert_file=/srv/t/a.pem smtpd_tls_key_file=/srv/t/b.key`,
  ),
  'cannot get RSA certificate from file "...": disabling TLS support': postfix(
    `${noChain} smtpd_tls_cert_file=/srv/t/no.pem smtpd_tls_key_file=/srv/t/no.key`,
  ),
  "error opening chain file: ...: No such file or directory": postfix(
    `${noLegacy} smtpd_tls_chain_files=/srv/t/no.pem`,
  ),
  "error loading chain from ...: key not first": postfix(`${noLegacy} smtpd_tls_chain_files=/srv/t/key-last.pem`),
  "Both smtpd_tls_chain_files and one or more of the legacy ...are non-empty": postfix(
    "smtpd_tls_chain_files=/srv/t/combined.pem smtpd_tls_cert_file=/srv/t/a.pem smtpd_tls_key_file=/srv/t/a.key",
  ),
  "lost connection after STARTTLS": mismatched,
  "TLS library problem: ...tlsv1 alert unknown ca": postfix(
    `${noLegacy} smtpd_tls_chain_files=/srv/t/combined.pem`,
    curl("--ssl-reqd smtp://127.0.0.1:25"),
  ),
  "improper command pipelining after CONNECT": postfix(
    `${noLegacy} smtpd_tls_chain_files=/srv/t/combined.pem`,
    tls(25),
  ),
};

const names: Readonly<Record<Suite, readonly string[]>> = {
  bookworm: ["CERT=ssl_cert", "KEY=ssl_key", "MARK=<"],
  trixie: ["CERT=ssl_server_cert_file", "KEY=ssl_server_key_file", "MARK="],
};
const versions: Readonly<Record<Suite, string>> = { bookworm: "Dovecot 2.3", trixie: "Dovecot 2.4" };

const prepare = `mkdir -p /srv/t && cd /srv/t && echo hello >hello.pem && for one in a b; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=mail.example.org -addext subjectAltName=DNS:mail.example.org -keyout $one.key -out $one.pem 2>/dev/null
done; openssl genrsa -out rsa.key 2>/dev/null; cat rsa.key a.pem >other-kind.pem; cat b.key a.pem >mismatched.pem; cat a.pem a.key >key-last.pem; cat a.key a.pem >combined.pem`;

/** Changes the server, then acts as the client until the log has the words; what it has otherwise. */
const provoke = async (host: MailHost, words: string, fault: readonly [string, string]): Promise<string> => {
  const [change, act] = fault;
  const pattern = words.replaceAll(/[.*[\]\\^$]/g, "\\$&").replaceAll("\\.\\.\\.", ".*");
  const script = `from=$(($(wc -l </var/log/mail.log) + 1)); ${change} >/dev/null 2>&1
    for i in $(seq 40); do ${act}; tail -n +$from /var/log/mail.log | grep -q -e "$1" && exit 0; sleep 0.25; done
    tail -n +$from /var/log/mail.log; exit 1`;
  const env = Object.fromEntries(names[host.suite].map((one) => one.split(/=(.*)/s) as [string, string]));
  const { status, stdout } = await host.exec(["bash", "-c", script, "provoke", pattern], { env, timeoutMs: 120_000 });
  return status === 0 ? "" : `${words}\n${stdout}`;
};

describe("the server's log", () => {
  it("each line of the page has its fault here, and the other way round", () => {
    expect(rows().map(([words]) => words)).toEqual(Object.keys(faults));
  });

  it.concurrent.each(["bookworm", "trixie"] as const)("%s", { timeout: 300_000 }, async (suite) => {
    const host = await startMailHost({ suite });
    try {
      await Promise.all([host.startDovecot(), host.startPostfix()]);
      await host.must(prepare);
      const told = rows().filter(([, server]) => ["Dovecot", "Postfix", versions[suite]].includes(server));
      expect(told.length).toBeGreaterThan(15);
      const missing: string[] = [];
      for (const [words] of told) {
        const fault = faults[words];
        if (fault !== undefined) missing.push(await provoke(host, words, fault));
      }
      expect(missing.filter((one) => one !== "")).toEqual([]);
    } finally {
      await host.stop();
    }
  });
});
