// OpenSMTPD on a mail host of the lab, as Debian's packages leave it after their scripts ran, with listeners for other machines.
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import type { Suite } from "./parts.ts";
import { makeBySni, makeCertificate } from "./server-judge.ts";

const snakeoil = "/etc/ssl/certs/ssl-cert-snakeoil.pem";
/** One interface: each listener is one more round of handshakes. */
export const smtpdConf = `# what the admin wrote
pki mail.example.org cert "${snakeoil}"
pki mail.example.org key "/etc/ssl/private/ssl-cert-snakeoil.key"
table aliases file:/etc/aliases
everywhere = "0.0.0.0"
listen on $everywhere tls pki mail.example.org
listen on 0.0.0.0 \\
  smtps pki "mail.example.org" # auth
listen on 0.0.0.0 port submission tls-require pki mail.example.org
action "local" mbox alias <aliases>
match from any for domain "mail.example.org" action "local"
`;

/** Users, folders and settings; Postfix is not to be found any more: Debian's packages of the two exclude each other. */
export const installSmtpd = async (host: MailHost): Promise<void> => {
  await host.must(`rm -f /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti
groupadd --system opensmtpd && groupadd --system opensmtpq
for user in opensmtpd opensmtpq; do useradd --system --gid $user --home-dir /var/lib/opensmtpd/empty --no-create-home --shell /usr/sbin/nologin $user; done
install -d -m 711 /var/lib/opensmtpd/empty /var/spool/smtpd
touch /etc/aliases`);
  await host.write("/etc/smtpd.conf", smtpdConf, "644");
};

/** Starts it with Debian's script or unit. */
export const startSmtpd = async (host: MailHost, systemd = false): Promise<void> => {
  await host.must(systemd ? "systemctl start opensmtpd" : "/etc/init.d/opensmtpd start");
  const open = [25, 465, 587].map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ");
  await host.must(
    `for i in $(seq 200); do ${open} && exit 0; sleep 0.05; done; cat /var/log/mail.log || journalctl --no-pager -n 30; exit 1`,
  );
};

/** Every file that is OpenSMTPD's configuration. */
export const smtpdFiles =
  "find /etc -maxdepth 1 -name 'smtpd*' -printf '%p %y %m %u %g %l\\n' | sort && sha256sum /etc/smtpd*";

export interface SmtpdLab {
  readonly host: MailHost;
  readonly smtpd: ReturnType<typeof remoteServer>;
  /** Puts the configuration back; the server goes on with what it has read. */
  readonly reset: () => Promise<void>;
}

export const openSmtpdLab = async (suite: Suite = "trixie"): Promise<SmtpdLab> => {
  const host = await startMailHost({ suite, opensmtpd: true });
  await installDriver(host);
  await makeCertificate(host);
  await makeBySni(host);
  await installSmtpd(host);
  await startSmtpd(host);
  const reset = async (): Promise<void> => {
    await host.must("rm -f /etc/smtpd*");
    await host.write("/etc/smtpd.conf", smtpdConf, "644");
  };
  return { host, smtpd: remoteServer(host, "opensmtpd"), reset };
};
