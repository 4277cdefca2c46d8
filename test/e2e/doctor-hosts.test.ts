// Doctor on Dovecot 2.3 and on Exim: nothing to say after setup; then broken, each way found, and mended by the command that it prints.
import { expect, it } from "vitest";
import { installExim, startExim } from "../lab/exim-host.ts";
import { startMailHost } from "../lab/mail-host.ts";
import { breakAndMend, doctor, said } from "./broken-host.ts";
import { folder, name, onHost } from "./deployed-host.ts";

it.concurrent(
  "Dovecot 2.3: stuck half-way, another client's cron job, a disk that is read-only, an upgrade, a wrong clock",
  async () => {
    await onHost({ suite: "bookworm" }, async (host) => {
      await host.must("mkdir -p /var/lib/mailcert && mount -t tmpfs -o mode=755 tmpfs /var/lib/mailcert");
      const setup = await host.mailcert(["setup", name], { timeoutMs: 180_000 });
      expect(setup.status, setup.stdout + setup.stderr).toBe(0);
      const besides = ["doctor-schedule"];
      expect(said(await doctor(host)).map((line) => line.split(":")[0])).toEqual(besides);
      // As certbot would have it from a CA.
      const at = `/etc/letsencrypt/live/${name}`;
      await host.must(`mkdir -p ${at} && mailcert issue ${name} --out ${at}`);
      await host.write(
        `/etc/letsencrypt/renewal/${name}.conf`,
        `version = 2.1.0\n${["cert", "privkey", "chain", "fullchain"].map((file) => `${file} = ${at}/${file}.pem\n`).join("")}[renewalparams]\nserver = https://ca.example.org/dir\nauthenticator = standalone\nkey_type = ecdsa\n`,
      );
      await breakAndMend(
        host,
        [
          {
            breaks: `mailcert issue ${name}`,
            check: "doctor-stuck",
            says: /the newest generation is made and not switched to$/,
            mends: /^mailcert deploy mail\.example\.org$/,
          },
          {
            breaks: "mkdir -p /etc/cron.d && echo '0 */12 * * * root certbot -q renew' >/etc/cron.d/certbot",
            check: "doctor-other-client",
            says: /^certbot renews mail\.example\.org on this host, too/,
            mends: /^mv \/etc\/cron\.d\/certbot \/root\/certbot\.cron$/,
          },
          {
            breaks: "mount -o remount,ro /var/lib/mailcert",
            check: "preflight-write",
            says: /^\/var\/lib\/mailcert \(state\) cannot be written to: the file system is read-only$/,
            mends: /^mount -o remount,rw \/var\/lib\/mailcert$/,
          },
        ],
        besides,
      );
      // What a person has to decide has a hint, and no command.
      await host.must("sed -i s/bookworm/trixie/ /etc/apt/sources.list");
      const late = await doctor(host, "faketime", "-3 days");
      expect(said(late).map((line) => line.split(":")[0])).toEqual([
        "doctor-clock",
        "doctor-dovecot-upgrade",
        ...besides,
      ]);
      expect(late.status).toBe(1);
      expect(late.findings.filter(({ command }) => command !== undefined)).toEqual([]);
    });
  },
  300_000,
);

it.concurrent(
  "Exim: keys that its user cannot reach, tried as that user",
  async () => {
    const host = await startMailHost({ suite: "trixie", exim: true });
    try {
      await installExim(host, "unsplit");
      await startExim(host, [25]);
      await host.startDovecot();
      const setup = await host.mailcert(["setup", name, "--schedule", "none"], { timeoutMs: 180_000 });
      expect(setup.status, setup.stdout + setup.stderr).toBe(0);
      const besides = ["doctor-schedule"];
      expect(said(await doctor(host)).map((line) => line.split(":")[0])).toEqual(besides);
      const closed = {
        breaks: "chmod 700 /var/lib/mailcert",
        check: "doctor-readable",
        says: /^exim reads as Debian-exim, which cannot open \S+: the folder \/var\/lib\/mailcert is closed to it$/,
        mends: /^chmod o\+x \/var\/lib\/mailcert$/,
      };
      await breakAndMend(host, [closed], besides);
      const taken = {
        ...closed,
        breaks: `chmod 600 ${folder}/generations/*/*/p*.pem ${folder}/generations/*/*/combined.pem`,
        says: /which cannot open \S+privkey\.pem$/,
        mends: /^mailcert deploy mail\.example\.org$/,
      };
      await breakAndMend(host, [taken], besides);
    } finally {
      await host.stop();
    }
  },
  300_000,
);
