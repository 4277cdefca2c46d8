// The ports of what often stands beside mail and shows the same certificate: news, chat, directories, files.
import type { PortWords } from "./vocabulary.ts";

const inn = "INN: `tlscertfile` and `tlskeyfile` in inn.conf";
const prosody = "Prosody: `certificates` and `prosodyctl cert import`; ejabberd: `certfiles` in ejabberd.yml";
const slapd = "OpenLDAP: `olcTLSCertificateFile` and `olcTLSCertificateKeyFile` of cn=config";
const vsftpd = "vsftpd: `ssl_enable=YES` with `rsa_cert_file`; ProFTPD: `TLSEngine on`";

export const otherPorts: readonly PortWords[] = [
  {
    port: 563,
    what: "NNTPS (news)",
    tls: "at once",
    clients: '"SSL/TLS", "Use secure connection"',
    servers: `${inn}, and \`nnrpd -D -p 563 -S\``,
    advice: "the one to take for news",
    reference: "RFC 8143",
  },
  {
    port: 119,
    what: "NNTP (news)",
    tls: "STARTTLS",
    clients: 'most news programs know "SSL/TLS" on 563 only',
    servers: inn,
    advice: "563 is better, and what programs offer; between news servers TLS is rare",
    reference: "RFC 4642",
  },
  {
    port: 5222,
    what: "XMPP (chat, for people's programs)",
    tls: "STARTTLS",
    clients: '"Require encryption", "StartTLS"; most programs do it without a word',
    servers: `${prosody}; \`c2s_require_encryption = true\`, \`starttls_required: true\``,
    advice:
      "the certificate is for the domain behind the @, not for the host that the SRV record names: `xmpp://DOMAIN --address IP`",
    reference: "RFC 6120 §5, §13.7.2",
  },
  {
    port: 5223,
    what: "XMPP (chat, for people's programs)",
    tls: "at once",
    clients: '"Direct TLS"; older programs "Use old-style SSL"',
    servers: "Prosody: `c2s_direct_tls_ports = { 5223 }`; ejabberd: `tls: true` on the listener",
    advice: "programs find it by `_xmpps-client._tcp` SRV records; gets through firewalls on 443 too",
    reference: "XEP-0368",
  },
  {
    port: 5269,
    what: "XMPP (chat, between servers)",
    tls: "STARTTLS",
    clients: "not for people's programs",
    servers: `${prosody}; \`s2s_secure_auth = true\`, \`s2s_use_starttls: required\``,
    advice: "the certificate is for the domain behind the @; many servers refuse one that nobody vouches for",
    reference: "RFC 6120 §5, §13.7.2",
  },
  {
    port: 5270,
    what: "XMPP (chat, between servers)",
    tls: "at once",
    clients: "not for people's programs",
    servers: "Prosody: `s2s_direct_tls_ports = { 5270 }`; ejabberd: `tls: true` on the listener",
    advice: "found by `_xmpps-server._tcp` SRV records; 5269 stays for those that do not look",
    reference: "XEP-0368",
  },
  {
    port: 636,
    what: "LDAPS (directories, address books)",
    tls: "at once",
    clients: '"Use secure connection (SSL)", "ldaps://"',
    servers: `${slapd}, and \`ldaps:///\` among the URLs that slapd is started with`,
    advice: "what address books in mail programs know; never written down in an RFC, offered everywhere",
    reference: "IANA service names",
  },
  {
    port: 389,
    what: "LDAP (directories, address books)",
    tls: "STARTTLS",
    clients: '"StartTLS", "ldap:// with -ZZ"; most address books do not know it',
    servers: `${slapd}; \`olcSecurity: tls=1\` refuses whoever stays in clear`,
    advice: "Dovecot and Postfix look users up here: `tls = yes`, `start_tls = yes`",
    reference: "RFC 4511 §4.14, RFC 4513 §3",
  },
  {
    port: 21,
    what: "FTP (files)",
    tls: "STARTTLS",
    clients: '"Require explicit FTP over TLS", "FTPES"; the command is AUTH TLS',
    servers: `${vsftpd}; \`force_local_logins_ssl=YES\``,
    advice:
      "the data connection is protected only where the program asks for it (PROT P): `verify` looks at the control one",
    reference: "RFC 4217",
  },
  {
    port: 990,
    what: "FTPS (files)",
    tls: "at once",
    clients: '"Require implicit FTP over TLS", "FTPS"',
    servers: "vsftpd: `implicit_ssl=YES` with `listen_port=990`; ProFTPD: `TLSOptions UseImplicitSSL`",
    advice: "21 with AUTH TLS is the standard one",
    reference: "RFC 4217 Appendix A (deprecated)",
  },
];
