// The registry of mail protocols: one line each.
import type { ProtocolName } from "../domain/entry-point.ts";
import { imap } from "./imap.ts";
export { canInject } from "./injection.ts";
import { lmtp } from "./lmtp.ts";
import { pop3 } from "./pop3.ts";
import type { Protocol } from "./protocol.ts";
import { sieve } from "./sieve.ts";
import { smtp } from "./smtp.ts";
import { submission } from "./submission.ts";

/** In the order in which a host's usual entry points are listed. */
export const protocols: Readonly<Record<ProtocolName, Protocol>> = { imap, pop3, smtp, submission, lmtp, sieve };
