// Inside TLS the capabilities are told anew, and STARTTLS is gone.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "st-caps",
  summary: "capabilities are told anew inside TLS, and STARTTLS is gone",
  clients: "Old programs go on with what the server said before TLS, where anybody could have changed it.",
  servers: "Update the server; where a proxy stands in front of it, let that one ask again inside TLS.",
  reference: "RFC 3207 §4.2, RFC 5804 §2.2, RFC 9051 §6.2.1",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

export const stCaps: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ observation: { secure } }) => secure !== undefined,
  judge: (facts) => {
    const { secure, entry } = facts.observation;
    return [
      ...(secure?.startTlsStillOffered
        ? say(base, facts.role, {
            message: "STARTTLS is still offered inside TLS",
            hint:
              entry.mode === "implicit"
                ? "a TLS terminator (stunnel, haproxy, nginx) hands decrypted connections to a port that does not know of it: point it at a service without STARTTLS"
                : "update the server, or look for a proxy in front of it that repeats old capabilities",
          })
        : []),
      ...(secure?.loginDisabled
        ? say(base, facts.role, {
            message: "inside TLS the login is still disabled (LOGINDISABLED): nobody can log in",
            hint: "the server does not know that the connection is encrypted: let the proxy that ends TLS in front of it say so (Dovecot: `haproxy = yes` at the inet_listener, `send-proxy-v2-ssl` in haproxy), or let the server end TLS itself",
          })
        : []),
      ...(secure?.silent
        ? say(base, facts.role, {
            message:
              "the server does not send its capabilities by itself after TLS started: clients that wait for them hang",
            hint: "update the server (Cyrus before 2.3.11 is known for it)",
          })
        : []),
    ];
  },
};
