// The stunnel adapter on Debian's real stunnel: the contract, after a yes; daemons that must be restarted, services that are not for mail alone.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import type { MailHost } from "./mail-host.ts";
import { type ProxyLab, installStunnel, judged, openProxyLab } from "./proxies-host.ts";
import { certificate, folder, leafOf, makePair, openPorts, served, snapshot } from "./server-judge.ts";

const global = "pid = /run/stunnel4/mail.pid\n";
const before = "/etc/ssl/before";
/** Lines that are inherited, lines of a service's own with the key first, and STARTTLS. */
const mail = `${global}cert = ${before}/rsa/combined.pem
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

let lab: ProxyLab;
let host: MailHost;
const start = "stunnel4 /etc/stunnel/mail.conf 2>&1";
const stop = '[ -z "$(pidof stunnel4)" ] || { kill $(pidof stunnel4); while pidof stunnel4; do sleep 0.05; done; }';
const settled = (ports: readonly number[]): Promise<void> =>
  expect.poll(() => openPorts(host, "stunnel4"), { timeout: 10_000 }).toEqual(ports);

beforeAll(async () => {
  lab = await openProxyLab("stunnel");
  ({ host } = lab);
  await installStunnel(host);
  await host.must("mkdir /root/etc && cp -a /etc/stunnel /root/etc/");
  // It hands IMAP on to the server behind it, and says STARTTLS by itself.
  host.spawn([
    "python3",
    "-c",
    `import socketserver
class Mail(socketserver.StreamRequestHandler):
  def handle(self):
    self.wfile.write(b"* OK ready\\r\\n")
    for line in self.rfile: self.wfile.write(b"* CAPABILITY IMAP4rev1\\r\\n" + line.split()[0] + b" OK\\r\\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 9143), Mail).serve_forever()`,
  ]);
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = (): ServerUnderTest => ({
  ...judged(lab, "/etc/stunnel"),
  version: /^5\.7/,
  reset: async () => {
    await host.must("rm -rf /etc/stunnel && cp -a /root/etc/stunnel /etc/");
    await host.write("/etc/stunnel/mail.conf", mail);
    await host.must(`pid=$(pidof stunnel4) && kill -HUP $pid || ${start}`);
    await settled([993, 995, 1143]);
  },
  openPorts: () => openPorts(host, "stunnel4"),
  breakConfiguration: async () => {
    await host.must("echo 'no_such_setting = yes' >> /etc/stunnel/mail.conf");
    return '/etc/stunnel/mail.conf line 16: "no_such_setting = yes"';
  },
  overwriteOurs: async () => {
    await host.must("echo '; mine now' >> /etc/stunnel/mailcert-mail.d/certificate.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "file"
      ? change.path === "/etc/stunnel/mailcert-mail.d/certificate.conf" &&
        change.mode === 0o644 &&
        (change.content ?? "")
          .split("\n")
          .every((line) => /^(|;.*|(cert|key) = \/\S+|config = (Certificate|PrivateKey):\/\S+)$/.test(line))
      : change.kind === "line" &&
        [change, ...(change.also ?? [])].every(
          ({ before: old = "", after }) =>
            /^\s*(cert|key) = /i.test(old) &&
            (after.trim() === "include = /etc/stunnel/mailcert-mail.d" || after === `# mailcert: ${old}`),
        ),
});

serverContract("stunnel", async () => subject());

describe("a stunnel that is not as simple", () => {
  let installation: Installation;
  const ready = async (files: Readonly<Record<string, string>>, ports: readonly number[]): Promise<void> => {
    await host.must(`${stop}; rm -rf /etc/stunnel && cp -a /root/etc/stunnel /etc/`);
    for (const [name, text] of Object.entries(files)) await host.write(`/etc/stunnel/${name}.conf`, text);
    await host.must(start);
    await settled(ports);
    const [found] = await lab.server.detect();
    if (!found) throw new Error("not detected");
    installation = found;
  };
  const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
  const setUp = async (): Promise<void> => {
    for (const change of (await lab.server.readBack(installation, certificate)).flatMap(({ edit }) => edit))
      await lab.server.apply(installation, change);
    await lab.server.check(installation);
  };

  test("with setuid it is restarted, since a reload would take its ports away; its check reads keys as root", async () => {
    await ready({ mail: `setuid = stunnel4\nsetgid = stunnel4\n${mail}` }, [993, 995, 1143]);
    const old = await host.must("pidof stunnel4");
    await setUp();
    expect((await lab.server.plan(installation, certificate)).notes).toMatchObject([
      { severity: "info", message: expect.stringContaining("(setuid): it is restarted") as string },
    ]);
    await lab.server.reload(installation);
    await expect
      .poll(() => served(host, imaps, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(host, `${folder}/live/rsa`));
    expect(await host.must("pidof stunnel4")).not.toBe(old);
    // Sessions are not ended for nothing: only what changed since it started is a reason. Its start is known to the second.
    await host.must("sleep 1.1; /etc/init.d/stunnel4 restart mail");
    const settledPid = await host.must("pidof stunnel4");
    await lab.server.reload(installation);
    expect(await host.must("pidof stunnel4")).toBe(settledPid);
    await host.must(
      `cp -a ${folder}/live/. ${folder}/next && ln -sfn next ${folder}/link && mv -T ${folder}/link ${folder}/live`,
    );
    await lab.server.reload(installation);
    expect(await host.must("pidof stunnel4")).not.toBe(settledPid);
    await host.must(`ln -sfn generations/0001 ${folder}/link && mv -T ${folder}/link ${folder}/live`);
    expect((await lab.server.detect()).map(({ running, keyGroup }) => [running, keyGroup])).toEqual([
      [true, undefined],
    ]);
  });

  test("tunnels of other ports and ends of clients are no mail servers; each file is a daemon of its own", async () => {
    const web = `${global.replaceAll("mail", "web")}cert = ${before}/rsa/combined.pem\n[https]\naccept = 443\nconnect = 80\n[out]\nclient = yes\naccept = 127.0.0.1:993\nconnect = elsewhere.example.org:993\n`;
    await ready({ mail, web }, [993, 995, 1143]);
    expect(await lab.server.detect()).toMatchObject([{ id: "stunnel-mail", running: true }]);
    await host.write("/etc/stunnel/stunnel.conf", mail.replace("mail.pid", "other.pid"));
    expect((await lab.server.detect()).map(({ id, running }) => `${id} ${running}`)).toEqual([
      "stunnel-mail true",
      "stunnel false",
    ]);
  });

  test("lines that other services inherit stay; by SNI one that has a name of ours changes, and others do not", async () => {
    await ready(
      {
        mail: `${global}cert = ${before}/rsa/combined.pem\n[https]\naccept = 8443\nconnect = 80\n[pop3s]\naccept = 995\nconnect = 110\n[imaps]\naccept = 993\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n[ours]\nsni = imaps:mail.example.org\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n[theirs]\nsni = imaps:before.example.org\ncert = ${before}/rsa/combined.pem\nconnect = 9143\n`,
      },
      [993, 995, 8443],
    );
    const untouched = await snapshot(host, "/etc/stunnel");
    expect((await lab.server.plan(installation, certificate)).notes.map(({ message }) => message)).toEqual([
      "stunnel-mail: port 8443 is none of mail's: its certificate stays as it is",
      expect.stringContaining("the service [pop3s] has the certificate of the global options"),
    ]);
    const overrides = await lab.server.readBack(installation, certificate);
    expect(overrides.map(({ scope, edit }) => `${scope} ${edit.length}`)).toEqual([
      "the service [pop3s] 0",
      "the service [imaps] 2",
      "the service [ours] 2",
    ]);
    await setUp();
    await lab.server.reload(installation);
    const expectLeaf = async (name: string, path: string): Promise<void> =>
      expect.poll(() => served(host, imaps, "rsa", name), { timeout: 10_000 }).toBe(await leafOf(host, path));
    await expectLeaf("mail.example.org", `${folder}/live/rsa`);
    await expectLeaf("elsewhere.example.com", `${folder}/live/rsa`);
    await expectLeaf("before.example.org", `${before}/rsa`);
    for (const change of overrides.flatMap(({ edit }) => edit).toReversed())
      expect(await lab.server.revert(installation, change)).toBe("reverted");
    expect(await snapshot(host, "/etc/stunnel")).toBe(untouched);
  });

  test("a key of another certificate is found before any reload; one that runs as somebody else names its group", async () => {
    await ready({ mail }, [993, 995, 1143]);
    await setUp();
    await host.must(`mv ${folder}/live/rsa/privkey.pem /root/right.pem`);
    await makePair(host, "/root/other", "rsa", "mail.example.org");
    await host.must(`cp /root/other/privkey.pem ${folder}/live/rsa/privkey.pem`);
    await expect(lab.server.check(installation)).rejects.toMatchObject({ kind: "config" });
    await host.must(`mv /root/right.pem ${folder}/live/rsa/privkey.pem && chmod 600 ${folder}/live/rsa/privkey.pem`);
    await lab.server.check(installation);
    await host.must(`${stop}; sed -i 's/accept = 993/accept = 4190/; s/:995/:2525/' /etc/stunnel/mail.conf
chmod -R a+rX ${folder} && setpriv --reuid=stunnel4 --regid=stunnel4 --clear-groups chmod 755 /run/stunnel4; chgrp stunnel4 ${folder}/live/*/privkey.pem; chmod 640 ${folder}/live/*/privkey.pem`);
    await host.must(`setpriv --reuid=stunnel4 --regid=stunnel4 --clear-groups ${start}`);
    await settled([1143, 2525, 4190]);
    expect(await lab.server.detect()).toMatchObject([{ id: "stunnel-mail", keyGroup: "stunnel4" }]);
  });
});
