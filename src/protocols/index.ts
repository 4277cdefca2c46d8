// The registry of mail protocols: one line each.
import type { ProtocolName } from "../domain/entry-point.ts";
import { ftp } from "./ftp.ts";
import { imap } from "./imap.ts";
import { ldap } from "./ldap.ts";
import { lmtp } from "./lmtp.ts";
import { nntp } from "./nntp.ts";
import { pop3 } from "./pop3.ts";
import type { Protocol } from "./protocol.ts";
import { sieve } from "./sieve.ts";
import { smtp } from "./smtp.ts";
import { submission } from "./submission.ts";
import { xmppClient } from "./xmpp-client.ts";
import { xmppServer } from "./xmpp-server.ts";

/** In the order in which a host's entry points are listed. */
export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  imap,
  pop3,
  smtp,
  submission,
  lmtp,
  sieve,
  nntp,
  "xmpp-client": xmppClient,
  "xmpp-server": xmppServer,
  ldap,
  ftp,
};

export { canInject } from "./injection.ts";
