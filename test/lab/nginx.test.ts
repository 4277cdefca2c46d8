// The nginx adapter on Debian's real nginx: the contract, after a yes; and hosts whose lines are not for mail alone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Change, Installation } from "../../src/servers/server.ts";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import type { MailHost } from "./mail-host.ts";
import { type ProxyLab, installNginx, judged, openProxyLab } from "./proxies-host.ts";
import { certificate, folder, leafOf, openPorts, served, snapshot } from "./server-judge.ts";

const pair = (slot: string): string =>
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

let lab: ProxyLab;
let host: MailHost;
/** What is asked for is the whole configuration of mail and streams; the running nginx gets it. */
const configure = async (files: Readonly<Record<string, string>>): Promise<void> => {
  await host.must("rm -rf /etc/nginx && cp -a /root/etc/nginx /etc/");
  for (const [name, text] of Object.entries(files)) await host.write(`/etc/nginx/proxies/${name}.conf`, text);
  await host.must("nginx -t 2>&1 && if [ -s /run/nginx.pid ]; then nginx -s reload; else nginx; fi");
};
const settled = (ports: readonly number[]): Promise<void> =>
  expect.poll(() => openPorts(host, "nginx"), { timeout: 10_000 }).toEqual(ports);

beforeAll(async () => {
  lab = await openProxyLab("nginx");
  ({ host } = lab);
  await installNginx(host);
  await host.must("mkdir /root/etc && cp -a /etc/nginx /root/etc/");
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = (): ServerUnderTest => ({
  ...judged(lab, "/etc/nginx"),
  version: /^1\.26\./,
  reset: async () => {
    await configure({ mail, stream });
    await settled([143, 465, 993]);
  },
  openPorts: () => openPorts(host, "nginx"),
  breakConfiguration: async () => {
    await host.must("echo 'no_such_setting yes;' > /etc/nginx/proxies/broken.conf");
    return 'unknown directive "no_such_setting" in /etc/nginx/proxies/broken.conf:1';
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/nginx/mailcert.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "file"
      ? change.path === "/etc/nginx/mailcert.conf" &&
        change.mode === 0o644 &&
        (change.content ?? "").split("\n").every((line) => /^(|#.*|ssl_certificate(_key)? \/\S+;)$/.test(line))
      : change.kind === "line" &&
        [change, ...(change.also ?? [])].every(({ before = "", after }) => {
          const rest = (text: string): string =>
            text.replace(/ssl_certificate(_key)? [^;]+;|include \/etc\/nginx\/mailcert.conf;|# mailcert: |\s/g, "");
          return rest(before) === rest(after);
        }),
});

serverContract("nginx", async () => subject());

describe("an nginx that is not for mail alone", () => {
  let installation: Installation;
  const ready = async (files: Readonly<Record<string, string>>, ports: readonly number[]): Promise<void> => {
    await configure(files);
    await settled(ports);
    const [found] = await lab.server.detect();
    if (!found) throw new Error("not detected");
    installation = found;
  };
  const apply = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) await lab.server.apply(installation, change);
  };
  const web = (port: number, lines: string): string => `server { listen ${port} ssl; ${lines} }\n`;
  beforeEach(() => host.must("rm -f /etc/nginx/sites-enabled/*"));

  test("a web server is no mail server", async () => {
    await configure({});
    await host.write("/root/etc/nginx/sites-enabled/web", web(443, pair("rsa")));
    await configure({ stream: `stream { server { listen 8443 ssl; proxy_pass 127.0.0.1:9; ${pair("rsa")} } }` });
    expect(await lab.server.detect()).toEqual([]);
    await host.must("rm /root/etc/nginx/sites-enabled/web");
  });

  test("lines that streams of other ports inherit stay: the mail port gets its own, and the other port keeps its certificate", async () => {
    await ready(
      {
        stream: `stream {\n  ${pair("rsa")}\n  server {\n    listen 993 ssl; # mail\n    proxy_pass 127.0.0.1:9;\n  }\n  server { listen 8443 ssl; proxy_pass 127.0.0.1:9; }\n}\n`,
      },
      [993, 8443],
    );
    const before = await snapshot(host, "/etc/nginx");
    const { changes, notes } = await lab.server.plan(installation, certificate);
    expect(changes).toEqual([]);
    expect(notes).toMatchObject([{ message: "nginx: port 8443 is none of mail's: its certificate stays as it is" }]);
    const overrides = await lab.server.readBack(installation, certificate);
    const after = "    listen 993 ssl; include /etc/nginx/mailcert.conf; # mail";
    expect(overrides).toMatchObject([{ scope: "port 993", line: 3, edit: [{ kind: "file" }, { line: 5, after }] }]);
    const edit = overrides[0]?.edit ?? [];
    await apply(edit);
    expect(await lab.server.readBack(installation, certificate)).toEqual([]);
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const place = { protocol: "imap", mode: "implicit" } as const;
    await expect
      .poll(() => served(host, { ...place, port: 993 }, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(host, `${folder}/live/rsa`));
    expect(await served(host, { ...place, port: 8443 }, "rsa")).toBe(await leafOf(host, "/etc/ssl/before/rsa"));
    for (const change of edit.toReversed()) expect(await lab.server.revert(installation, change)).toBe("reverted");
    expect(await snapshot(host, "/etc/nginx")).toBe(before);
  });

  test("lines in a file that a web server reads, too, are shown and never changed", async () => {
    await host.write("/root/etc/nginx/snippets/tls.conf", `    ${pair("rsa")}\n`);
    await host.write("/root/etc/nginx/sites-enabled/web", web(443, "include snippets/tls.conf;"));
    await ready(
      { mail: "mail { auth_http 127.0.0.1:9/; server { listen 993 ssl; protocol imap; include snippets/tls.conf; } }" },
      [443, 993],
    );
    expect((await lab.server.plan(installation, certificate)).notes).toMatchObject([
      { message: "nginx: /etc/nginx/snippets/tls.conf holds for web servers, too: mailcert does not change it" },
    ]);
    expect(await lab.server.readBack(installation, certificate)).toMatchObject([
      { scope: "port 993", path: "/etc/nginx/snippets/tls.conf", line: 2, edit: [] },
    ]);
    await host.must("rm /root/etc/nginx/sites-enabled/web");
  });

  test("listeners: PROXY protocol, TLS switched off, ports that are handed on, unix sockets", async () => {
    await ready(
      {
        mail: `mail { auth_http 127.0.0.1:9/; ${pair("rsa")} server { listen 993 ssl proxy_protocol; } server { listen 192.0.2.10:110; } server { listen 127.0.0.1:25; protocol smtp; } }`,
        stream:
          "stream { server { listen 995; proxy_pass 127.0.0.1:9; } server { listen unix:/run/x; proxy_pass 127.0.0.1:9; } }",
      },
      [25, 110, 993, 995],
    );
    const found = await lab.server.listeners(installation);
    expect(found).toMatchObject([
      { protocol: "imap", mode: "implicit", port: 993, unobservable: expect.stringContaining("PROXY") as string },
      {
        protocol: "pop3",
        mode: "starttls",
        port: 110,
        address: "192.0.2.10",
        tlsOff: { mend: expect.stringContaining("starttls on") as string },
      },
      { protocol: "smtp", port: 25, unobservable: expect.stringContaining("TLS is switched off") as string },
      {
        protocol: "pop3",
        mode: "implicit",
        port: 995,
        ownCertificate: expect.stringContaining("proxy_pass 127.0.0.1:9") as string,
      },
    ]);
  });
});
