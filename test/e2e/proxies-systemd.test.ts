// Proxies that somebody started by hand on a host of systemd: nothing that mailcert starts ends with mailcert's own unit, and no second one is started beside it.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { installHaproxy, installStunnel, startBehind } from "../lab/proxies-host.ts";
import { installDriver, remoteServer } from "../lab/remote-server.ts";
import { leafOf, makePair, served } from "../lab/server-judge.ts";
import { eventually, folder, name } from "./deployed-host.ts";

const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", proxies: true, systemd: true });
  await makePair(host, "/etc/ssl/before", "ecdsa", "before.example.org");
  await Promise.all([installHaproxy(host), installStunnel(host)]);
  await startBehind(host);
  await host.must("cat >> /etc/haproxy/haproxy.cfg", {
    input: `frontend imaps\n bind "$ADDRESS:993" ssl crt /etc/ssl/before/combined.pem\n bind 127.0.0.1:993 ssl crt /etc/ssl/before/combined.pem\n default_backend mail\nbackend mail\n server imap 127.0.0.1:9143\n`,
  });
  await host.write(
    "/etc/stunnel/mail.conf",
    "setuid = stunnel4\nsetgid = stunnel4\npid = /run/stunnel4/mail.pid\n[imap]\naccept = 127.0.0.1:143\nprotocol = imap\nconnect = 127.0.0.1:9143\ncert = /etc/ssl/before/combined.pem\n",
  );
  await host.must(
    "systemctl stop haproxy 2>/dev/null; ADDRESS=192.0.2.10 haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid && stunnel4 /etc/stunnel/mail.conf 2>&1",
  );
}, 60_000);
afterAll(() => host?.stop());

/** In the timer's own unit, with its sandbox: what is left of it when it ends is killed. */
const inUnit = async (args: string) => {
  await host.write(
    "/etc/systemd/system/mailcert.service.d/test.conf",
    `[Service]\nExecStart=\nExecStart=/usr/local/bin/mailcert ${args}\nStandardOutput=truncate:/root/out\nStandardError=truncate:/root/err\n`,
  );
  const script = "systemctl daemon-reload; systemctl start mailcert; systemctl show -P ExecMainStatus mailcert";
  const status = Number(await host.must(script, { timeoutMs: 100_000 }));
  return { status, stdout: await host.read("/root/out"), stderr: await host.read("/root/err") };
};
const haproxyPid = async (): Promise<string> => (await host.read("/run/haproxy.pid")).trim();
const serves = (): Promise<void> =>
  eventually(async () => (await served(host, imaps, "ecdsa")) === (await leafOf(host, `${folder}/live/ecdsa`)));

it("a successor of HAProxy runs on, with its own environment, when the run is over; a stunnel by hand is left running and told", async () => {
  const first = await haproxyPid();
  const stunnel = await host.must("pidof stunnel4");
  await host.write("/etc/mailcert/mailcert.yaml", `certificates:\n  ${name}:\n    servers: [haproxy, stunnel]\n`);
  await host.mailcert(["schedule", "install"], { timeoutMs: 100_000 });
  await host.mailcert(["issue"]);
  const done = await inUnit("deploy --yes");
  expect(done.stdout).toContain("the stunnel of /etc/stunnel/mail.conf (setuid) must be restarted, and its process");
  expect(done.stdout).toContain("belongs to no unit of systemd");
  expect(done.stdout).toMatch(/proven +993 /);
  expect(done.status, done.stdout + done.stderr).toBe(1);
  expect(await host.must("pidof stunnel4")).toBe(stunnel);
  await serves();
  expect(await host.must(["systemctl", "is-active", `mailcert-haproxy-after-${first}`])).toBe("active\n");
  expect(await host.must("ss -Hltn 'sport = :993'")).toContain("192.0.2.10:993");
  // Its successor's successor, for one that has a unit of ours.
  const second = await haproxyPid();
  await inUnit("renew --force");
  await serves();
  expect(await haproxyPid()).not.toBe(second);
  expect(await host.must(["systemctl", "is-active", `mailcert-haproxy-after-${second}`])).toBe("active\n");
}, 120_000);

it("one that has a unit is systemd's to restart, and the report says that sessions end", async () => {
  await host.must("kill $(pidof haproxy) $(pidof stunnel4); while pidof haproxy stunnel4; do sleep 0.05; done");
  await host.write(
    "/etc/systemd/system/proxy.service",
    "[Service]\nType=forking\nPIDFile=/run/haproxy.pid\nEnvironment=ADDRESS=192.0.2.10\nExecStart=haproxy -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid\n",
  );
  await host.must(
    "sed -i '1i foreground = yes' /etc/stunnel/mail.conf; systemctl daemon-reload && systemctl start proxy stunnel@mail",
  );
  const pids = async () => [await haproxyPid(), (await host.must("pidof stunnel4")).trim()];
  await eventually(async () => (await host.exec("pidof stunnel4")).status === 0);
  const before = await pids();
  const renewed = await inUnit("renew --force --new-key");
  expect(renewed.stdout).toContain("it runs without a master process, and proxy.service has no way to reload it");
  expect({ status: renewed.status, stderr: renewed.stderr }, renewed.stdout).toEqual({ status: 0, stderr: "" });
  await serves();
  const after = await pids();
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  // What they have read long ago is no reason to end sessions.
  expect((await inUnit("deploy")).status).toBe(0);
  expect(await pids()).toEqual(after);
  // Nor is what it makes itself when it starts: Debian's configuration has a socket, and the unit a pid file.
  await host.must("grep '^[[:space:]]*stats socket' /etc/haproxy/haproxy.cfg; sleep 0.3; systemctl restart proxy");
  await installDriver(host);
  const haproxy = remoteServer(host, "haproxy");
  const [installation] = await haproxy.detect();
  if (!installation) throw new Error("not detected");
  const settled = await pids();
  await haproxy.reload(installation);
  expect(await pids()).toEqual(settled);
  await host.must("touch /etc/haproxy/haproxy.cfg");
  await haproxy.reload(installation);
  expect((await pids())[0]).not.toBe(settled[0]);
  expect(await host.must("systemctl is-active proxy stunnel@mail")).toBe("active\nactive\n");
}, 120_000);
