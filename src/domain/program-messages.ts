// What mail programs and other mail servers say when TLS fails, in the words that people read out or search for. The table in docs/troubleshooting.md is made of it.
import type { MessageWords } from "./message-words.ts";

export const programMessages: readonly MessageWords[] = [
  {
    words: "`self-signed certificate in certificate chain` (older: `self signed ...`)",
    means: "The chain ends at a root that this device does not know: a private CA whose root was not imported there.",
    mend: "[Import it](clients.md), by `mailcert bundle`; on Linux `install-linux.sh` of that folder. A program in Java, Python or Node may have a list of its own.",
  },
  {
    words: "`self-signed certificate`, `DEPTH_ZERO_SELF_SIGNED_CERT`",
    means:
      "The certificate vouches for itself alone: the one that Debian's packages made (`ssl-cert-snakeoil`, `/etc/dovecot/private`), or `self-signed`.",
    mend: "`mailcert setup NAME` makes one that can be trusted. Is it served already, another setting wins: [renewed, but the old one is served](#the-certificate-was-renewed-but-the-old-one-is-served).",
  },
  {
    words:
      "`unable to get local issuer certificate`, `unable to verify the first certificate`, `SEC_ERROR_UNKNOWN_ISSUER`",
    means: "The server does not send the certificate between its own and the root, or the root is not known here.",
    mend: "`cert-chain` in `verify` says which. Serve `fullchain.pem`, not `cert.pem`; mailcert always does.",
  },
  {
    words:
      '`hostname mismatch`, `no alternative certificate subject name matches target host name`, `SSL_ERROR_BAD_CERT_DOMAIN`, Outlook: "The target principal name is incorrect"',
    means:
      "The program was set to a name that the certificate does not have (`cert-name`), often the bare domain, an address or an old host name.",
    mend: "Set the program to one of the names that `verify` lists, or add the name: `mailcert setup NAME OTHER-NAME`.",
  },
  {
    words: "`certificate has expired`, `SEC_ERROR_EXPIRED_CERTIFICATE`",
    means: "An old certificate is served, or the device's clock is wrong.",
    mend: "`mailcert status`, then [renewed, but the old one is served](#the-certificate-was-renewed-but-the-old-one-is-served).",
  },
  {
    words: 'iPhone, iPad, Mac: "Cannot Verify Server Identity"',
    means:
      "The root is not known there, the name is not in the certificate, or its time is over. With a private CA mostly the second step is missing: the profile is installed, and the root not switched on.",
    mend: 'Settings > General > About > Certificate Trust Settings ([Apple](clients/apple.md#iphone-and-ipad)). Do not have people tap "Trust": it holds until the next renewal.',
  },
  {
    words:
      'Thunderbird: "Add Security Exception", "Certificate is not trusted because the issuer certificate is unknown"',
    means: "It has a list of authorities of its own, and does not ask the system's.",
    mend: "Import `ca.crt` there ([Thunderbird](clients/thunderbird.md)). An exception is for one port, and ends with the next renewal.",
  },
  {
    words: 'Outlook: "The server you are connected to is using a security certificate that cannot be verified"',
    means:
      "The root is not known there, or the server does not send the whole chain; with the name that is shown crossed out, the name is another.",
    mend: '`ca.cer` into "Trusted Root Certification Authorities" ([Windows](clients/outlook-windows.md)).',
  },
  {
    words: "`wrong version number`, `packet length too long`, `SSL_ERROR_RX_RECORD_TOO_LONG`, Outlook `0x800CCC1A`",
    means:
      "TLS at once was spoken to a port of STARTTLS (143, 110, 587, 25), or the program's TLS is too old for the server.",
    mend: '[The table](#mail-programs-tls-or-starttls-ssl-port-587-or-465): 993 and 465 with "SSL/TLS", 143 and 587 with "STARTTLS".',
  },
  {
    words: "the program waits, and gives up after a minute",
    means:
      "STARTTLS was expected at a port of TLS at once (993, 995, 465): each side waits for the other. Or a firewall.",
    mend: '993, 995 and 465 are "SSL/TLS", 143, 110 and 587 are "STARTTLS": [the table](#mail-programs-tls-or-starttls-ssl-port-587-or-465).',
  },
  {
    words: "`unexpected eof while reading`, `connection reset by peer`, `write:errno=104`, `SSL_ERROR_SYSCALL`",
    means: "The server ended the handshake: mostly it could not load key or certificate.",
    mend: "Its log has why; what it says: [the server's log](#what-the-servers-log-says).",
  },
  {
    words: "`alert protocol version`, `alert handshake failure`, `no shared cipher`, `unsupported protocol`",
    means:
      "Program and server have no version or cipher suite in common: TLS 1.0 or 1.1, or RSA suites alone against an ECDSA certificate.",
    mend: "Update the program. An old one that knows no ECDSA: `mailcert setup NAME --key ecdsa --key rsa` serves both. [Policy](hardening.md)",
  },
  {
    words: "`454 4.7.0 TLS not available due to local problem`",
    means: "Postfix has no key and certificate that it can use.",
    mend: "Its log has why; what it says: [the server's log](#what-the-servers-log-says).",
  },
  {
    words:
      "other servers: `4.7.5 Server certificate not verified` (older: `not trusted`), `no matching DANE TLSA records`",
    means: "Your TLSA records are not for the key that port 25 serves; they keep their mail back.",
    mend: "`mailcert dns check`, `mailcert verify --mx DOMAIN`; then [DNS](#dns-is-against-the-new-key-or-chain-dane-mta-sts).",
  },
];
