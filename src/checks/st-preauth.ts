// An IMAP server does not greet with PREAUTH on a clear port: STARTTLS would be impossible.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { startTlsOnly } from "./starttls-only.ts";

const base = {
  id: "st-preauth",
  summary: "IMAP does not greet with PREAUTH on a clear port",
  clients:
    "A program with STARTTLS cannot go on, or, where it is careless, shows the mailbox of whoever is in between.",
  servers:
    "Nothing may log people in by itself on port 143. Look for a proxy or a `preauth` service; and, from another network, for somebody who forges the greeting.",
  reference: "RFC 9051 §7.1.4",
  severity: { mta: "-", mua: "fault", internal: "fault" },
} as const;

export const stPreauth: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: startTlsOnly,
  judge: (facts) =>
    facts.observation.clear?.preauth
      ? say(base, facts.role, {
          message:
            "the server greets with PREAUTH on a port in clear: a client cannot start TLS any more, and somebody in between may forge this to prevent it",
          hint: "find what logs connections in by itself (a proxy, a `preauth` service) and take it off this port; check from another network whether somebody forges it",
        })
      : [],
};
