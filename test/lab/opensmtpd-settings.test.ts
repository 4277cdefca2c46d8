// OpenSMTPD under one certificate: entries of people's own, listeners without TLS; from setup to removal, by its init script and under systemd.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change, Installation } from "../../src/servers/server.ts";
import { startMailHost } from "./mail-host.ts";
import { type SmtpdLab, installSmtpd, openSmtpdLab, smtpdConf, smtpdFiles, startSmtpd } from "./opensmtpd-host.ts";
import { bySni, certificate, folder, leafOf, served } from "./server-judge.ts";

const submissions = { protocol: "submission", mode: "implicit", port: 465 } as const;

describe("a smtpd.conf that somebody wrote", () => {
  let lab: SmtpdLab;
  let installation: Installation;
  beforeAll(async () => {
    lab = await openSmtpdLab();
    const [found] = await lab.smtpd.detect();
    if (!found) throw new Error("not detected");
    installation = found;
  });
  afterAll(() => lab?.host.stop());
  const apply = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) await lab.smtpd.apply(installation, change);
  };

  test("of several entries the one with the certificate's name is ours; without one, all are shown and taken after a yes", async () => {
    const second = smtpdConf
      .replace("smtps pki", "smtps pki inside pki")
      .replace("listen on", 'pki inside cert "/etc/ssl/certs/ssl-cert-snakeoil.pem"\nlisten on');
    await lab.host.write("/etc/smtpd.conf", second);
    const [file] = (await lab.smtpd.plan(installation, certificate)).changes;
    expect(file).toMatchObject({
      content: expect.stringContaining(`pki "mail.example.org" cert "${folder}`) as string,
    });
    expect(file?.kind === "file" && file.content).not.toContain("inside");

    await lab.host.write("/etc/smtpd.conf", second.replaceAll("mail.example.org", "outside"));
    const before = await lab.host.must(smtpdFiles);
    expect((await lab.smtpd.plan(installation, certificate)).changes).toEqual([]);
    const [override] = await lab.smtpd.readBack(installation, certificate);
    expect(override).toMatchObject({ scope: "everything", path: "/etc/smtpd.conf", line: 2 });
    const edit = override?.edit ?? [];
    await apply(edit);
    expect((await lab.smtpd.plan(installation, certificate)).changes).toEqual([]);
    expect(await lab.smtpd.readBack(installation, certificate)).toEqual([]);
    await lab.smtpd.check(installation);
    // Restarted for what it has not read yet, and never again for the same.
    const pid = () => lab.host.must("cat /run/smtpd.pid");
    const old = await pid();
    // What changed within 150 ms before it started may not have been read: in doubt it is restarted once more.
    await lab.host.must("sleep 0.3");
    await lab.smtpd.reload(installation);
    const restarted = await pid();
    expect(restarted).not.toBe(old);
    await lab.smtpd.reload(installation);
    expect(await pid()).toBe(restarted);
    const [first] = edit;
    if (!first) throw new Error("nothing was offered");
    await expect(lab.smtpd.revert(installation, first)).rejects.toMatchObject({
      message: expect.stringContaining("still included") as string,
    });
    for (const change of edit.toReversed()) expect(await lab.smtpd.revert(installation, change)).toBe("reverted");
    expect(await lab.host.must(smtpdFiles)).toBe(before);
  });

  test("a listener without TLS is told with its line, one for this host alone is no trouble; a setting behind ours is shown", async () => {
    await lab.reset();
    await lab.host.must(
      "printf 'listen on 192.0.2.10 port 2525\\nlisten on lo inet4 port 10025\\nlisten on eth0 port 2526 tls pki mail.example.org proxy-v2\\n' >> /etc/smtpd.conf",
    );
    const found = (await lab.smtpd.listeners(installation)).slice(3);
    expect(found).toMatchObject([
      {
        address: "192.0.2.10",
        port: 2525,
        tlsOff: { setting: expect.stringMatching(/smtpd.conf line 12$/) as string },
      },
      {
        address: "127.0.0.1",
        port: 10025,
        unobservable: expect.stringContaining("only programs of this host") as string,
      },
      { address: "192.0.2.10", port: 2526, unobservable: expect.stringContaining("proxy-v2") as string },
    ]);
    await apply((await lab.smtpd.plan(installation, certificate)).changes);
    await lab.host.must(`echo 'pki mail.example.org cert "/etc/ssl/other.pem"' >> /etc/smtpd.conf`);
    expect(await lab.smtpd.readBack(installation, certificate)).toMatchObject([
      { scope: "listeners with pki mail.example.org", setting: 'pki mail.example.org cert "/etc/ssl/other.pem"' },
    ]);
  });
});

test("6.8 serves an entry to whoever asks for its name: no listener is edited, wildcards are told, and all goes back", async () => {
  const lab = await openSmtpdLab("bookworm");
  try {
    const before = await lab.host.must(smtpdFiles);
    const [installation] = await lab.smtpd.detect();
    if (!installation) throw new Error("not detected");
    expect(installation.version).toMatch(/^6\.8/);
    const { changes, notes } = await lab.smtpd.plan(installation, certificate, bySni);
    expect(changes).toMatchObject([{ kind: "file" }, { kind: "line" }]);
    expect(notes).toMatchObject([
      { severity: "warning", message: expect.stringContaining("knows no wildcards") as string },
    ]);
    for (const change of changes) await lab.smtpd.apply(installation, change);
    expect(await lab.smtpd.readBack(installation, certificate, bySni)).toEqual([]);
    await lab.smtpd.check(installation);
    await lab.smtpd.reload(installation);
    const [two] = bySni;
    for (const [name, path] of [
      ["two.example.net", two?.slots.rsa?.cert.replace("/cert.pem", "") ?? ""],
      ["mail.example.org", `${folder}/live/rsa`],
      ["other.example.net", `${folder}/live/rsa`],
    ] as const)
      await expect
        .poll(() => served(lab.host, submissions, "rsa", name), { timeout: 15_000, message: name })
        .toBe(await leafOf(lab.host, path));
    for (const change of changes.toReversed()) expect(await lab.smtpd.revert(installation, change)).toBe("reverted");
    expect(await lab.host.must(smtpdFiles)).toBe(before);
  } finally {
    await lab.host.stop();
  }
});

test.each([{ systemd: false }, { systemd: true }])(
  "from setup over a renewal to removal: restarted, proven, and the very same bytes at the end (systemd: $systemd)",
  async ({ systemd }) => {
    const host = await startMailHost({ suite: "trixie", opensmtpd: true, systemd });
    try {
      await installSmtpd(host);
      await startSmtpd(host, systemd);
      const before = await host.must(smtpdFiles);
      const first = await host.must("cat /run/smtpd.pid");
      const only = ["--schedule", "none", "--server", "opensmtpd"];
      const setup = await host.mailcert(["setup", "mail.example.org", ...only]);
      expect({ status: setup.status, stderr: setup.stderr }).toEqual({ status: 0, stderr: "" });
      expect(setup.stdout).toContain("restarted where needed (it reads certificates only when it starts)");
      expect(setup.stdout).toContain("served and proven at every entry point");
      const old = await served(host, submissions, "ecdsa");
      // As on a host whose clock was ahead when it booted.
      await host.must("touch -d '2 hours' /run/smtpd.pid");
      const renewed = await host.mailcert(["renew", "--force", "--new-key"]);
      expect({ status: renewed.status, stderr: renewed.stderr }).toEqual({ status: 0, stderr: "" });
      expect([old, ""]).not.toContain(await served(host, submissions, "ecdsa"));
      const removed = await host.mailcert(["deploy", "--remove"]);
      expect({ status: removed.status, stderr: removed.stderr }).toEqual({ status: 0, stderr: "" });
      expect(await host.must(smtpdFiles)).toBe(before);
      expect([first, ""]).not.toContain(await host.must("cat /run/smtpd.pid"));
      if (systemd) expect(await host.must("systemctl is-active opensmtpd")).toBe("active\n");
    } finally {
      await host.stop();
    }
  },
  120_000,
);
