// Doctor tells one cause once: a hook, a folder and an address that are missing, and the timer's run that failed for them; and leaves certbot what is its own.
import { expect, it } from "vitest";
import { doctor, said } from "./broken-host.ts";
import { folder, name, onHost } from "./deployed-host.ts";

const configured = `hooks: { after_deploy: /usr/local/sbin/nope }
postfix_sni_rows: /usr/local/sbin/rows
notify: { prometheus: /var/lib/prom/x.prom }
certificates:
  ${name}: { issuer: private-ca }
  two.example.org: { issuer: private-ca, addresses: 192.0.2.99, servers: dovecot }
`;

const file = "/etc/mailcert/mailcert.yaml";

it("one cause, one finding", async () => {
  await onHost({ suite: "trixie", systemd: true }, async (host) => {
    await host.must(["mailcert", "setup", name], { timeoutMs: 180_000 });
    await host.write(file, configured);
    // The unit's first run comes with it, and fails for the hook and for the folder.
    expect((await host.mailcert(["schedule", "install"], { timeoutMs: 180_000 })).status).toBe(1);
    await host.must(
      `D=/etc/letsencrypt/live/${name}; mkdir -p $D /etc/letsencrypt/renewal /etc/cron.d && ` +
        `for f in privkey cert chain; do cp ${folder}/live/ecdsa/$f.pem $D/$f.pem; done && ` +
        // What cannot be taken over is renewed by its timer as well.
        `for n in ${name} www.example.org; do printf '[renewalparams]\\nserver = https://ca.example.org/dir\\n' >/etc/letsencrypt/renewal/$n.conf; done && ` +
        "echo '0 1 * * * root certbot -q renew' >/etc/cron.d/certbot",
    );
    const report = await doctor(host);
    expect(said(report)).toEqual([
      `doctor-configuration: after_deploy: there is no program /usr/local/sbin/nope (${file} line 1)`,
      `doctor-configuration: postfix_sni_rows: there is no program /usr/local/sbin/rows (${file} line 2)`,
      `doctor-configuration: notify: prometheus: there is no folder /var/lib/prom (${file} line 3)`,
      "deploy-place: two.example.org: 192.0.2.99 is no address of this host, which has 192.0.2.10",
      `doctor-other-client: certbot renews ${name} on this host, too, by a timer or cron job of its own; it also renews www.example.org, and has to go on with that`,
    ]);
    expect(report.findings.find(({ check }) => check === "doctor-other-client")?.command).toBe(
      `mv /etc/letsencrypt/renewal/${name}.conf /etc/letsencrypt/renewal/${name}.conf.imported`,
    );
    // Mended: what the last run said is true no more, and a run shows it.
    await host.write(file, `certificates:\n  ${name}: { issuer: private-ca }\n`);
    await host.must("rm -r /etc/letsencrypt /etc/cron.d/certbot");
    const mended = await doctor(host);
    expect(said(mended)).toEqual([
      expect.stringMatching(
        /^doctor-schedule: the last run by itself \(.*\) failed \(exit 1\): two\.example\.org: after_deploy: there is no program \/usr\/local\/sbin\/nope$/,
      ),
    ]);
    const [{ command = "" } = {}] = mended.findings.filter(({ severity }) => severity === "fault");
    // The unit still names the folders of before; installing it anew starts a run.
    expect(command).toBe("mailcert schedule install");
    await host.must(command, { timeoutMs: 180_000 });
  });
}, 300_000);
