// Cyrus IMAP on a mail host of the lab, as Debian's packages leave it after their scripts ran, with IMAP, POP3 and ManageSieve for other machines.
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { folder, makeCertificate } from "./server-judge.ts";

/** One family: each listener is one more round of handshakes. */
const services = `START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="imapd -U 30" listen="imap" proto="tcp4" prefork=0
  imaps cmd="imapd -s -U 30" listen="imaps" proto="tcp4" prefork=0
  pop3s cmd="pop3d -s" listen="0.0.0.0:995" prefork=0
  lmtpunix cmd="lmtpd" listen="/run/cyrus/socket/lmtp" prefork=0
  sieve cmd="timsieved" listen="localhost:sieve" proto="tcp4" prefork=0
}
`;

/** Users, folders and services; Dovecot is not to be found any more. */
export const installCyrus = async (host: MailHost): Promise<void> => {
  await host.must(`rm -f /usr/sbin/dovecot /usr/bin/doveconf /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti
useradd --system --gid mail --home-dir /var/spool/cyrus --no-create-home --shell /usr/sbin/nologin cyrus
install -d -o cyrus -g mail -m 750 /var/lib/cyrus /var/spool/cyrus /var/spool/cyrus/mail /var/spool/cyrus/news /var/spool/sieve
install -d -o cyrus -g mail -m 755 /run/cyrus
install -d -o cyrus -g mail -m 750 /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
/usr/lib/cyrus/bin/makedirs >/dev/null
sed -i '/^configdirectory/a allowstarttls: yes' /etc/imapd.conf`);
  await host.write("/etc/cyrus.conf", services);
};

/** Starts it with Debian's script. */
export const startCyrus = async (host: MailHost, ports: readonly number[] = [143, 993, 995, 4190]): Promise<void> => {
  await host.must("/etc/init.d/cyrus-imapd start");
  const open = ports.map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ");
  await host.must(`for i in $(seq 200); do ${open} && exit 0; sleep 0.05; done; cat /var/log/mail.log; exit 1`);
};

/** Every file that is Cyrus's configuration. */
export const cyrusFiles =
  "find /etc -maxdepth 1 \\( -name 'imapd*' -o -name 'cyrus*' \\) -printf '%p %y %m %u %g %l\\n' | sort && sha256sum /etc/imapd* /etc/cyrus*";

export interface CyrusLab {
  readonly host: MailHost;
  readonly cyrus: ReturnType<typeof remoteServer>;
  /** Puts the configuration back, and makes the running server use it. */
  readonly reset: () => Promise<void>;
}

/** A running Cyrus, and a certificate whose keys its group may read, as `deploy` leaves them before the switch. */
export const openCyrusLab = async (): Promise<CyrusLab> => {
  const host = await startMailHost({ suite: "trixie", cyrus: true });
  await installDriver(host);
  await makeCertificate(host);
  await installCyrus(host);
  await host.must(`chgrp -R mail ${folder}; chmod 640 ${folder}/live/*/privkey.pem ${folder}/live/*/combined.pem`);
  await host.must("mkdir /root/etc && cp -a /etc/imapd.conf /etc/cyrus.conf /root/etc/");
  await startCyrus(host);
  const reset = async (): Promise<void> => {
    await host.must("rm -f /etc/imapd* && cp -a /root/etc/* /etc/ && kill -HUP $(cat /var/lib/cyrus/master.pid)");
  };
  return { host, cyrus: remoteServer(host, "cyrus"), reset };
};
