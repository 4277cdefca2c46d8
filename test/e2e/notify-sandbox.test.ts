// The hourly unit tells people out of its sandbox: mail through Postfix's sendmail, and the textfile in its folder.
import { expect, it } from "vitest";
import { startMailHost } from "../lab/mail-host.ts";

it("mail arrives, and the textfile is written, by the unit that schedule install wrote", async () => {
  const host = await startMailHost({ suite: "trixie", systemd: true });
  try {
    await host.startPostfix();
    await host.must("mkdir -p /srv/collector /var/lib/mailcert");
    await host.write(
      "/etc/mailcert/mailcert.yaml",
      `notify: { mail: alice@mail.example.org, prometheus: /srv/collector/mailcert.prom }
certificates:
  mail.example.org: { issuer: private-ca, ca_domains: [example.com], servers: none }
`,
    );
    const installed = await host.mailcert(["schedule", "install"], { timeoutMs: 100_000 });
    expect(installed.stdout).toContain("failed (exit 1)");
    await expect
      .poll(() => host.must("cat /var/mail/alice 2>/dev/null; true"), { timeout: 60_000 })
      .toContain("Subject: mailcert on mail.example.org: 1 fault: mail.example.org");
    expect(await host.read("/srv/collector/mailcert.prom")).toContain("\nmailcert_last_run_ok 0\n");
    expect(await host.must("journalctl --sync; journalctl -u mailcert.service --no-pager")).not.toContain(
      "could not tell",
    );

    // One cause, one message: systemd's own mail to root is for runs of which nobody has heard.
    const said = (): Promise<string> =>
      host.must("journalctl --sync; journalctl --no-pager --output=cat -u mailcert-failure@mailcert.service.service");
    const told = "mailcert.service failed, and notify: has told of it";
    await expect.poll(said, { timeout: 60_000 }).toContain(told);
    const root = (): Promise<string> => host.must("cat /var/mail/root 2>/dev/null; true");
    await host.must("printf 'nonsense: [' > /etc/mailcert/mailcert.yaml");
    expect((await host.exec(["systemctl", "start", "mailcert.service"])).status).not.toBe(0);
    await expect.poll(root, { timeout: 60_000 }).toContain("Subject: mailcert.service failed on mail");
    await expect.poll(root, { timeout: 10_000 }).toContain("not valid YAML");
    expect((await root()).match(/^Subject: /gm)).toHaveLength(1);
    expect((await said()).split(told)).toHaveLength(2);

    // A server that ends is told of once, by the unit; one that is switched off is nobody's outage.
    await host.startDovecot();
    await host.write(
      "/etc/mailcert/mailcert.yaml",
      `notify: { mail: alice@mail.example.org }
certificates:
  mail.example.org: { issuer: private-ca, ca_domains: [example.org], servers: dovecot }
`,
    );
    const served = await host.mailcert(["renew"], { timeoutMs: 100_000 });
    expect(served.status, served.stdout + served.stderr).toBe(0);
    await host.must("systemctl stop dovecot.socket dovecot.service 2>&1 || systemctl stop dovecot.service");
    const state = "/var/lib/mailcert/certificates/mail.example.org/state.json";
    await host.must(`sed -i 's/"at": *"20[0-9-]*T/"at": "2026-01-01T/' ${state}`);
    const hourly = async (): Promise<number | null> =>
      (await host.exec(["systemctl", "start", "mailcert.service"], { timeoutMs: 60_000 })).status;
    const mails = async (): Promise<number> =>
      (await host.must("cat /var/mail/alice")).split("dovecot is not running: it served").length - 1;
    expect([await hourly(), await hourly()].map((status) => status !== 0)).toEqual([true, true]);
    await expect.poll(mails, { timeout: 60_000 }).toBeGreaterThan(0);
    const first = await mails();
    expect(await hourly()).not.toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await mails()).toBe(first);
    await host.must("systemctl disable dovecot.service 2>&1");
    expect(await hourly()).toBe(0);
    expect((await host.mailcert(["status"])).stdout).toContain("dovecot is not running: dovecot.service is disabled");

    const before = await host.must("ls /var/lib/mailcert");
    await host.must("mailcert schedule remove --config /etc/mailcert/mailcert.yaml");
    expect(await host.must("find /etc/systemd /run/systemd/system /var/lib/systemd/timers -name '*mailcert*'")).toBe(
      "",
    );
    expect(await host.must("ls /var/lib/mailcert")).toBe(before);
  } finally {
    await host.stop();
  }
}, 240_000);
