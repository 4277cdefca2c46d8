// Doctor where systemd runs, and on Dovecot 2.4: nothing to say after setup; then broken in many ways, each found, and mended by the command that it prints.
import { expect, it } from "vitest";
import { breakAndMend, doctor } from "./broken-host.ts";
import { folder, makePair, name, onHost } from "./deployed-host.ts";

it.concurrent(
  "Dovecot 2.4, Postfix and systemd",
  async () => {
    await onHost({ suite: "trixie", systemd: true }, async (host) => {
      const setup = await host.mailcert(["setup", name], { timeoutMs: 180_000 });
      expect(setup.status, setup.stdout + setup.stderr).toBe(0);
      const healthy = await doctor(host);
      expect({ status: healthy.status, findings: healthy.findings }).toEqual({ status: 0, findings: [] });
      await host.write("/etc/mailcert/secrets/hetzner.yaml", "token: abc\n", "600");
      await makePair(host, "/etc/own");
      await breakAndMend(host, [
        {
          breaks: "chmod 777 /var/lib/mailcert",
          check: "doctor-folder",
          says: /^everybody can change \/var\/lib\/mailcert,/,
          mends: /^chmod go-w \/var\/lib\/mailcert$/,
        },
        {
          breaks: `chmod 644 ${folder}/generations/0001/ecdsa/privkey.pem`,
          check: "doctor-key",
          says: /privkey\.pem \(mode 0644\)$/,
          mends: /^chmod 600 \/var\/lib\/mailcert\/\S+\/privkey\.pem$/,
        },
        {
          breaks: "chmod 640 /etc/mailcert/secrets/hetzner.yaml && chgrp mail /etc/mailcert/secrets/hetzner.yaml",
          check: "doctor-secret",
          says: /hetzner\.yaml \(mode 0640\)$/,
          mends: /^chmod 600 /,
        },
        {
          breaks: "mkdir /etc/mailcert/conf.d && echo '{}' >/etc/mailcert/conf.d/b.yml",
          check: "doctor-configuration",
          says: /b\.yml is not read/,
          mends: /^mv \S+b\.yml \S+b\.yaml$/,
        },
        {
          breaks: "systemctl stop dovecot.socket dovecot 2>/dev/null || systemctl stop dovecot",
          check: "doctor-stopped",
          says: /^dovecot is installed and does not run/,
          mends: /^systemctl start dovecot$/,
        },
        {
          breaks:
            "sed -i 's#/opt/mailcert/bin#/opt/moved/bin#' /etc/systemd/system/mailcert.service && systemctl daemon-reload",
          check: "doctor-schedule",
          says: /starts \/opt\/moved\/bin\/mailcert\.js, which is not there any more/,
          mends: /^mailcert schedule install$/,
        },
        {
          breaks: "postconf -e smtpd_tls_chain_files=/etc/ssl/other.pem",
          check: "doctor-settings",
          says: /^postfix is not set to serve mail\.example\.org/,
          mends: /^mailcert deploy mail\.example\.org$/,
        },
        {
          // In a file that is read after ours.
          breaks:
            "printf 'ssl_server_cert_file = /etc/own/cert.pem\\nssl_server_key_file = /etc/own/key.pem\\n' >/etc/dovecot/local.conf",
          check: "doctor-override",
          says: /for everything, \/etc\/dovecot\/local\.conf line 1 sets/,
          mends: /^mailcert deploy --yes mail\.example\.org$/,
        },
      ]);
    });
  },
  300_000,
);

const versionLine = "sed -i '/^dovecot_\\(config\\|storage\\)_version/d' /etc/dovecot/dovecot.conf";

it.concurrent(
  "Dovecot 2.4 without its version line, a port that somebody has, TLS that is off, files that are gone",
  async () => {
    await onHost({ suite: "trixie" }, async (host) => {
      const setup = await host.mailcert(["setup", name], { timeoutMs: 180_000 });
      expect(setup.status, setup.stdout + setup.stderr).toBe(0);
      // Neither systemd nor cron is here.
      const besides = ["doctor-schedule"];
      await breakAndMend(
        host,
        [
          {
            breaks: versionLine,
            check: "doctor-server",
            says: /The first setting must be dovecot_config_version/,
            mends: /^sed -i '1i dovecot_config_version = 2\.4\.1/,
          },
          {
            breaks:
              "install -m 777 /bin/true /usr/local/sbin/hk && echo 'hooks: { before_deploy: [/usr/local/sbin/hk] }' >>/etc/mailcert/mailcert.yaml",
            check: "doctor-configuration",
            says: /^before_deploy: root does not run \/usr\/local\/sbin\/hk: everybody can change \S+ \(\S+ line \d+\)$/,
            mends: /^chmod go-w \/usr\/local\/sbin\/hk$/,
          },
          {
            breaks: "postconf -e smtpd_tls_security_level=none",
            check: "doctor-tls-off",
            says: /^postfix offers no TLS on port 25 /,
            mends: /^postconf -e smtpd_tls_security_level=may && postfix reload$/,
          },
          {
            breaks: `rm ${folder}/generations/0001/ecdsa/chain.pem`,
            check: "doctor-damaged",
            says: /chain\.pem is missing$/,
            mends: /^mailcert renew --force mail\.example\.org$/,
          },
        ],
        besides,
      );
      await host.must(
        "doveadm stop; for i in $(seq 300); do [ -z \"$(ss -Hltn 'sport = :993')\" ] && [ ! -e /run/dovecot/master.pid ] && exit 0; sleep 0.05; done; exit 1",
      );
      const other = host.spawn(["nc", "-lk", "-p", "993"]);
      await host.must(
        "for i in $(seq 300); do [ -n \"$(ss -Hltn 'sport = :993')\" ] && exit 0; sleep 0.05; done; exit 1",
      );
      const held = (await doctor(host)).findings.filter(({ check }) => check === "doctor-port");
      expect(held).toMatchObject([
        {
          severity: "fault",
          message: expect.stringMatching(/^port 993, .* is held by nc \(pid \d+\): dovecot could not start$/) as string,
          hint: expect.stringContaining("or stop nc") as string,
        },
      ]);
      expect(held[0]).not.toHaveProperty("command");
      other.kill();
      await host.must(
        "for i in $(seq 300); do [ -z \"$(ss -Hltn 'sport = :993')\" ] && exit 0; sleep 0.05; done; exit 1",
      );
      await breakAndMend(
        host,
        [
          {
            breaks: "true",
            check: "doctor-stopped",
            says: /^dovecot /,
            mends: /^service dovecot start$/,
          },
        ],
        besides,
      );
      await breakAndMend(
        host,
        [
          {
            // In a file that is read after ours. The ports for TLS alone are closed by it, which no restart mends.
            breaks: "echo 'ssl = no' >/etc/dovecot/conf.d/zz.conf && doveadm reload",
            check: "doctor-tls-off",
            says: /^dovecot offers no TLS on port .* \(Dovecot: ssl = no, \/etc\/dovecot\/conf\.d\/zz\.conf line 1\)/,
            mends: /^sed -i '1s\/\^\/#\/' \/etc\/dovecot\/conf\.d\/zz\.conf && doveadm reload$/,
          },
        ],
        besides,
      );
    });
  },
  300_000,
);
