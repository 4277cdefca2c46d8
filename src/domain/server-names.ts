// The programs that mailcert points at a certificate, by the names that --server and `servers:` take. `servers/index.ts` holds what serves each.

export const serverNames = [
  "dovecot",
  "postfix",
  "exim",
  "cyrus",
  "opensmtpd",
  "courier",
  "nginx",
  "haproxy",
  "stunnel",
] as const;
