// Courier on a mail host of the lab, as Debian's packages leave it after their scripts ran: IMAP, POP3 and SMTP servers with a certificate each.
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { certificates, makeBySni, makeCertificate } from "./server-judge.ts";

/** In the order in which they listen. */
const scripts = ["courier-imap", "courier-imap-ssl", "courier-msa"] as const;
const ports = [143, 993, 587];

/** User, folders and what Debian's scripts make; Dovecot and Postfix are not to be found any more. One family: each listener is one more round of handshakes. */
export const installCourier = async (host: MailHost): Promise<void> => {
  await host.must(`rm -f /usr/sbin/dovecot /usr/bin/doveconf /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti
groupadd --system courier && useradd --system --gid courier --home-dir /var/lib/courier --no-create-home --shell /usr/sbin/nologin courier
chown courier:courier /var/lib/courier
install -d -o root -g courier -m 775 /run/courier
install -d -o courier -g courier -m 750 /run/courier/authdaemon
ln -s /usr/lib/courier/makedat /usr/bin/makedat
makeimapaccess && makesmtpaccess
echo mail.example.org > /etc/courier/me
cat /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem > /etc/courier/imapd.pem
chmod 600 /etc/courier/imapd.pem && chown courier /etc/courier/imapd.pem
cp -a /etc/courier/imapd.pem /etc/courier/pop3d.pem && cp -a /etc/courier/imapd.pem /etc/courier/esmtpd.pem
: > /etc/courier/dhparams.pem
rm /etc/courier/esmtpd-ssl /etc/courier/pop3d-ssl
cd /etc/courier
sed -i 's/ADDRESS=0$/ADDRESS=0.0.0.0/; s/^ESMTPDSTART=NO/ESMTPDSTART=YES/; s/^MAXPERIP=.*/MAXPERIP=40/; s/^MAXPERC=.*/MAXPERC=40/' imapd imapd-ssl esmtpd esmtpd-msa
sed -i 's/^TCPDOPTS=.*/TCPDOPTS="-stderrlogger=\\/usr\\/sbin\\/courierlogger -nodnslookup"/; s/^BLACKLISTS=.*/BLACKLISTS=/' esmtpd
echo 'ADDRESS=0.0.0.0' >> esmtpd`);
};

export const startCourier = async (host: MailHost): Promise<void> => {
  await host.must("/etc/init.d/courier-authdaemon start");
  for (const script of scripts) await host.must(`/etc/init.d/${script} start`);
  const open = ports.map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ");
  await host.must(`for i in $(seq 200); do ${open} && exit 0; sleep 0.05; done; cat /var/log/mail.log; exit 1`);
};

export interface CourierLab {
  readonly host: MailHost;
  readonly courier: ReturnType<typeof remoteServer>;
  /** Puts the configuration back; the servers go on with what they were started with. */
  readonly reset: () => Promise<void>;
}

/** A running Courier, and a certificate whose keys its group may read, as `deploy` leaves them before the switch. */
export const openCourierLab = async (): Promise<CourierLab> => {
  const host = await startMailHost({ suite: "trixie", courier: true });
  await installDriver(host);
  await makeCertificate(host);
  await makeBySni(host);
  await installCourier(host);
  await host.must(
    `chgrp -R courier ${certificates}; chmod 640 ${certificates}/*/live/*/privkey.pem ${certificates}/*/live/*/combined.pem`,
  );
  await host.must("mkdir /root/etc && cp -a /etc/courier /root/etc/");
  await startCourier(host);
  const reset = async (): Promise<void> => {
    await host.must("rm -rf /etc/courier && cp -a /root/etc/courier /etc/");
  };
  return { host, courier: remoteServer(host, "courier"), reset };
};
