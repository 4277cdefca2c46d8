// Where TLS is set up in servers that are neither Dovecot nor Postfix: which one it is cannot be seen from outside.
import type { ProtocolName } from "../domain/entry-point.ts";

interface Settings {
  /** Key, certificate and how they are read again. */
  readonly tls: string;
  /** Which versions and cipher suites it takes. */
  readonly policy: string;
  /** How logins are kept inside TLS; undefined: nothing is offered that could be seen. */
  readonly login?: string;
}

const xmpp: Settings = {
  tls: "Prosody: `prosodyctl check certs`, then `prosodyctl reload`; ejabberd: certfiles in ejabberd.yml, then `ejabberdctl reload-config`",
  policy:
    'Prosody: `tls_profile = "intermediate"` and no ssl.protocol of an old guide; ejabberd: c2s_protocol_options and c2s_ciphers in ejabberd.yml',
  login:
    "Prosody: `c2s_require_encryption = true` and no allow_unencrypted_plain_auth; ejabberd: `starttls_required: true` on the listener",
};

/** The last sentence of what to set, in `explain`. */
export const otherServersWords =
  "News, chat, directories, files: `mailcert explain PORT` names their servers' settings.";

export const otherServers: Readonly<Partial<Record<ProtocolName, Settings>>> = {
  nntp: {
    tls: "INN: tlscertfile and tlskeyfile in inn.conf, which new connections read",
    policy: "INN: `tlsprotocols: [ TLSv1.2 TLSv1.3 ]` and tlsciphers in inn.conf",
    login: "INN: `require_ssl: true` in the auth groups of readers.conf",
  },
  "xmpp-client": xmpp,
  "xmpp-server": xmpp,
  ldap: {
    tls: "OpenLDAP: olcTLSCertificateFile and olcTLSCertificateKeyFile of cn=config, readable for its user; then restart slapd",
    policy: "OpenLDAP: `olcTLSProtocolMin: 3.3` (TLS 1.2) and olcTLSCipherSuite of cn=config",
  },
  ftp: {
    tls: "vsftpd: `ssl_enable=YES`, rsa_cert_file and rsa_private_key_file; ProFTPD: `TLSEngine on`, TLSRSACertificateFile and TLSRSACertificateKeyFile; then restart it",
    policy:
      "vsftpd: `ssl_tlsv1=NO` and ssl_ciphers; ProFTPD: `TLSProtocol TLSv1.2 TLSv1.3` and TLSCipherSuite; then restart it",
  },
};
