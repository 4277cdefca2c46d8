// The services of a cyrus.conf: which of them can serve a certificate, and how.
import { expect, test } from "vitest";
import { parseServices } from "../../src/servers/cyrus/services.ts";

const text = `# SERVICES { old cmd="imapd" listen="imap" }
START {
  recover cmd="ctl_cyrusdb -r"
}
SERVICES {
  # imap cmd="imapd" listen="imap"
  imap      cmd="imapd -U 30" listen="imap" prefork=0
  imaps\tcmd="/usr/lib/cyrus/bin/imapd -sU 30" listen="imaps" proto="tcp6"
  pop3s     listen="[::1]:995" cmd="pop3d -s"
  own       cmd="imapd -C /etc/s.conf" listen="192.0.2.1:imap" proto=tcp4
  lmtpunix  cmd="lmtpd" listen="/run/cyrus/socket/lmtp"
  notify    cmd="notifyd" listen="/run/cyrus/socket/notify" proto="udp"
  https     cmd="httpd -s" listen=8443
  http      cmd="httpd" listen="8008"
  mupdate   cmd="mupdate" listen="3905"
}
EVENTS {
  imap cmd="imapd" listen="imap"
}
`;

test("TCP services of programs that speak TLS, as cyrus.conf(5) writes them", () => {
  const both = [4, 6];
  expect(parseServices(text)).toEqual([
    { name: "imap", protocol: "imap", implicit: false, listen: "imap", families: both },
    { name: "imaps", protocol: "imap", implicit: true, listen: "imaps", families: [6] },
    { name: "pop3s", protocol: "pop3", implicit: true, listen: "[::1]:995", families: both },
    { name: "own", protocol: "imap", implicit: false, listen: "192.0.2.1:imap", families: [4], ownFile: "/etc/s.conf" },
    { name: "https", protocol: undefined, implicit: true, listen: "8443", families: both },
  ]);
});
