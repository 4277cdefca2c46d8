// No early data (0-RTT): what comes in it can be sent once more by whoever recorded it.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "0rtt",
  summary: "no early data (0-RTT) in TLS 1.3",
  clients: "Nothing: no mail program sends any. What comes in it can be sent again by whoever recorded it.",
  servers:
    "Dovecot, Postfix and Exim have none. Where a box in front ends TLS: nginx `ssl_early_data off`, HAProxy without `allow-0rtt`, stunnel and others by their own manual.",
  reference: "RFC 9325 §3.10, RFC 8446 §8",
  severity: { mta: "warning", mua: "warning", internal: "warning" },
} as const;

export const earlyData: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ observation }) => observation.tls?.earlyData !== undefined,
  judge: (facts) => {
    const { earlyData: bytes = 0 } = facts.observation.tls ?? {};
    return bytes === 0
      ? []
      : say(base, facts.role, {
          message: `early data (0-RTT) is taken, up to ${bytes} bytes: whoever records it can send it once more, and no mail protocol is made for that`,
          hint: "switch it off in what ends TLS in front of the server: nginx `ssl_early_data off`, HAProxy without `allow-0rtt`",
        });
  },
};
