// Commands that come in one packet with STARTTLS are not executed inside TLS.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";

const base = {
  id: "st-cmd-inj",
  summary: "commands sent in one packet with STARTTLS are not executed inside TLS (--full)",
  clients:
    "Nothing is to be seen: whoever stands in between can put commands before the encryption that the server takes as the client's own, and so get hold of a password or a message.",
  servers:
    "No setting mends it: update the server, or the proxy or mail filter in front of it that ends the TLS. Known for it are Postfix before 2.7.3, Dovecot's submission service before 2.3.15, Cyrus before 2.4.7. Clients should use the ports with TLS at once (993, 995, 465).",
  reference: "CVE-2011-0411, CVE-2021-33515, RFC 3207 §6",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const stCmdInj: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  // What could not be decided is not called passed.
  applies: ({ observation: { injection } }) => injection !== undefined && injection.kind !== "undecided",
  judge: (facts) => {
    const { injection } = facts.observation;
    if (injection?.kind !== "executed") return [];
    return say(base, facts.role, {
      message: `a command that was sent in clear behind STARTTLS is answered inside TLS: "${injection.answer}"`,
      hint: `${settingFor(facts, "update it (`dovecot --version`; mended in 2.3.15), or the proxy in front of it", "update it (`postconf mail_version`; mended in 2.7.3), or the mail filter or proxy in front of it")}; until then tell clients to use SSL/TLS (993, 995, 465)`,
    });
  },
};
