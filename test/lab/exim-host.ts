// Exim on a mail host of the lab, as Debian's packages leave it after their scripts ran: user, folders, answers for an Internet site.
import type { ServerUnderTest } from "../contract/server.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import type { Suite } from "./parts.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import {
  bySni,
  certificate,
  certificates,
  folder,
  leafOf,
  leafOfCertificate,
  makeBySni,
  makeCertificate,
  openPorts,
  served,
  snapshot,
} from "./server-judge.ts";

export type EximScheme = "split" | "unsplit";

const answers = (scheme: EximScheme): string =>
  `dc_eximconfig_configtype='internet'
dc_other_hostnames='mail.example.org'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='${scheme === "split"}'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
`;

/** Postfix is not to be found any more: Debian's packages of the two exclude each other. */
export const installExim = async (host: MailHost, scheme: EximScheme): Promise<void> => {
  await host.must(`rm -f /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti
groupadd --system Debian-exim
useradd --system --gid Debian-exim --home-dir /var/spool/exim4 --no-create-home --shell /usr/sbin/nologin Debian-exim
install -d -o Debian-exim -g Debian-exim -m 2750 /var/spool/exim4 /var/spool/exim4/db /var/spool/exim4/input /var/spool/exim4/msglog
install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
echo mail.example.org > /etc/mailname`);
  await host.write("/etc/exim4/update-exim4.conf.conf", answers(scheme));
};

/** Starts it with Debian's script; `options`: what /etc/default/exim4 adds to its command line, in trixie's word for it and in bookworm's. */
export const startExim = async (host: MailHost, ports: readonly number[], options = ""): Promise<void> => {
  await host.write("/etc/default/exim4", `EXIMDAEMONOPTS='-bd -q30m ${options}'\nSMTPLISTENEROPTIONS='${options}'\n`);
  await host.must("/etc/init.d/exim4 start");
  const open = ports.map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ");
  await host.must(`for i in $(seq 200); do ${open} && exit 0; sleep 0.05; done; cat /var/log/exim4/*; exit 1`);
};

/** Where the adapter writes what it is told, by scheme. */
export const macroFile = {
  split: "/etc/exim4/conf.d/main/02_mailcert",
  unsplit: "/etc/exim4/mailcert.macros",
} as const;
export const localMacros = "/etc/exim4/exim4.conf.localmacros";

export interface EximLab {
  readonly host: MailHost;
  readonly exim: ReturnType<typeof remoteServer>;
  /** Puts /etc/exim4 back, and makes the running server use it. */
  readonly reset: (scheme: EximScheme) => Promise<void>;
}

/** A running Exim with 25, 587 and 465 (implicit), at `interfaces` (default: all), and a certificate whose keys its group may read, as `deploy` leaves them before the switch. */
export const openEximLab = async (interfaces = "", suite: Suite = "trixie"): Promise<EximLab> => {
  const host = await startMailHost({ suite, exim: true });
  await installDriver(host);
  await makeCertificate(host);
  await makeBySni(host);
  await installExim(host, "unsplit");
  await host.must(
    `sed -i "s/^dc_local_interfaces=.*/dc_local_interfaces='${interfaces}'/" /etc/exim4/update-exim4.conf.conf`,
  );
  await host.must(
    `chgrp -R Debian-exim ${certificates}; chmod 640 ${certificates}/*/live/*/privkey.pem ${certificates}/*/live/*/combined.pem`,
  );
  await host.must("sed -i '2i tls_on_connect_ports = 465' /etc/exim4/exim4.conf.template");
  await host.write("/etc/exim4/conf.d/main/50_ports", "tls_on_connect_ports = 465\n");
  await host.must("mkdir /root/etc && cp -a /etc/exim4 /root/etc/");
  await startExim(host, [25, 465, 587], "-oX 465:587:25");
  const reset = async (scheme: EximScheme): Promise<void> => {
    // A queue runner of the daemon's may end in between. The daemon closes its sockets on SIGHUP, and starts itself anew; one that is still doing so for the
    // test before hears no SIGHUP meanwhile.
    await host.must(`set -e
rm -rf /etc/exim4 && cp -a /root/etc/exim4 /etc/
sed -i "s/^dc_use_split_config=.*/dc_use_split_config='${scheme === "split"}'/" /etc/exim4/update-exim4.conf.conf
update-exim4.conf
before=$(wc -l < /var/log/exim4/mainlog)
anew() { tail -n +$((before + 1)) /var/log/exim4/mainlog | awk '/SIGHUP received/ { heard = 1 } heard && /daemon started/ { anew = 1 } END { exit !anew }'; }
for i in $(seq 400); do
  [ $((i % 100)) != 1 ] || for pid in $(pidof exim4); do kill -HUP $pid 2>/dev/null || [ ! -e /proc/$pid ]; done
  anew && exit 0
  sleep 0.05
done
tail /var/log/exim4/*; exit 1`);
  };
  return { host, exim: remoteServer(host, "exim"), reset };
};

/** For the contract, with the unsplit configuration that Debian chooses. */
export const eximSubject = ({ host, exim, reset }: EximLab, version: RegExp): ServerUnderTest => ({
  server: exim,
  certificate,
  bySni,
  version,
  reset: () => reset("unsplit"),
  snapshot: () => snapshot(host, "/etc/exim4"),
  openPorts: () => openPorts(host, "exim4"),
  served: (listener, slot, name) => served(host, listener, slot, name),
  leaf: (slot, one) => (one ? leafOfCertificate(host, one, slot) : leafOf(host, `${folder}/live/${slot}`)),
  breakConfiguration: async () => {
    await host.must(`echo 'no_such_setting = yes' | tee -a /etc/exim4/conf.d/main/50_ports ${localMacros} >/dev/null`);
    return 'main option "no_such_setting" unknown';
  },
  overwriteOurs: async () => {
    await host.must(`echo '# mine now' >> ${macroFile.unsplit}`);
  },
  hardens: true,
  isCertificateSetting: (change) =>
    change.kind === "file" &&
    change.mode === 0o644 &&
    (change.path === "/etc/exim4/mailcert.sni" ||
      (change.content ?? "")
        .split("\n")
        .every((line) =>
          /^(|#.*|\.(ifdef MAIN_TLS_\w+|else|endif|include_if_exists .*)|MAIN_TLS_(ENABLE|CERTIFICATE|PRIVATEKEY|CERTKEY) ==? .*)$/.test(
            line,
          ),
        )),
});
