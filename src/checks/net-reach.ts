// Every address of every name answers, and the dialogue comes to its end.
import { clientLabel } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "net-reach",
  summary: "every address of every name answers and speaks its protocol",
  reference: "RFC 5321 §5.1, RFC 8314 §3",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

const listenHint = (facts: EntryFacts): string => {
  const { protocol, mode, port } = facts.observation.entry;
  if (protocol === "submission") {
    return `Postfix: switch on the ${mode === "implicit" ? "submissions (smtps)" : "submission"} service in master.cf, then \`postfix reload\``;
  }
  if (protocol === "smtp") return "is the mail server running? `systemctl status postfix`, `ss -ltn sport = :25`";
  return `is the service running and listening? \`systemctl status dovecot\`, \`ss -ltn sport = :${port}\`; the protocol's package must be installed (dovecot-imapd, dovecot-pop3d, dovecot-managesieved)`;
};

const ofConnect = (facts: EntryFacts, reason: string): { severity: Severity; message: string; hint: string } => {
  const { entry, error } = facts.observation;
  if (reason === "refused") {
    if (!facts.demanded) return { severity: "info", message: "not offered", hint: listenHint(facts) };
    return { severity: "fault", message: error?.message ?? "connection refused", hint: listenHint(facts) };
  }
  if (reason === "timeout") {
    return {
      severity: "warning",
      message: error?.message ?? "no answer",
      hint:
        entry.port === 25
          ? "many networks block port 25 outwards: try from another network, or on the server itself with --address 127.0.0.1"
          : "look for a firewall between here and the server, or try on the server itself with --address 127.0.0.1",
    };
  }
  return {
    severity: "warning",
    message: error?.message ?? "the address cannot be reached",
    hint: "nothing can be said about this address from here; if it is not meant to receive mail, take its A or AAAA record out of the DNS",
  };
};

/** All of these are faults, "come back later" too: a check that is turned away each time must not look green. */
const ofDialogue = (facts: EntryFacts): { severity: Severity; message: string; hint: string } => {
  const { error, tls } = facts.observation;
  const message = tls ? `the TLS handshake works, but then: ${error?.message}` : (error?.message ?? "no dialogue");
  if (error?.reason === "temporary") {
    return {
      severity: "fault",
      message: `the server asks to come back later: ${error.message}`,
      hint: "wait and run it again; where this machine checks often, allow it in the server's limits (Postfix: smtpd_client_event_limit_exceptions, Dovecot: mail_max_userip_connections) and in fail2ban",
    };
  }
  if (error?.reason === "declined") {
    return {
      severity: "fault",
      message: `the server refuses this machine: ${error.message}`,
      hint: "its log names the rule (blocklist, postscreen, EHLO name: --ehlo)",
    };
  }
  const hint =
    error?.reason === "timeout"
      ? "look at the server's log and load: `journalctl -u dovecot -u postfix -n 50`; a greeting may also wait for a slow DNS look-up of this machine's address"
      : `is this the right port for ${facts.observation.entry.protocol} with ${clientLabel(facts.observation.entry.mode)}? The server's log says more: \`journalctl -u dovecot -u postfix -n 50\``;
  return { severity: "fault", message, hint };
};

export const netReach: EntryCheck = {
  ...base,
  scope: "entry",
  judge: (facts) => {
    const { error, wrongMode, tls } = facts.observation;
    if (!error || wrongMode) return [];
    if (error.stage === "resolve") {
      return say(base, facts.role, {
        message: error.message,
        hint: "check the spelling and the name's A and AAAA records: `getent ahosts NAME`; --address IP connects without DNS",
      });
    }
    if (error.stage === "connect") return say(base, facts.role, ofConnect(facts, error.reason));
    if (error.stage === "greeting" || tls) return say(base, facts.role, ofDialogue(facts));
    return [];
  },
};

/** A host where nothing at all can be reached: a fault about the whole, whatever its ports were named by. */
export const nothingReached = (all: readonly EntryFacts[]): readonly Finding[] => {
  const hosts = groupBy(all, ({ observation }) => observation.entry.host);
  return [...hosts].flatMap(([host, facts]) => {
    const reached = facts.some(
      ({ observation: { error } }) => error?.stage !== "connect" && error?.stage !== "resolve",
    );
    const unresolved = facts.every(({ observation: { error } }) => error?.stage === "resolve");
    if (reached || unresolved) return [];
    return say(base, "mua", {
      severity: "fault",
      message: `nothing can be reached at ${host}: ${facts.length === 1 ? "the entry point looked at does not answer" : `none of the ${facts.length} entry points looked at answers`}`,
      hint: `is it the right host, and are the mail servers running? \`getent ahosts ${host}\`, \`systemctl status dovecot postfix\``,
    });
  });
};
