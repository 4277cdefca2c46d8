// What an hourly run finds after Dovecot became another generation, either way, where no systemd watches it.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { all, dovecotPorts, expectServed, leaves, onHost, suites, usualPorts } from "./deployed-host.ts";
import { hardenOpenHost, include, policy, setUp, withInit } from "./upgraded-host.ts";

/** What an upgrade leaves behind: the include in the other generation's words, and a program that was replaced. */
const outgrow = async (host: MailHost): Promise<void> => {
  const words =
    host.suite === "trixie"
      ? "s#^ssl_server_\\(alt_\\)\\?\\(cert\\|key\\)_file = \\(..*\\)#ssl_\\1\\2 = <\\3#; s#^ssl_server_\\(alt_\\)\\?\\(cert\\|key\\)_file =$#ssl_\\1\\2 =#"
      : "s#^ssl_\\(alt_\\)\\?\\(cert\\|key\\) = <#ssl_server_\\1\\2_file = #; s#^ssl_\\(alt_\\)\\?\\(cert\\|key\\) =$#ssl_server_\\1\\2_file =#";
  await host.must(["sed", "-i", words, include]);
  const policyWords =
    host.suite === "trixie"
      ? "s#^auth_allow_cleartext = no#disable_plaintext_auth = yes#"
      : "s#^disable_plaintext_auth = yes#auth_allow_cleartext = no#";
  await host.must(["sed", "-i", policyWords, policy]);
  // As the mailcert of then stamped it.
  await host.must(
    `cd /tmp && head -n -1 ${include} >body && sum=$(sha256sum <body | cut -c1-64) && tail -n 1 ${include} | sed "s/[0-9a-f]*$/$sum/" >>body && cat body >${include}`,
  );
  expect((await host.exec("doveconf -n")).stderr).toMatch(/99-mailcert\.conf line \d+.*Unknown setting/);
  await host.must("cp -a /usr/sbin/dovecot /usr/sbin/dovecot.new && mv /usr/sbin/dovecot.new /usr/sbin/dovecot");
};

const renew = (host: MailHost) => host.mailcert(["renew"], { timeoutMs: 120_000 });

describe.each(suites)("the hourly run on %s, without systemd", (suite) => {
  it("rewrites the include, starts Dovecot where it did not come up, and proves it; what somebody stopped or broke stays so", async () => {
    await onHost({ suite }, async (host) => {
      await withInit(host);
      const leaf = await setUp(host);
      await hardenOpenHost(host);
      const hardened = await host.read(policy);
      // The first run takes note of the programs; with nothing new the next one has nothing to say.
      for (const _ of [1, 2])
        expect((await renew(host)).stdout).toMatch(/^\S+: nothing to do; renewal is due on \S+\n$/);

      // The package restarted it, and it did not come up.
      await outgrow(host);
      await host.must("/etc/init.d/dovecot stop");
      const first = await renew(host);
      expect(first.status, first.stdout + first.stderr).toBe(0);
      expect(first.stdout).toMatch(
        /warning: dovecot is 2\.\d[\d.]* now: \S+99-mailcert\.conf and \S+99-mailcert\.policy\.conf were rewritten in its words; it had not come up, and was started\n/,
      );
      expect(first.stdout).toContain("served and proven at every entry point");
      expect(await host.read(policy)).toBe(hardened);
      await expectServed(host, all(usualPorts, leaf));
      expect((await renew(host)).stdout).toContain("nothing to do");
      expect((await host.mailcert(["log"])).stdout).toContain("dovecot: started; it had not come up after an upgrade");

      // Somebody else's settings that this generation refuses: said with the line, and the next run goes on by itself.
      await outgrow(host);
      await host.must("/etc/init.d/dovecot stop");
      await host.must(
        "cp /etc/dovecot/conf.d/10-mail.conf /root/ && echo 'no_such = setting' >>/etc/dovecot/conf.d/10-mail.conf",
      );
      const refused = await host.mailcert(["deploy", "--repair"]);
      expect(refused.status).toBe(1);
      expect(refused.stdout).toMatch(
        /^fault: dovecot 2\.\d[\d.]* does not run and refuses settings that are not mailcert's: .*10-mail\.conf line \d+: .*no_such\n {2}-> mend line \d+ of \S+10-mail\.conf/,
      );
      expect(await leaves(host, [993])).toEqual({ 993: "" });
      await host.must("cp /root/10-mail.conf /etc/dovecot/conf.d/10-mail.conf");
      const mended = await host.mailcert(["deploy", "--repair", "--json"]);
      expect(mended.status, mended.stdout + mended.stderr).toBe(0);
      expect(JSON.parse(mended.stdout)).toMatchObject({
        schema: "mailcert.deploy/1",
        ok: true,
        certificates: [{ outcome: "verified" }],
        repaired: [
          { check: "deploy-repaired", message: expect.stringMatching(/ now: it had not come up, and was started$/) },
        ],
      });
      await expectServed(host, all(usualPorts, leaf));

      // Stopped before the last proof: an administrator's word.
      await host.must("/etc/init.d/dovecot stop");
      expect((await host.mailcert(["deploy"])).stdout).toContain("dovecot");
      await outgrow(host);
      const left = await renew(host);
      expect(left.stdout).toMatch(/were rewritten in its words; it is stopped, and was left so\n/);
      expect(await leaves(host, [993])).toEqual({ 993: "" });
      await host.startDovecot();
      await expectServed(host, all(dovecotPorts, leaf));

      // A deployment does the same by itself to a server that runs on as it was started; what takes the policy out still does.
      await outgrow(host);
      const deployed = await host.mailcert(["deploy"], { timeoutMs: 120_000 });
      expect(deployed.status, deployed.stdout + deployed.stderr).toBe(0);
      expect(deployed.stderr).toMatch(
        /99-mailcert\.conf and \S+99-mailcert\.policy\.conf were rewritten in its words\n/,
      );
      expect(await host.read(policy)).toBe(hardened);
      await outgrow(host);
      const out = await host.mailcert(["deploy", "--harden=none"]);
      expect(out.status, out.stdout + out.stderr).toBe(0);
      expect(out.stdout).toContain(`removed ${policy}`);
      await expectServed(host, all(dovecotPorts, leaf));
    });
  }, 600_000);
});
