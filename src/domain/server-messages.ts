// What the logs of Dovecot and Postfix say about TLS. The table in docs/troubleshooting.md is made of it; test/e2e/troubleshooting.test.ts makes each of them happen.
import type { MessageWords } from "./message-words.ts";

const mismatched = {
  means:
    "Key and certificate do not belong together, and no TLS port works. Somebody changed one of the two lines, or copied one of two files.",
  mend: "`mailcert deploy NAME`; what wins over it is named, with file and line. `live` has both, switched by one rename.",
};

const gone = {
  means:
    "The path is gone: a deleted certificate of certbot's, a typo. Dovecot goes on with what it had, and **will not start the next time**.",
  mend: "`doveconf -n` shows the file and the line. `mailcert deploy NAME`.",
};

const exchanged = {
  means: "The two paths were exchanged.",
  mend: "Exchange them.",
};

const setProgram =
  'Set the program to "SSL/TLS" for 993, 995 and 465, to "STARTTLS" for 143, 110, 587: [the table](#mail-programs-tls-or-starttls-ssl-port-587-or-465).';

export const serverMessages: readonly MessageWords[] = [
  {
    words: "`Can't load SSL private key (ssl_key setting): Key is for a different cert than ssl_cert`",
    server: "Dovecot 2.3",
    ...mismatched,
  },
  {
    words: "`Can't load SSL private key (ssl_server_key_file setting): Key file is for a different certificate file`",
    server: "Dovecot 2.4",
    ...mismatched,
  },
  {
    words: "`ssl_cert: Can't open file ...: No such file or directory`",
    server: "Dovecot 2.3",
    ...gone,
  },
  {
    words: "`ssl_server_cert_file: open(...) failed: No such file or directory`",
    server: "Dovecot 2.4",
    ...gone,
  },
  {
    words: "`There is no valid PEM certificate.`",
    server: "Dovecot",
    means:
      "`Can't load SSL certificate`: the file is empty, is DER, or a page that was downloaded in its place. In 2.3 often a missing `<` before the path.",
    mend: "`openssl x509 -in FILE -noout -subject`.",
  },
  {
    words: "`The file contains a private key (you've mixed ssl_cert and ssl_key settings)`",
    server: "Dovecot 2.3",
    ...exchanged,
  },
  {
    words: "`The file contains a private key (you've mixed ssl_server_cert_file and ssl_server_key_file settings)`",
    server: "Dovecot 2.4",
    ...exchanged,
  },
  {
    words: "`tlsv1 alert unknown ca: SSL alert number 48`",
    server: "Dovecot",
    means: "It is the **client** that says this: it does not know the CA. Nothing is wrong with the server's files.",
    mend: "Find the program by `rip=`, and import the root there ([clients](clients.md)); with a public CA look whether the chain is whole (`verify`).",
  },
  {
    words: "`alert bad certificate: SSL alert number 42`",
    server: "Dovecot",
    means: "The client again (GnuTLS says it so): unknown CA, another name, or expired.",
    mend: "`mailcert verify` from where that client is.",
  },
  {
    words: "`SSL_accept() failed: ...wrong version number`",
    server: "Dovecot",
    means: "A program spoke plain text, or STARTTLS, to 993 or 995.",
    mend: setProgram,
  },
  {
    words: "`SSL_accept() failed: ...unsupported protocol`",
    server: "Dovecot",
    means: "A program that has nothing newer than TLS 1.1.",
    mend: "Update it. `ssl_min_protocol` would let it in, and everybody down.",
  },
  {
    words: "`SSL_accept() failed: ...no shared cipher`",
    server: "Dovecot",
    means: "A program that knows RSA certificates alone met an ECDSA one.",
    mend: "`mailcert setup NAME --key ecdsa --key rsa` serves both.",
  },
  {
    words: "`key at index 1 in ... does not match next certificate`",
    server: "Postfix",
    means:
      "`smtpd_tls_chain_files` has a key and a certificate that do not belong together. Then `disabling TLS support`: mail comes in without TLS.",
    mend: "`mailcert deploy NAME`.",
  },
  {
    words: "`error loading private keys and certificates from: ...: disabling TLS support`",
    server: "Postfix",
    means:
      "`smtpd_tls_chain_files` has a key and a certificate that do not belong together, mostly a key of another kind (RSA) than the certificate (ECDSA); the line before has `private key mismatch`.",
    mend: "`mailcert deploy NAME`.",
  },
  {
    words: "`x509 certificate routines::key values mismatch`",
    server: "Postfix",
    means:
      "`smtpd_tls_cert_file` and `smtpd_tls_key_file` are a certificate and a key that do not belong together: mail comes in without TLS.",
    mend: "`mailcert deploy NAME`, which puts one file in the place of the two.",
  },
  {
    words: '`cannot get RSA certificate from file "...": disabling TLS support`',
    server: "Postfix",
    means: 'The file of `smtpd_tls_cert_file` is not there, or has no certificate. "RSA" is said of any.',
    mend: "`postconf -n`, also `-P`; `mailcert deploy NAME`.",
  },
  {
    words: "`error opening chain file: ...: No such file or directory`",
    server: "Postfix",
    means:
      "A file of `smtpd_tls_chain_files` is not there. Clients are told of `no shared cipher`, as there is no certificate.",
    mend: "`postconf -n`, also `-P`; `mailcert deploy NAME`.",
  },
  {
    words: "`error loading chain from ...: key not first`",
    server: "Postfix",
    means: "In a chain file the key stands before its certificate.",
    mend: "`combined.pem` is in that order.",
  },
  {
    words: "`Both smtpd_tls_chain_files and one or more of the legacy ...are non-empty`",
    server: "Postfix",
    means: "Somebody set `smtpd_tls_cert_file` again; it is not used.",
    mend: "`postconf -X smtpd_tls_cert_file smtpd_tls_key_file`.",
  },
  {
    words: "`lost connection after STARTTLS`",
    server: "Postfix",
    means:
      "The handshake did not come to its end. Alone it is a client that went away; behind a line about keys, certificates or the CA it is that.",
    mend: "The lines before it.",
  },
  {
    words: "`TLS library problem: ...tlsv1 alert unknown ca`",
    server: "Postfix",
    means:
      "The client does not know the CA. On port 25 most servers do not look; one with a fixed policy for you does.",
    mend: "Import the root there, or a public CA.",
  },
  {
    words: "`improper command pipelining after CONNECT`",
    server: "Postfix",
    means: "A program spoke TLS at once to 25 or 587.",
    mend: setProgram,
  },
];
