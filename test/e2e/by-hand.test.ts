// The pages of docs/servers, followed by hand: what `snippet` prints is put where it says, its own commands are run, then each line of the page; the server serves the certificate.
import { describe, expect, it } from "vitest";
import { installCourier } from "../lab/courier-host.ts";
import { installCyrus } from "../lab/cyrus-host.ts";
import { installExim } from "../lab/exim-host.ts";
import { type MailHost, type MailHostOptions, startMailHost } from "../lab/mail-host.ts";
import { installSmtpd } from "../lab/opensmtpd-host.ts";
import { runPage } from "../lab/page.ts";
import { installHaproxy, installNginx, installStunnel } from "../lab/proxies-host.ts";
import { leafOf, makePair } from "../lab/server-judge.ts";
import { folder, leaves, name } from "./deployed-host.ts";

const live = `${folder}/live/ecdsa`;

/** What a snippet tells to run: behind a step's colon, or on a line of its own. */
const toldIn = (snippet: string): readonly string[] =>
  snippet.split("\n").flatMap((line) => {
    const [, look, behind, alone] =
      /^[#;] +\d\. [^:]*:(?: +(mailcert .*)| {2,}(\S.*))$|^[#;] {8}((?:systemctl|postconf|cyrus|smtpd) .*)$/.exec(
        line,
      ) ?? [];
    return look ?? behind ?? alone ?? [];
  });

/** A key that is read as another user: what has to be done for it stands in the text. */
const keysFor = (snippet: string): string => {
  const [, file, group, mode] =
    /let its group read ([a-z]+\.pem)[^;]*;[^:]*:\s*#?\s*chgrp ([\w-]+) and chmod (\d+)/.exec(
      snippet.replaceAll("\n# ", " "),
    ) ?? [];
  return group === undefined ? "true" : `chgrp ${group} ${live}/${file} && chmod ${mode} ${live}/${file}`;
};

interface Hand {
  readonly page: string;
  /** Puts the snippet, which stands in $1, where it says. */
  readonly put: string;
  /** A command of the snippet as this host needs it. */
  readonly instead?: (line: string) => string;
}

/** Does what the snippet says. */
const byHand = async (host: MailHost, { page, put, instead = (line) => line }: Hand): Promise<void> => {
  const snippet = await host.must(["mailcert", "snippet", page, name]);
  await host.must(["bash", "-euc", put, "put", snippet]);
  await host.must(keysFor(snippet));
  const told = toldIn(snippet).map(instead);
  expect(told.at(-1), snippet).toBe(`mailcert verify ${name}`);
  expect(told.length, snippet).toBeGreaterThan(1);
  // What it says of clients comes when all servers of the host are done.
  for (const line of told.slice(0, -1)) await host.must(line);
};

const followed = async (
  host: MailHost,
  hands: readonly Hand[],
  ports: readonly number[],
): Promise<Readonly<Record<string, ReadonlyMap<string, string>>>> => {
  await host.must(["mailcert", "setup", name, "--server", "none", "--schedule", "none"]);
  const ours = await leafOf(host, live);
  expect(Object.values(await leaves(host, ports))).not.toContain(ours);
  for (const hand of hands) await byHand(host, hand);
  await expect
    .poll(async () => leaves(host, ports), { timeout: 20_000 })
    .toEqual(Object.fromEntries(ports.map((port) => [port, ours])));
  const said: Record<string, ReadonlyMap<string, string>> = {};
  for (const { page } of hands) said[page] = await runPage(host, `servers/${page}.md`);
  // The last words of each snippet.
  await host.must(["mailcert", "verify", name]);
  return said;
};

const onHost = async (options: MailHostOptions, job: (host: MailHost) => Promise<void>): Promise<void> => {
  const host = await startMailHost({ ...options, systemd: true });
  try {
    await job(host);
  } finally {
    await host.stop();
  }
};

const listening = (ports: readonly number[]): string =>
  `for i in $(seq 600); do ${ports.map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ")} && exit 0; sleep 0.05; done; ss -ltnp; journalctl --no-pager -n 30; exit 1`;
/** The lines of /root/lines in the place of the first one of these, whose others go. */
const inPlace = (file: string, setting: string): string =>
  `sed -i -e '0,/^ *${setting}/{/^ *${setting}/{r /root/lines\nd}}' -e '/^ *${setting}.*before/d' ${file}`;
const old = "/etc/ssl/before";
/** Dovecot without TLS of its own, and nothing on the ports that clients use. */
const behind = `ssl = no
service imap-login {
  inet_listener imap {
    port = 1143
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = 1110
  }
  inet_listener pop3s {
    port = 0
  }
}
service managesieve-login {
  inet_listener sieve {
    port = 0
  }
}
`;
const noDovecot = "rm -f /usr/sbin/dovecot /usr/bin/doveconf";

/** Both are Debian's own, and at once, since one look at the host is for both. */
const dovecotAndPostfix: readonly Hand[] = [
  { page: "dovecot", put: 'printf "%s\\n" "$1" >/etc/dovecot/conf.d/99-mailcert.conf' },
  { page: "postfix", put: 'printf "%s\\n" "$1" >>/etc/postfix/main.cf' },
];
const submission = `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
  postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes`;

describe("servers as Debian has them", () => {
  it.each(["bookworm", "trixie"] as const)("Dovecot and Postfix of %s", (suite) =>
    onHost({ suite }, async (host) => {
      await host.must(submission);
      await Promise.all([host.startDovecot(), host.startPostfix([25, 465, 587])]);
      const said = await followed(host, dovecotAndPostfix, [25, 110, 143, 465, 587, 993, 995, 4190]);
      for (const page of ["dovecot", "postfix"])
        expect([...(said[page]?.values() ?? [])].join("")).toContain(
          `= ${suite === "bookworm" && page === "dovecot" ? "<" : ""}${live}/`,
        );
    }),
  );

  it("Exim", () =>
    onHost({ suite: "trixie", exim: true }, async (host) => {
      await installExim(host, "unsplit");
      await host.must(`${noDovecot}; systemctl start exim4; ${listening([25])}`);
      const put = 'printf "%s\\n" "$1" >>/etc/exim4/exim4.conf.localmacros';
      const { exim } = await followed(host, [{ page: "exim", put }], [25]);
      expect(exim?.get("exim -bP tls_certificate tls_privatekey")).toContain(`tls_privatekey = ${live}/privkey.pem`);
    }));

  it("OpenSMTPD", () =>
    onHost({ suite: "trixie", opensmtpd: true }, async (host) => {
      await installSmtpd(host);
      await host.must(`${noDovecot}; systemctl start opensmtpd; ${listening([25, 465, 587])}`);
      // In the place of the entry that the listeners name.
      const put = `sed -i '/^pki /d' /etc/smtpd.conf; printf "%s\\n" "$1" | cat - /etc/smtpd.conf >/root/new; cp /root/new /etc/smtpd.conf`;
      await followed(host, [{ page: "opensmtpd", put }], [25, 465, 587]);
    }));

  it("Courier", () =>
    onHost({ suite: "trixie", courier: true }, async (host) => {
      await installCourier(host);
      // Without filters of mail, whose folders its packages' scripts make.
      await host.must(
        `sed -i 's/ courier.service courierfilter.service//' /usr/lib/systemd/system/courier-msa.service; systemctl daemon-reload
         systemctl start courier-imap courier-imap-ssl courier-msa; ${listening([143, 587, 993])}`,
      );
      const put = 'for file in imapd-ssl esmtpd; do printf "%s\\n" "$1" >>/etc/courier/$file; done';
      // As far as it has them.
      const instead = (line: string): string => line.replaceAll(/ courier-(?:pop|mta)\S*/g, "");
      await followed(host, [{ page: "courier", put, instead }], [143, 587, 993]);
    }));

  it("Cyrus", () =>
    onHost({ suite: "trixie", cyrus: true }, async (host) => {
      await installCyrus(host);
      await host.must(`systemctl start cyrus-imapd; ${listening([143, 993, 995, 4190])}`);
      const put = `sed -i '/^tls_server_/d' /etc/imapd.conf; printf "%s\\n" "$1" >>/etc/imapd.conf`;
      await followed(host, [{ page: "cyrus", put }], [143, 993, 995]);
    }));
});

it("HAProxy, nginx and stunnel in front of Dovecot", () =>
  onHost({ suite: "trixie", proxies: true }, async (host) => {
    await makePair(host, old, "rsa", "before.example.org");
    await Promise.all([installNginx(host), installHaproxy(host), installStunnel(host)]);
    await host.must("cat >>/etc/haproxy/haproxy.cfg", {
      input: `frontend imaps\n bind :993 ssl crt ${old}/combined.pem\n default_backend dovecot\nbackend dovecot\n server imap 127.0.0.1:1143\n`,
    });
    await host.write(
      "/etc/nginx/proxies/pop3s.conf",
      `stream {\n server {\n  listen 995 ssl;\n  ssl_certificate ${old}/cert.pem;\n  ssl_certificate_key ${old}/privkey.pem;\n  proxy_pass 127.0.0.1:1110;\n }\n}\n`,
    );
    await host.write(
      "/etc/stunnel/mail.conf",
      `foreground = yes\n[imap]\naccept = 0.0.0.0:143\nprotocol = imap\nconnect = 127.0.0.1:1143\ncert = ${old}/combined.pem\n`,
    );
    await host.write("/etc/dovecot/conf.d/99-behind.conf", behind);
    await host.must("rm -f /usr/sbin/postconf /usr/sbin/postfix /usr/sbin/postmulti");
    await host.startDovecot([1110, 1143]);
    await host.must(`systemctl start haproxy nginx stunnel@mail; ${listening([143, 993, 995])}`);
    const hands: readonly Hand[] = [
      {
        page: "haproxy",
        put: `printf '%s\\n' "$1" >/etc/haproxy/mailcert.crt-list; sed -i 's|crt ${old}/.*|crt-list /etc/haproxy/mailcert.crt-list|' /etc/haproxy/haproxy.cfg`,
      },
      {
        page: "nginx",
        put: `printf '%s\\n' "$1" >/root/lines; ${inPlace("/etc/nginx/proxies/pop3s.conf", "ssl_certificate")}`,
      },
      {
        page: "stunnel",
        put: `printf '%s\\n' "$1" >/root/lines; ${inPlace("/etc/stunnel/mail.conf", "cert")}`,
        instead: (line) => line.replace("NAME", "mail"),
      },
    ];
    await followed(host, hands, [143, 993, 995]);
  }));
