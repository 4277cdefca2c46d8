// The mail servers that mailcert knows, by the name that --server and the config use.
import type { ServerDependencies } from "./dependencies.ts";
import { createCourier } from "./courier/courier.ts";
import { createCyrus } from "./cyrus/cyrus.ts";
import { createDovecot } from "./dovecot/dovecot.ts";
import { createExim } from "./exim/exim.ts";
import { createFiles } from "./files/files.ts";
import { createHaproxy } from "./haproxy/haproxy.ts";
import { createNginx } from "./nginx/nginx.ts";
import { createOpensmtpd } from "./opensmtpd/opensmtpd.ts";
import { createPostfix } from "./postfix/postfix.ts";
import type { Server } from "./server.ts";
import { createStunnel } from "./stunnel/stunnel.ts";

export interface ServerEntry {
  readonly summary: string;
  readonly create: (dependencies: ServerDependencies) => Server;
}

export const servers = {
  dovecot: { summary: "Dovecot 2.3 and 2.4: IMAP, POP3, LMTP, ManageSieve, submission", create: createDovecot },
  postfix: { summary: "Postfix 3.4 and later, every instance: SMTP, submission", create: createPostfix },
  exim: { summary: "Exim 4.92 and later: SMTP, submission", create: createExim },
  cyrus: { summary: "Cyrus IMAP 3.2 and later: IMAP, POP3, LMTP, ManageSieve", create: createCyrus },
  opensmtpd: { summary: "OpenSMTPD 6.6 and later: SMTP, submission (restarted)", create: createOpensmtpd },
  courier: { summary: "Courier: IMAP, POP3, SMTP, submission", create: createCourier },
  nginx: { summary: "nginx as a mail proxy: mail {}, and mail ports of stream {}", create: createNginx },
  haproxy: { summary: "HAProxy 2.4 and later: bind lines with TLS at mail's ports", create: createHaproxy },
  stunnel: { summary: "stunnel 5.50 and later: services at mail's ports", create: createStunnel },
  files: {
    summary: "copies for every other program, as files: of the configuration says",
    create: (dependencies) => createFiles(dependencies),
  },
} satisfies Record<string, ServerEntry>;

export type ServerName = keyof typeof servers;

export const serverNames = Object.keys(servers) as readonly ServerName[];

export const isServerName = (text: string): text is ServerName => Object.hasOwn(servers, text);
