// nginx, HAProxy and stunnel in front of Dovecot under one certificate, from setup to removal: lines changed after a yes only, every port proven, renewals that ask nobody, nothing left behind.
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { installHaproxy, installNginx, installStunnel } from "../lab/proxies-host.ts";
import { leafOf, makePair, snapshot } from "../lab/server-judge.ts";
import { all, leaves, name } from "./deployed-host.ts";

const old = "/etc/ssl/before";
const ports = [465, 993, 995];
const setup = ["setup", name, "--schedule", "none", "--key", "ecdsa", "--key", "rsa"];
let host: MailHost;
let before: string;

const configuration = async (): Promise<string> =>
  (await Promise.all(["/etc/nginx", "/etc/haproxy", "/etc/stunnel"].map((folder) => snapshot(host, folder)))).join(
    "\n",
  );

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", proxies: true });
  await makePair(host, old, "rsa", "before.example.org");
  await installNginx(host);
  await installHaproxy(host);
  await installStunnel(host);
  const off = (service: string, listener: string): string =>
    `service ${service} {\n inet_listener ${listener} {\n  port = 0\n }\n}\n`;
  // Its own reload would end sessions that are logged in; what the proxies do is looked at here.
  const keep = "shutdown_clients = no\n";
  await host.write(
    "/etc/dovecot/conf.d/99-behind.conf",
    keep + off("imap-login", "imaps") + off("pop3-login", "pop3s"),
  );
  await host.must("cat >> /etc/haproxy/haproxy.cfg", {
    input: `frontend imaps\n bind :993 ssl crt ${old}/combined.pem\n default_backend dovecot\nbackend dovecot\n server imap 127.0.0.1:143\n`,
  });
  await host.write(
    "/etc/nginx/proxies/pop3s.conf",
    `stream {\n server {\n  listen 995 ssl;\n  ssl_certificate_key ${old}/privkey.pem;\n  ssl_certificate ${old}/cert.pem;\n  proxy_pass 127.0.0.1:110;\n }\n}\n`,
  );
  await host.write(
    "/etc/stunnel/mail.conf",
    `setuid = stunnel4\nsetgid = stunnel4\npid = /run/stunnel4/mail.pid\n[submissions]\naccept = 465\nconnect = 127.0.0.1:143\ncert = ${old}/combined.pem\n`,
  );
  await host.startDovecot([110, 143, 4190]);
  await host.must(
    "rm -f /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti; nginx && haproxy -W -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid && stunnel4 /etc/stunnel/mail.conf 2>&1",
  );
  before = await configuration();
});
afterAll(() => host?.stop());

it("a dry run shows what would be asked; after a yes every port of every proxy is proven", async () => {
  const planned = await host.mailcert([...setup, "--dry-run"]);
  for (const change of [
    "after a yes: write /etc/nginx/mailcert.conf",
    "after a yes: /etc/nginx/proxies/pop3s.conf line 4: ",
    "crt-list /etc/haproxy/mailcert.crt-list crt /etc/ssl/before/combined.pem",
    "include = /etc/stunnel/mailcert-mail.d",
  ])
    expect(planned.stdout).toContain(change);
  expect(await configuration()).toBe(before);
  const done = await host.mailcert([...setup, "--yes"]);
  expect({ status: done.status, stderr: done.stderr }).toEqual({ status: 0, stderr: "" });
  expect(done.stdout).toContain("served and proven at every entry point");
  for (const port of ports) expect(done.stdout).toMatch(new RegExp(`proven +${port} `));
});

it("a renewal asks nobody, is served at every port, and no session through HAProxy or nginx ends", async () => {
  const spoken = [
    { port: 993, login: "a LOGIN alice alice-secret\r\n", in: "a OK", later: "b NOOP\r\n", answer: "b OK" },
    { port: 995, login: "USER alice\r\nPASS alice-secret\r\n", in: "Logged in", later: "NOOP\r\n", answer: "+OK" },
  ];
  const told = spoken.map(() => "");
  const sessions = spoken.map(({ port }) =>
    host.spawn(`openssl s_client -quiet -connect 127.0.0.1:${port} 2>/dev/null`),
  );
  for (const [index, session] of sessions.entries()) {
    session.stdout.on("data", (part: Buffer) => (told[index] += part.toString()));
    await once(session.stdout, "data");
    session.stdin.write(spoken[index]?.login ?? "");
  }
  const expectTold = (words: readonly string[]): Promise<void> =>
    expect.poll(() => told, { timeout: 20_000 }).toEqual(words.map((word) => expect.stringContaining(word) as string));
  await expectTold(spoken.map((one) => one.in));
  const was = await leaves(host, ports);
  const renewed = await host.mailcert(["renew", "--force", "--new-key", "--json"]);
  expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
  const fresh = await leafOf(host, `/var/lib/mailcert/certificates/${name}/live/ecdsa`);
  for (const port of ports) expect(fresh).not.toBe(was[port]);
  // A worker of before that is told to end may take a last connection.
  await expect.poll(() => leaves(host, ports), { timeout: 10_000 }).toEqual(all(ports, fresh));
  for (const [index, session] of sessions.entries()) {
    told[index] = "";
    session.stdin.write(spoken[index]?.later ?? "");
  }
  await expectTold(spoken.map((one) => one.answer));
});

it("deploy --remove leaves nothing behind, and the proxies serve what they served", async () => {
  const removed = await host.mailcert(["deploy", "--remove"]);
  expect({ status: removed.status, stderr: removed.stderr }).toEqual({ status: 0, stderr: "" });
  expect(await configuration()).toBe(before);
  const theirs = await leafOf(host, old);
  await expect
    .poll(async () => Object.values(await leaves(host, ports)), { timeout: 20_000 })
    .toEqual(ports.map(() => theirs));
});
