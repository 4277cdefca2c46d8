// The ports and the words of mail TLS: what each is, what mail programs call it, what servers call it.

import { otherPorts } from "./other-ports.ts";

export interface PortWords {
  readonly port: number;
  /** `IMAP`, `submission (sending mail)` */
  readonly what: string;
  readonly tls: "at once" | "STARTTLS";
  /** What programs show for it, current and old. */
  readonly clients: string;
  /** What switches it on, in Dovecot's and Postfix's words. */
  readonly servers: string;
  /** What to know before choosing it. */
  readonly advice: string;
  readonly reference: string;
}

const atOnce = '"SSL/TLS"; old programs "SSL"';
const upgraded = '"STARTTLS"; Outlook before 2019 and Gmail\'s form "TLS"';

const mailPorts: readonly PortWords[] = [
  {
    port: 993,
    what: "IMAP (reading mail)",
    tls: "at once",
    clients: atOnce,
    servers:
      "Dovecot: `inet_listener imaps { port = 993, ssl = yes }` in `service imap-login`, there by default where `ssl` is not `no`",
    advice: "the one to take for reading mail",
    reference: "RFC 8314 §3.2",
  },
  {
    port: 143,
    what: "IMAP (reading mail)",
    tls: "STARTTLS",
    clients: upgraded,
    servers: "Dovecot: `inet_listener imap { port = 143 }`, with `ssl = required` so that nobody logs in without TLS",
    advice: "993 is better: nothing is said in clear there",
    reference: "RFC 9051 §6.2.1",
  },
  {
    port: 995,
    what: "POP3 (fetching mail)",
    tls: "at once",
    clients: atOnce,
    servers: "Dovecot: `inet_listener pop3s { port = 995, ssl = yes }`, in the package dovecot-pop3d",
    advice: "the one to take for POP3",
    reference: "RFC 8314 §3.3",
  },
  {
    port: 110,
    what: "POP3 (fetching mail)",
    tls: "STARTTLS",
    clients: upgraded,
    servers: "Dovecot: `inet_listener pop3 { port = 110 }`; the command is called STLS",
    advice: "995 is better: nothing is said in clear there",
    reference: "RFC 2595 §4",
  },
  {
    port: 465,
    what: "submissions (sending mail)",
    tls: "at once",
    clients: atOnce,
    servers:
      "Postfix: the service `submissions` in master.cf, with `-o smtpd_tls_wrappermode=yes` and `-o smtpd_sasl_auth_enable=yes`",
    advice: "the one to take for sending mail",
    reference: "RFC 8314 §3.3",
  },
  {
    port: 587,
    what: "submission (sending mail)",
    tls: "STARTTLS",
    clients: upgraded,
    servers:
      "Postfix: the service `submission` in master.cf, with `-o smtpd_tls_security_level=encrypt` and `-o smtpd_sasl_auth_enable=yes`",
    advice: "465 is better where both are offered",
    reference: "RFC 6409 §3.1",
  },
  {
    port: 25,
    what: "SMTP (mail from other servers)",
    tls: "STARTTLS",
    clients: "not for mail programs: they send through 465 or 587",
    servers:
      "Postfix: the service `smtp` in master.cf, with `smtpd_tls_security_level = may`: a server that cannot do TLS delivers in clear",
    advice: "other servers take any certificate here, unless DANE or MTA-STS tells them which",
    reference: "RFC 3207, RFC 7435",
  },
  {
    port: 4190,
    what: "ManageSieve (filters)",
    tls: "STARTTLS",
    clients: '"STARTTLS"; Outlook and phones do not know it',
    servers: "Dovecot: `protocols = ... sieve`, in the package dovecot-managesieved",
    advice: "there is no port with TLS at once for it",
    reference: "RFC 5804 §1.8",
  },
  {
    port: 24,
    what: "LMTP (between servers of one site)",
    tls: "STARTTLS",
    clients: "not for mail programs",
    servers:
      "Dovecot: `service lmtp`, most often on a socket file, where TLS has no use; `verify lmtp+unix:///PATH` looks at one",
    advice: "nothing outside this site needs it",
    reference: "RFC 2033",
  },
];

export const ports: readonly PortWords[] = [...mailPorts, ...otherPorts];

export interface LabelWords {
  /** As programs show it; the first one is its title. */
  readonly labels: readonly string[];
  readonly meaning: string;
  readonly advice: string;
}

export const labels: readonly LabelWords[] = [
  {
    labels: [
      "SSL/TLS",
      "SSL",
      "implicit TLS",
      "TLS (Apple Mail)",
      "wrapper mode",
      "smtps",
      "imaps",
      "pop3s",
      "nntps",
      "ldaps",
      "Direct TLS",
      "Old-style SSL",
      "Implicit FTP over TLS",
    ],
    meaning:
      'TLS from the first byte: ports 993 (IMAP), 995 (POP3) and 465 (sending); also 563 (news), 5223 (chat), 636 (directories) and 990 (files). Neither "SSL" nor "TLS" in a menu says how old the encryption is: both are TLS.',
    advice: "take it wherever it is offered (RFC 8314 §3)",
  },
  {
    labels: ["STARTTLS", "STLS", "explicit TLS", "AUTH TLS", "FTPES", "Explicit FTP over TLS"],
    meaning:
      "begins in clear and is encrypted when the client asks for it, on the old ports: 143 (IMAP), 110 (POP3), 587 (sending), 4190 (ManageSieve), 25 (between servers); also 119 (news), 5222 (chat), 389 (directories) and 21 (files).",
    advice: 'as safe as SSL/TLS once the program insists on it; where it says "if available", it does not',
  },
  {
    labels: ["TLS", "TLS (old Outlook)"],
    meaning:
      'STARTTLS in Outlook before 2019 and in Gmail\'s form for other accounts; in Apple Mail "Use TLS/SSL" means whichever the port is for; in others it is the same as "SSL/TLS".',
    advice:
      'the port decides: with 993, 995 or 465 choose SSL/TLS; with 143, 110 or 587 choose STARTTLS (or "TLS" where there is no such word)',
  },
  {
    labels: ["Automatic", "STARTTLS, if available", "TLS, if available", "opportunistic", "Auto"],
    meaning:
      "without TLS where the server does not offer it, or where somebody on the way hides the offer: the password may be read.",
    advice: "never in a mail program; between servers (Postfix `may`) it is usual, and DANE or MTA-STS makes it strict",
  },
  {
    labels: ["None", "No encryption", "plain"],
    meaning: "everything in clear, the password too.",
    advice: "never",
  },
  {
    labels: ["Accept all certificates", "Allow invalid certificates", "Trust all"],
    meaning: "encrypted, but with anybody who answers: it takes away what the certificate is for.",
    advice: "never; with a private CA import its root instead (`mailcert bundle`)",
  },
];
