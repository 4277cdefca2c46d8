// HAProxy in front of mail servers on a host of the lab, and what the contract asks of it.
import type { ServerUnderTest } from "../contract/server.ts";
import type { Suite } from "./parts.ts";
import { type ProxyLab, installHaproxy, judged, proxyLab, unmarked } from "./proxies-host.ts";

export const before = "/etc/ssl/before/rsa/combined.pem";
export const frontends = `frontend mail
	bind :993 ssl crt ${before} alpn imap # theirs
	bind 127.0.0.1:465,127.0.0.1:995 name ssl ssl crt /etc/ssl/before/ecdsa/combined.pem crt ${before}
	default_backend servers
backend servers
	server dovecot 127.0.0.1:143 send-proxy-v2-ssl
`;

export const haproxyLab = (suite: Suite): ProxyLab =>
  proxyLab({
    server: "haproxy",
    suite,
    program: "haproxy",
    install: installHaproxy,
    put: (host, _name, text) => host.must("cat >> /etc/haproxy/haproxy.cfg", { input: text }),
    start:
      "haproxy -c -f /etc/haproxy/haproxy.cfg 2>&1 && if pid=$(cat /run/haproxy.pid 2>/dev/null); then kill -USR2 $pid; else haproxy -W -D -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid && until [ -s /run/haproxy.pid ]; do sleep 0.02; done; fi",
  });

/** The contract's, after a yes. */
export const haproxySubject = (lab: ProxyLab): ServerUnderTest => ({
  ...judged(lab, "/etc/haproxy"),
  version: lab.host.suite === "bookworm" ? /^2\.6\./ : /^3\.0\./,
  oneDefault: lab.host.suite === "bookworm",
  reset: async () => {
    await lab.configure({ frontends });
    await lab.settled([465, 993, 995]);
  },
  breakConfiguration: async () => {
    await lab.host.must("echo ' bind :143 no-such-word' >> /etc/haproxy/haproxy.cfg");
    return "no-such-word";
  },
  overwriteOurs: async () => {
    await lab.host.must("echo '# mine now' >> /etc/haproxy/mailcert.crt-list");
  },
  isCertificateSetting: (change) =>
    change.kind === "file"
      ? change.path === "/etc/haproxy/mailcert.crt-list" && change.mode === 0o644
      : change.kind === "line" &&
        unmarked(change.after).replace("crt-list /etc/haproxy/mailcert.crt-list ", "") === (change.before ?? ""),
});
