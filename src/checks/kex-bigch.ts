// A ClientHello of two packets, as today's programs send it, is answered like a small one.
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "kex-bigch",
  summary: "a ClientHello of two packets is answered",
  clients: "New programs and servers cannot connect, old ones can: the connection is reset or falls silent.",
  servers:
    "No setting of the mail server: a firewall, load balancer or very old TLS library in front of it expects a ClientHello in one packet. Update it.",
  reference: "RFC 8446 §4.1.2, openssl/openssl#27557 (tldr.fail)",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const kexBigch: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: (facts) => refusesLarge(facts) || profiled(({ largeHello }) => largeHello)(facts),
  judge: (facts) =>
    refusesLarge(facts)
      ? say(base, facts.role, {
          message: "a ClientHello of two packets, as today's programs send it, is not answered; a small one is",
          hint: "update the server, or the firewall or load balancer in front of it, which expects a ClientHello in one packet (tldr.fail)",
        })
      : [],
};

/** Newer versions of Node send a large one themselves: then the ordinary look has seen it. */
const refusesLarge = ({ observation: { tls, profile } }: EntryFacts): boolean =>
  tls?.smallHelloOnly === true || profile?.largeHello === false;
