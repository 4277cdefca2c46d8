// Nothing comes between the go-ahead and the handshake: such bytes are protected by nobody.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { startTlsOnly } from "./starttls-only.ts";

const base = {
  id: "st-resp-inj",
  summary: "no bytes in clear between the STARTTLS go-ahead and the handshake",
  clients:
    "Nothing is to be seen: words that came before the encryption are believed as if they had come inside it (mail, settings, even passwords asked for).",
  servers:
    "A server with the fault is old: update it. Where it shows from one network only, somebody changes the traffic there. Clients should use the ports with TLS at once (993, 995, 465).",
  reference: "RFC 3207 §6, CVE-2021-22947",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const stRespInj: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: startTlsOnly,
  judge: (facts) => {
    const bytes = facts.observation.clear?.injectedBytes ?? 0;
    if (bytes === 0) return [];
    return say(base, facts.role, {
      message: `${bytes} bytes in clear follow the go-ahead for TLS: a bug of the server, or somebody in between who injects replies`,
      hint: "run it again from another network, and on the server itself: if it is gone there, somebody in between changes the traffic; if not, update the server. Clients should use SSL/TLS (993, 995, 465) until then",
    });
  },
};
