// What root alone may read stays root's, on a real host: whatever a proxy's words and environment name; and one that mailcert cannot vouch for is told as one that runs.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { pretending } from "./pretending.ts";
import { installHaproxy, installStunnel, startBehind } from "./proxies-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { folder, leafOf, makePair, openPorts, served } from "./server-judge.ts";

const config = "/etc/haproxy/haproxy.cfg";
const token = "/etc/mailcert/secrets/dns-token";
const secret = "SECRET-TOKEN-OF-ROOT-4711";
const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
const backend = "backend mail\n server imap 127.0.0.1:9143\n";
const stop =
  "for p in haproxy stunnel4 stunnel; do pkill -9 -x $p; while pgrep -x $p; do sleep 0.05; done; done; rm -f /run/haproxy.pid; rm -rf /etc/haproxy; cp -a /root/haproxy /etc/haproxy";

let host: MailHost;
beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", proxies: true });
  await Promise.all([
    installHaproxy(host),
    installStunnel(host),
    installDriver(host),
    makePair(host, "/etc/ssl/before", "ecdsa", "before.example.org"),
    makePair(host, "/etc/ssl/other", "ecdsa", "secret.example.org"),
  ]);
  await startBehind(host);
  await host.write("/usr/local/lib/pretend.pl", pretending);
  await host.write(token, `${secret}\n`, "600");
  const yaml = "certificates:\n  mail.example.org:\n    issuer: self-signed\n    servers: [haproxy]\n";
  await host.write("/etc/mailcert/mailcert.yaml", yaml);
  // Debian's program, with the setuid bit that sudo has; and nobody needs root for a port.
  await host.must(
    `chmod 700 /etc/ssl/other; cp -a /etc/haproxy /root/haproxy; useradd mailproxy; chmod 755 /home/alice; cp "$(readlink -f "$(command -v perl)")" /usr/local/bin/waits; chmod 4755 /usr/local/bin/waits; ln -s /usr/local/bin/waits /home/alice/haproxy; sysctl -qw net.ipv4.ip_unprivileged_port_start=0`,
  );
});
afterAll(() => host?.stop());
beforeEach(() => host.must(stop));

/** What HAProxy has beside Debian's configuration; then `start`, and the certificate is deployed. */
const begin = async (text: string, start: string): Promise<void> => {
  await host.must(`cat >> ${config}`, { input: `${text}${backend}` });
  await host.must(start);
  await expect.poll(() => openPorts(host, "haproxy"), { timeout: 20_000 }).toEqual([993]);
  await host.mailcert(["issue"]);
  await host.mailcert(["deploy", "--yes"]);
};
const frontend = (crt = "/etc/ssl/before/combined.pem"): string =>
  `frontend imaps\n bind :993 ssl crt ${crt}\n default_backend mail\n`;

const asServed = async (): Promise<void> =>
  expect.poll(() => served(host, imaps, "ecdsa"), { timeout: 10_000 }).toBe(await leafOf(host, `${folder}/live/ecdsa`));

/** Another process of that name, with these words. */
const pretend = async (words: readonly string[], user: string, program = "perl"): Promise<() => Promise<void>> => {
  const before = Number((await host.exec("pgrep -cx haproxy")).stdout);
  const child = host.spawn(
    [...program.split(" "), "/usr/local/lib/pretend.pl", ...words],
    user === "root" ? {} : { user },
  );
  await expect
    .poll(async () => Number((await host.exec("pgrep -cx haproxy")).stdout), { timeout: 30_000 })
    .toBe(before + 1);
  return async () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    if (child.kill("SIGKILL")) await ended;
    await host.exec("pkill -9 -f pretend.pl");
  };
};

const told = async (): Promise<string> =>
  (
    await host.exec(`cat ${folder}/state.json; mailcert status || /opt/mailcert/bin/mailcert.js status`, {
      user: "alice",
    })
  ).stdout + (await host.mailcert(["status"])).stdout;

test("words name a file of root's alone: no program runs on it, nobody reads a word of it, and the renewal goes on", async () => {
  await begin(frontend(), `haproxy -D -f ${config} -p /run/haproxy.pid`);
  // The worker, taken over: it wrote other words over its own, and root's pid file names it.
  let end = await pretend(["-D", "-f", config, "-f", token, "-p", "/run/haproxy.pid"], "haproxy");
  await host.must("pgrep -nx haproxy > /run/haproxy.pid");
  let renewed = await host.mailcert(["renew", "--force"]);
  expect(renewed.stdout + renewed.stderr).not.toMatch(/SECRET|root:[$*!]/);
  expect(renewed.status, renewed.stdout).toBe(0);
  await asServed();
  expect(await told()).not.toMatch(/SECRET|root:[$*!]/);
  await end();
  await host.must("pgrep -nx haproxy > /run/haproxy.pid");
  // sudo that waits for a password: all of its ids are root's, its name and its words are those of whoever started it.
  await host.must("rm -f /run/haproxy.pid");
  end = await pretend(["--", config, "/etc/shadow"], "root", "/home/alice/haproxy");
  renewed = await host.mailcert(["renew", "--force"]);
  expect(renewed.status, renewed.stdout).toBe(0);
  await asServed();
  expect(await told()).not.toMatch(/root:[$*!]/);
  await end();
}, 120_000);

test("what HAProxy says of a file that not everybody may read is said without its words", async () => {
  await begin(frontend(), `haproxy -W -D -f ${config} -p /run/haproxy.pid`);
  await host.must(`chmod 640 ${config}; echo 'userlist ${secret} ${secret}' >> ${config}`);
  const renewed = await host.mailcert(["renew", "--force"]);
  expect(renewed.status).toBe(1);
  expect(renewed.stdout).toMatch(/haproxy\.cfg line \d+, in words that are left out here: not everybody may read/);
  expect(renewed.stdout + (await told())).not.toContain("SECRET");
  // As everybody may read it, they are of use.
  await host.must(`chmod 644 ${config}`);
  expect((await host.mailcert(["renew", "--force"])).stdout).toContain(secret);
});

test("the environment of a process that is not root's chooses no key; what root gives it does", async () => {
  await host.write("/etc/default/haproxy", "TLS=/etc/ssl/before/combined.pem\n", "644");
  const start = `TLS=/etc/ssl/before/combined.pem haproxy -D -f ${config} -p /run/haproxy.pid`;
  await begin(frontend('"${TLS}"'), start);
  const real = (await host.read("/run/haproxy.pid")).trim();
  const end = await pretend(
    ["-D", "-f", config, "-p", "/run/haproxy.pid"],
    "haproxy",
    "env TLS=/etc/ssl/other/combined.pem perl",
  );
  await host.must("pgrep -nx haproxy > /run/haproxy.pid");
  const renewed = await host.mailcert(["renew", "--force"]);
  expect(renewed.status).toBe(1);
  expect(renewed.stdout).toContain("whoever works as that user can write any value there");
  expect(await served(host, imaps, "ecdsa", "secret.example.org")).not.toBe(await leafOf(host, "/etc/ssl/other"));
  await end();
  await host.must(`echo ${real} > /run/haproxy.pid`);
  const again = await host.mailcert(["renew", "--force"]);
  expect(again.status, again.stdout).toBe(0);
  await asServed();
  await host.must("rm /etc/default/haproxy");
}, 120_000);

test("a HAProxy without root's rights is known by its account; of another user it is told as one that runs, with what mends it", async () => {
  await host.must(
    `sed -i -E '/^\\s*(chroot|user|group|stats)\\b/d' ${config}; usermod -aG haproxy mailproxy; chgrp -R haproxy /etc/ssl/before; chmod -R g+rX /etc/ssl/before`,
  );
  const as = (user: string): string =>
    `setpriv --reuid=${user} --regid=${user} --init-groups haproxy -W -D -f ${config}`;
  // As in the official image.
  await begin(frontend(), as("haproxy"));
  await asServed();
  const renewed = await host.mailcert(["renew", "--force"]);
  expect(renewed.status, renewed.stdout).toBe(0);
  await asServed();
  await host.must(`pkill -9 -x haproxy; while pgrep -x haproxy; do sleep 0.05; done; ${as("mailproxy")}`);
  await expect.poll(() => openPorts(host, "haproxy"), { timeout: 20_000 }).toEqual([993]);
  const doubted = await host.mailcert(["renew", "--force"]);
  const words =
    /haproxy runs as PID \d+, but mailcert does not take its word: nothing of root's says that it works as uid/i;
  expect(doubted.status).toBe(1);
  expect(doubted.stdout).toMatch(words);
  expect(doubted.stdout).toContain("still does not serve the new certificate");
  const status = await host.mailcert(["status"]);
  expect(status.stdout).toMatch(words);
  expect(status.stdout).toContain("global: user NAME");
  expect(doubted.stdout + status.stdout).not.toContain("not running");
  expect((await host.mailcert(["doctor"])).stdout.replaceAll(/\s+/g, " ")).toMatch(words);
  await host.must(`sed -i '/^global/a user mailproxy' ${config}`);
  const mended = await host.mailcert(["renew", "--force"]);
  expect(mended.status, mended.stdout).toBe(0);
  await asServed();
  expect((await host.mailcert(["status"])).stdout).not.toMatch(words);
}, 120_000);

test("root's own from elsewhere is root's, and a stunnel is known by the same rules", async () => {
  const [haproxy, stunnel] = [remoteServer(host, "haproxy"), remoteServer(host, "stunnel")];
  await host.must(
    `install -d /opt/proxy; cp -a /usr/sbin/haproxy ${config} /opt/proxy/; chmod g+w /opt/proxy/haproxy.cfg`,
  );
  await host.must("cat >> /opt/proxy/haproxy.cfg", { input: `${frontend()}${backend}` });
  await host.must("/opt/proxy/haproxy -W -D -f /opt/proxy/haproxy.cfg");
  await expect.poll(() => openPorts(host, "haproxy"), { timeout: 20_000 }).toEqual([993]);
  expect(await haproxy.detect()).toMatchObject([{ configDir: "/opt/proxy", running: true }]);
  await host.must(stop);

  const text = `[imaps]\naccept = 993\nconnect = 127.0.0.1:9143\ncert = /etc/ssl/before/combined.pem\n`;
  await host.write("/var/etc/own.conf", text, "644");
  await host.must("stunnel4 /var/etc/own.conf 2>&1");
  expect(await stunnel.detect()).toMatchObject([{ id: "stunnel/var/etc/own", running: true }]);
  await host.must(stop);

  await host.write("/etc/stunnel/mail.conf", text, "644");
  await host.must("chmod -R a+rX /etc/ssl/before");
  const start = async (user: string): Promise<void> => {
    await host.must(
      `${stop}; setpriv --reuid=${user} --regid=${user} --clear-groups stunnel4 /etc/stunnel/mail.conf 2>&1`,
    );
    await expect.poll(() => openPorts(host, "stunnel4"), { timeout: 20_000 }).toEqual([993]);
  };
  await start("stunnel4");
  const [known] = await stunnel.detect();
  expect(known).toMatchObject({ id: "stunnel-mail", running: true, keyGroup: "stunnel4" });
  expect(known).not.toHaveProperty("doubt");
  await start("mailproxy");
  const [doubted] = await stunnel.detect();
  if (!doubted) throw new Error("not detected");
  expect(doubted).toMatchObject({
    id: "stunnel-mail",
    running: true,
    doubt: { mend: expect.stringContaining("setuid") as string },
  });
  await host.must("sleep 0.3; touch /etc/stunnel/mail.conf");
  await expect(stunnel.reload(doubted)).rejects.toMatchObject({ kind: "unavailable" });
  await host.must("chmod -R go-rwx /etc/ssl/before");
});
