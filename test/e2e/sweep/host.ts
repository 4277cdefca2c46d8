// The mail host of the sweeps: every usual TLS port, on one address, and both servers looked at every 50 ms while mailcert is hurt.
import { type MailHost, startMailHost } from "../../lab/mail-host.ts";
import type { Suite } from "../../lab/parts.ts";
import { serverSettings, settle } from "../deployed-host.ts";
import { readyForFaults } from "./inject.ts";
import { type WatchedEntry, type Watcher, startWatcher } from "./watcher.ts";

export const name = "mail.example.org";

const entries: readonly WatchedEntry[] = [
  { server: "postfix", port: 25, speak: "smtp" },
  { server: "dovecot", port: 110, speak: "pop3" },
  { server: "dovecot", port: 143, speak: "imap" },
  { server: "postfix", port: 465, speak: "implicit" },
  { server: "postfix", port: 587, speak: "smtp" },
  { server: "dovecot", port: 993, speak: "implicit" },
  { server: "dovecot", port: 995, speak: "implicit" },
  { server: "dovecot", port: 4190, speak: "sieve" },
];

export interface SweptHost {
  readonly host: MailHost;
  readonly watcher: Watcher;
  /** /etc/dovecot and /etc/postfix as they were before mailcert came: paths, modes, owners, contents. */
  readonly untouched: string;
  /** By `port kind`: the leaf that was served then, "" where there was no handshake. */
  readonly original: Readonly<Record<string, string>>;
  /** States without a change from which the next run was seen to go well. */
  readonly goesOnFrom: Set<string>;
}

/**
 * One address, so that a proof is 8 handshakes a slot instead of 24; login processes that serve many clients each (Dovecot's
 * "high-performance mode"), so that being looked at costs the servers little; no copies of the system's CA certificates in Postfix's
 * chroot, each of which Debian's `postfix check` compares.
 */
const settings = (suite: Suite): string => `
  many='${suite === "bookworm" ? "service_count = 0" : "restart_request_count = unlimited"}'
  { echo 'listen = 127.0.0.1'
    for login in imap pop3 managesieve; do printf 'service %s-login {\\n  %s\\n}\\n' "$login" "$many"; done
  } >/etc/dovecot/conf.d/11-swept.conf
  postconf -e inet_interfaces=127.0.0.1 inet_protocols=ipv4 smtp_tls_CApath=
  rm -rf /var/spool/postfix/etc/ssl
  cat >>/etc/postfix/master.cf <<'END'
submission inet n - y - - smtpd
  -o smtpd_tls_security_level=may
submissions inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
END`;

export const startSweptHost = async (suite: Suite): Promise<SweptHost> => {
  const host = await startMailHost({ suite, hosts: { [name]: "127.0.0.1" } });
  await host.must(settings(suite));
  await settle(host);
  await readyForFaults(host);
  await host.must("mkdir /opt/untouched && cp -a /etc/dovecot /etc/postfix /opt/untouched/");
  await Promise.all([host.startDovecot(), host.startPostfix([25, 465, 587])]);
  const watcher = await startWatcher(host, name, entries);
  return {
    host,
    watcher,
    untouched: await serverSettings(host),
    original: await watcher.look(["any"]),
    goesOnFrom: new Set(),
  };
};
