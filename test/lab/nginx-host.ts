// nginx as a mail proxy on a host of the lab, in mail {} and in stream {}, and what the contract asks of it.
import type { ServerUnderTest } from "../contract/server.ts";
import type { Suite } from "./parts.ts";
import { type ProxyLab, installNginx, judged, proxyLab, unmarked } from "./proxies-host.ts";

export const pair = (slot: string): string =>
  `ssl_certificate_key /etc/ssl/before/${slot}/privkey.pem;\n    ssl_certificate /etc/ssl/before/${slot}/cert.pem;`;

/** Lines that are inherited, lines of a server's own with the key first, and a stream; with and without STARTTLS. */
const mail = `mail {
  auth_http 127.0.0.1:9/auth;
  server_name mail.example.org;
  ${pair("rsa")} # theirs
  server { listen 143; protocol imap; starttls on; }
  server {
    listen 993 ssl;
    protocol imap;
    ${pair("ecdsa")}
  }
}
`;
const stream = `stream {
  server { listen 465 ssl; proxy_pass 127.0.0.1:9; ssl_certificate /etc/ssl/before/rsa/cert.pem; ssl_certificate_key /etc/ssl/before/rsa/privkey.pem; }
}
`;

/** What is asked for is the whole configuration of mail and streams. */
export const nginxLab = (suite: Suite): ProxyLab =>
  proxyLab({
    server: "nginx",
    suite,
    program: "nginx",
    install: installNginx,
    put: (host, name, text) => host.write(`/etc/nginx/proxies/${name}.conf`, text),
    start:
      "nginx -t 2>&1 && if [ -s /run/nginx.pid ]; then nginx -s reload; else nginx && until [ -s /run/nginx.pid ]; do sleep 0.02; done; fi",
  });

/** The contract's, after a yes. */
export const nginxSubject = (lab: ProxyLab): ServerUnderTest => ({
  ...judged(lab, "/etc/nginx"),
  version: lab.host.suite === "bookworm" ? /^1\.22\./ : /^1\.26\./,
  reset: async () => {
    await lab.configure({ mail, stream });
    await lab.settled([143, 465, 993]);
  },
  breakConfiguration: async () => {
    await lab.host.must("echo 'no_such_setting yes;' > /etc/nginx/proxies/broken.conf");
    return 'unknown directive "no_such_setting" in /etc/nginx/proxies/broken.conf:1';
  },
  overwriteOurs: async () => {
    await lab.host.must("echo '# mine now' >> /etc/nginx/mailcert.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "file"
      ? change.path === "/etc/nginx/mailcert.conf" &&
        change.mode === 0o644 &&
        (change.content ?? "").split("\n").every((line) => /^(|#.*|ssl_certificate(_key)? \/\S+;)$/.test(line))
      : change.kind === "line" &&
        [change, ...(change.also ?? [])].every(({ before = "", after }) => {
          const rest = (text: string): string =>
            unmarked(text).replace(
              /ssl_certificate(_key)? [^;]+;|include \/etc\/nginx\/mailcert.conf;|# mailcert: |\s/g,
              "",
            );
          return rest(before) === rest(after);
        }),
});
