// ALPN: a server for mail does not agree to speak a protocol of web servers (ALPACA).
import { clean } from "../domain/text.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "alpn",
  summary: "no protocol of web servers is agreed to by ALPN",
  clients:
    "Nothing. A browser that is led to the port for mail finds what it believes to be its web server, with a certificate that fits (ALPACA).",
  servers:
    "Dovecot from 2.4 on and Exim (`tls_alpn`) take their own protocol's name and no other, Postfix leaves ALPN alone: both are well. Where a box in front ends TLS: its list of protocols (nginx, HAProxy `alpn`) is for web servers.",
  reference: "RFC 9325 §3.8, RFC 7301 §3.2",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

const ofTheWeb = /^(?:h2|h3|http\/)/;

export const alpn: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled((profile) => profile.alpn),
  judge: (facts) => {
    const chosen = facts.observation.profile?.alpn;
    return typeof chosen === "string" && ofTheWeb.test(chosen)
      ? say(base, facts.role, {
          message: `by ALPN the server agrees to speak ${clean(chosen, 20)}, a protocol of web servers: a browser can be led to it (ALPACA)`,
          hint: "what ends TLS there has a list of protocols for web servers: take it out (nginx, HAProxy `alpn`)",
        })
      : [];
  },
};
