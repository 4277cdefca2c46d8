// The port speaks the mode that clients expect of it.
import type { EntryCheck, EntryFacts } from "./check.ts";
import { type EntryPoint, entryUrl } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import { meantUrl } from "../domain/meant-target.ts";
import { portOf, say } from "./finding.ts";
import { otherServers, otherServersWords } from "./other-servers.ts";
import { sawServer } from "./seen.ts";
import { switchedOff } from "./switched-off.ts";

const base = {
  id: "wrap-misuse",
  summary: "a port speaks the mode (STARTTLS or TLS at once) that clients expect",
  clients:
    'A program set to "SSL/TLS" waits for ever on a STARTTLS port, and one set to "STARTTLS" on a port where TLS begins at once: neither says why.',
  servers: `Dovecot: \`ssl = yes\` in the \`inet_listener\` of 993 and 995, and of no other. Postfix: \`-o smtpd_tls_wrappermode=yes\` at 465 in master.cf, and at no other service. ManageSieve has no port with TLS at once. ${otherServersWords}`,
  reference: "RFC 8314 §3, RFC 5804 §1.8",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

/** Where to turn TLS at once on or off: `mode` is what clients expect. */
export const serverHint = ({ protocol, mode, port }: Pick<EntryPoint, "protocol" | "mode" | "port">): string => {
  if (otherServers[protocol]) {
    return mode === "implicit"
      ? `in the server's listener for port ${port}, switch on TLS from the start`
      : `in the server's listener for port ${port}, switch off TLS from the start`;
  }
  if (mode === "implicit") {
    return protocol === "submission"
      ? `Postfix: the service on ${port} needs \`-o smtpd_tls_wrappermode=yes\` in master.cf, then \`postfix reload\``
      : `Dovecot: the inet_listener on ${port} needs \`ssl = yes\`, then \`doveadm reload\``;
  }
  return protocol === "submission" || protocol === "smtp"
    ? "Postfix: take `-o smtpd_tls_wrappermode=yes` off this service in master.cf (it belongs to 465 only), then `postfix reload`"
    : `Dovecot: take \`ssl = yes\` off the inet_listener on ${port}, then \`doveadm reload\``;
};

/** The server does what is usual on the port; the URL asked for something else. */
const mistyped = ({ observation: { entry }, role, meant }: EntryFacts): readonly Finding[] | undefined => {
  if (meant === undefined || meant.mode === entry.mode) return undefined;
  const asked = entry.mode === "starttls" ? "STARTTLS" : "TLS at once";
  const does = entry.mode === "starttls" ? "TLS at once" : "STARTTLS";
  const right = meantUrl(entry, meant);
  return say(base, role, {
    message: `${entryUrl(entry)} asks for ${asked}, but port ${entry.port} is the usual one for ${does}, and that is what it speaks: was ${right} meant?`,
    hint: `run \`mailcert verify ${right}\`; only where clients are told ${asked} for this port: ${serverHint(entry)}`,
  });
};

export const wrapMisuse: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: sawServer,
  judge: (facts) => {
    const { wrongMode, entry, tls } = facts.observation;
    if (switchedOff(facts)) return [];
    const typo = wrongMode && (tls || entry.mode === "implicit") ? mistyped(facts) : undefined;
    if (typo) return typo;
    if (wrongMode && entry.mode === "implicit") {
      return say(base, facts.role, {
        message: `port ${portOf(entry)} greets in clear, but clients start TLS there at once`,
        hint: serverHint(entry),
      });
    }
    if (wrongMode && tls) {
      return say(base, facts.role, {
        message: `port ${portOf(entry)} wants TLS at once, but clients wait there for a greeting in clear: both sides wait for ever`,
        hint: serverHint(entry),
      });
    }
    if (entry.protocol === "sieve" && entry.mode === "implicit" && tls) {
      return say(base, facts.role, {
        message: "ManageSieve with TLS at once is not defined: most clients hang",
        hint: "offer STARTTLS on 4190 instead",
      });
    }
    return [];
  },
};
