// Whose word a process is, on real hosts: names, words and environments that a local user made up never reach what root reads or runs.
import { afterEach, expect, test } from "vitest";
import { frontends, haproxyLab } from "./haproxy-host.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { pretending } from "./pretending.ts";
import { installHaproxy } from "./proxies-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { makePair, openPorts } from "./server-judge.ts";

const lua = 'os.execute("id > /tmp/pwned")';
const configuration = (folder: string): string =>
  `global\n user alice\n lua-load ${folder}/evil.lua\ndefaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend f\n bind :993 ssl crt /etc/ssl/before/rsa/combined.pem\n default_backend b\nbackend b\n server s 127.0.0.1:143\n`;

const nothingRan = async (host: MailHost): Promise<void> => {
  expect((await host.exec("ls /tmp/pwned")).stdout).toBe("");
};

const isCalledHaproxy = (host: MailHost): Promise<void> =>
  expect.poll(async () => (await host.exec("pgrep -x haproxy")).status, { timeout: 30_000 }).toBe(0);

const lab = haproxyLab("trixie");
let booted: MailHost | undefined;
afterEach(async () => {
  await booted?.stop();
  booted = undefined;
});

test("a setuid program that somebody started by that name is his, with the file that it names and with the words themselves as a file; a program of root's that a package replaced stays root's", async () => {
  await lab.ready({ frontends }, [465, 993, 995]);
  const { host, server } = lab;
  await host.write("/usr/local/lib/pretend.pl", pretending);
  // Of root's, in a file that others may change: it is root who runs that.
  await host.must(
    "kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done; rm -f /run/haproxy.pid; install -d -o alice /srv/alice; cp /etc/haproxy/haproxy.cfg /srv/alice/; chown alice /srv/alice/*",
  );
  await host.must("haproxy -W -D -f /srv/alice/haproxy.cfg");
  await lab.settled([465, 993, 995]);
  const asOfRoot = [{ configDir: "/srv/alice", running: true }];
  expect(await server.detect()).toMatchObject(asOfRoot);
  await host.must("cp -a /usr/sbin/haproxy /usr/sbin/haproxy.new && mv /usr/sbin/haproxy.new /usr/sbin/haproxy");
  expect(await host.must("readlink /proc/$(pgrep -ox haproxy)/exe")).toBe("/usr/sbin/haproxy (deleted)\n");
  expect(await server.detect()).toMatchObject(asOfRoot);
  await host.must("kill $(pidof haproxy); while pidof haproxy; do sleep 0.05; done");

  await host.write("/home/alice/x/evil.lua", lua, "644");
  await host.write("/home/alice/x/evil.cfg", configuration("/home/alice/x"), "644");
  await host.must("chown -R alice /home/alice/x; chmod 755 /home/alice; ln -s /bin/su /home/alice/x/haproxy");
  // `su` waits for a password. Its first word is whatever the one who starts it likes.
  const words =
    'open my $file, "<", "/home/alice/x/evil.cfg"; local $/; exec { "/home/alice/x/haproxy" } "\n" . <$file>, @ARGV';
  await host.write("/usr/local/lib/su.pl", words);
  const su = host.spawn(["sh", "-c", "sleep 600 | perl /usr/local/lib/su.pl root -f /home/alice/x/evil.cfg"], {
    user: "alice",
  });
  await isCalledHaproxy(host);
  // What it says of itself is a file of root's in a folder of root's, too.
  const pid = (await host.must("pgrep -x haproxy")).trim();
  expect(await host.must(`stat -c %U /proc/${pid} /proc/${pid}/cmdline`)).toBe("root\nroot\n");
  const last = host.spawn(["perl", "/usr/local/lib/pretend.pl", "-f", `/proc/${pid}/cmdline`], { user: "alice" });
  await expect.poll(async () => (await host.must("pgrep -cx haproxy")).trim(), { timeout: 30_000 }).toBe("2");
  expect(await server.detect()).toMatchObject([{ configDir: "/etc/haproxy", running: false }]);
  await host.mailcert(["doctor"]);
  await nothingRan(host);
  last.kill("SIGKILL");
  su.kill("SIGKILL");
});

test("the main process of a unit with a user of its own wrote other words over its own: the unit's are believed, and what its user can change is not run", async () => {
  booted = await startMailHost({ suite: "trixie", proxies: true, systemd: true });
  const host = booted;
  await Promise.all([installDriver(host), installHaproxy(host)]);
  await makePair(host, "/etc/ssl/before/rsa", "rsa", "before.example.org");
  await host.write("/opt/pretend.pl", pretending, "755");
  await host.must("install -d -o haproxy /srv/evil; rm -f /run/haproxy.pid");
  await host.write("/srv/evil/evil.lua", lua, "644");
  await host.write("/srv/evil/evil.cfg", configuration("/srv/evil"), "644");
  await host.must("cat >> /etc/haproxy/haproxy.cfg", { input: frontends.replace(/\tbind 127.*\n/, "") });
  const server = remoteServer(host, "haproxy");
  const start = async (exec: string): Promise<void> => {
    const unit = `[Service]\nUser=haproxy\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nExecStart=${exec}\n`;
    await host.write("/etc/systemd/system/proxy.service", unit, "644");
    await host.must("systemctl daemon-reload; systemctl restart proxy");
    await isCalledHaproxy(host);
  };
  await start("/usr/bin/perl /opt/pretend.pl -f /srv/evil/evil.cfg");
  expect(await server.detect()).toMatchObject([{ configDir: "/etc/haproxy", running: false }]);
  await host.mailcert(["doctor"]);
  await nothingRan(host);
  // A real one: its file is root's, and it is known with nothing but its unit's words.
  await host.must(
    "cp -a /etc/haproxy /opt/haproxy; sed -i -E '/^\\s*(chroot|user|group|stats)\\b/d' /opt/haproxy/haproxy.cfg; chgrp haproxy /etc/ssl/before/rsa/*; chmod g+r /etc/ssl/before/rsa/*",
  );
  await start("/usr/sbin/haproxy -db -f /opt/haproxy/haproxy.cfg");
  await expect.poll(() => openPorts(host, "haproxy"), { timeout: 20_000 }).toEqual([993]);
  const [found] = await server.detect();
  if (!found) throw new Error("not detected");
  expect(found).toMatchObject({ configDir: "/opt/haproxy", running: true });
  await server.check(found);
  await host.must("chown haproxy /opt/haproxy/haproxy.cfg");
  await expect(server.check(found)).rejects.toMatchObject({
    kind: "config",
    message: expect.stringMatching(/its owner \(uid \d+\) can change \/opt\/haproxy\/haproxy\.cfg/) as string,
  });
  await nothingRan(host);
});
