// stunnel in front of mail servers on a host of the lab, and what the contract asks of it.
import type { ServerUnderTest } from "../contract/server.ts";
import type { Suite } from "./parts.ts";
import { type ProxyLab, installStunnel, judged, proxyLab, startBehind, unmarked } from "./proxies-host.ts";

export const global = "pid = /run/stunnel4/mail.pid\n";
export const before = "/etc/ssl/before";
/** Lines that are inherited, lines of a service's own with the key first, and STARTTLS. */
export const mail = `${global}cert = ${before}/rsa/combined.pem
[imaps]
accept = 993
  Key = ${before}/ecdsa/privkey.pem
  Cert = ${before}/ecdsa/cert.pem
connect = 127.0.0.1:9143
[pop3s]
; theirs
accept = 127.0.0.1:995
connect = 127.0.0.1:9
[imap]
accept = 127.0.0.1:1143
protocol = imap
connect = 127.0.0.1:9143
`;

export const startLine = "stunnel4 /etc/stunnel/mail.conf 2>&1";
/** Ends it and starts it: a SIGHUP would not do where it is to have other rights. */
export const stop =
  '[ -z "$(pidof stunnel4)" ] || { kill $(pidof stunnel4); while pidof stunnel4; do sleep 0.05; done; }';

export const stunnelLab = (suite: Suite, { restarts = false } = {}): ProxyLab =>
  proxyLab({
    server: "stunnel",
    suite,
    program: "stunnel4",
    install: async (host) => {
      await installStunnel(host);
      await startBehind(host);
    },
    put: (host, name, text) => host.write(`/etc/stunnel/${name}.conf`, text),
    start: restarts ? `${stop}; ${startLine}` : `pid=$(pidof stunnel4) && kill -HUP $pid || ${startLine}`,
  });

const isPair = (line: string): boolean => /^((cert|key) = \/\S+|config = (Certificate|PrivateKey):\/\S+)$/.test(line);

/** The contract's, after a yes. */
export const stunnelSubject = (lab: ProxyLab): ServerUnderTest => ({
  ...judged(lab, "/etc/stunnel"),
  version: lab.host.suite === "bookworm" ? /^5\.6/ : /^5\.7/,
  reset: async () => {
    await lab.configure({ mail });
    await lab.settled([993, 995, 1143]);
  },
  breakConfiguration: async () => {
    await lab.host.must("echo 'no_such_setting = yes' >> /etc/stunnel/mail.conf");
    return '/etc/stunnel/mail.conf line 16: "no_such_setting = yes"';
  },
  overwriteOurs: async () => {
    await lab.host.must("echo '; mine now' >> /etc/stunnel/mailcert-mail.d/certificate.conf");
  },
  isCertificateSetting: (change) => {
    if (change.kind === "file")
      return (
        change.mode === 0o644 &&
        (change.path === "/etc/stunnel/mailcert-mail.d/certificate.conf"
          ? (change.content ?? "").split("\n").every((line) => /^(|;.*)$/.test(line) || isPair(line))
          : change.path === "/etc/stunnel/mailcert-mail.names.d/services.conf" &&
            (change.content ?? "")
              .split("\n")
              .every(
                (line) =>
                  /^(|[;#].*|\[mailcert-imap\S+\]|\[mailcert-pop3s-\S+\]|sni = \w+:\S+|connect = \S+|protocol = imap)$/.test(
                    line,
                  ) || isPair(line),
              ))
      );
    if (change.kind !== "line") return false;
    if (change.before === undefined) return change.after === "include = /etc/stunnel/mailcert-mail.names.d";
    return [change, ...(change.also ?? [])].every(({ before: old = "", after }) => {
      // An include of its own behind the line that stays.
      const [stays, ...more] = after.split("\n");
      const include = unmarked((stays === old ? more : [stays, ...more]).join("\n")).trim();
      return include === "include = /etc/stunnel/mailcert-mail.d" || include === `# mailcert: ${old}`;
    });
  },
});
