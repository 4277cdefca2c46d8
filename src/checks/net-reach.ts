// Every address of every name answers, and the dialogue comes to its end.
import { isIPv6 } from "node:net";
import { type EntryPoint, type ProtocolName, clientLabel, socketPath } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { meantHint } from "../domain/meant-target.ts";
import { isIpName } from "../domain/names.ts";
import { askedName } from "../domain/probe-host.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { otherServers } from "./other-servers.ts";
import { switchedOff } from "./switched-off.ts";

const base = {
  id: "net-reach",
  summary: "every address of every name answers and speaks its protocol",
  clients:
    'Mail programs say "cannot connect to the server" or wait until they give up; people behind the address that does not answer see it only now and then.',
  servers:
    "The server listens on every address of the name: Dovecot `listen = *, ::`, Postfix `inet_interfaces = all` and `inet_protocols = all`; the firewall lets the port through. An A or AAAA record of a machine without mail goes out of the DNS.",
  reference: "RFC 5321 §5.1, RFC 8314 §3",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

const listenHint = (facts: EntryFacts): string => {
  const { protocol, mode, port } = facts.observation.entry;
  if (protocol === "submission") {
    return `Postfix: switch on the ${mode === "implicit" ? "submissions (smtps)" : "submission"} service in master.cf, then \`postfix reload\``;
  }
  if (otherServers[protocol])
    return `is the server running, and does it listen there? \`ss -ltnp sport = :${port}\`, and its log`;
  if (protocol === "smtp") return "is the mail server running? `systemctl status postfix`, `ss -ltn sport = :25`";
  return `is the service running and listening? \`systemctl status dovecot\`, \`ss -ltn\`; the protocol's package must be installed (dovecot-imapd, dovecot-pop3d, dovecot-managesieved)`;
};

const ofConnect = (facts: EntryFacts, reason: string): { severity: Severity; message: string; hint: string } => {
  const { entry, error } = facts.observation;
  if (socketPath(entry) !== undefined) {
    const hint =
      "is it running, and is this the path? `ss -lxp`, Dovecot: `doveconf service/lmtp/unix_listener`, Postfix: `postconf mailbox_transport virtual_transport`";
    return { severity: "fault", message: error?.message ?? "no connection", hint };
  }
  if (reason === "refused") {
    if (!facts.demanded) return { severity: "info", message: "not offered", hint: listenHint(facts) };
    return { severity: "fault", message: error?.message ?? "connection refused", hint: listenHint(facts) };
  }
  // What was asked for by name and is out of reach is as bad as refused; of guessed ports nobody knows what they should do.
  const severity = facts.demanded ? "fault" : "warning";
  if (reason === "timeout") {
    return {
      severity,
      message: error?.message ?? "no answer",
      hint:
        entry.port === 25
          ? "many networks block port 25 outwards: try from another network, or on the server itself with --address 127.0.0.1"
          : "look for a firewall between here and the server, or try on the server itself with --address 127.0.0.1",
    };
  }
  if (reason === "no-route") {
    const family = isIPv6(facts.observation.address ?? "") ? "IPv6" : "IPv4";
    return {
      severity: "info",
      message: `${error?.message ?? "this machine has no route to that address"}: what it serves over ${family} cannot be seen from here`,
      hint: `run verify also from a machine that has ${family} (\`ip ${family === "IPv6" ? "-6 " : ""}route\` shows no way from this one)`,
    };
  }
  return {
    severity,
    message: error?.message ?? "the address cannot be reached",
    hint: `where does the way to it end? \`tracepath -n ${facts.observation.address ?? entry.host}\`; a firewall may say so too. On the server itself: --address 127.0.0.1`,
  };
};

const limitHint = (protocol: ProtocolName): string => {
  const limits = otherServers[protocol]
    ? ""
    : " (Postfix: smtpd_client_event_limit_exceptions, Dovecot: mail_max_userip_connections)";
  return `wait and run it again; where this machine checks often, allow it in the server's limits${limits} and in fail2ban`;
};

/** It took some of our connections: what it showed is judged, what was still to be asked is not known. */
const ofLater = ({ protocol }: EntryPoint, words: string): { severity: Severity; message: string; hint: string } => ({
  severity: "warning",
  message: `after the first connections the server asks to come back later, so that not everything was asked: ${words}`,
  hint: limitHint(protocol),
});

/** All of these are faults, "come back later" too: a check that is turned away each time must not look green. */
const ofDialogue = (facts: EntryFacts): { severity: Severity; message: string; hint: string } => {
  const { error, tls } = facts.observation;
  const message = tls ? `the TLS handshake works, but then: ${error?.message}` : (error?.message ?? "no dialogue");
  const { entry } = facts.observation;
  const isOther = otherServers[entry.protocol] !== undefined;
  if (error?.reason === "temporary") {
    return {
      severity: "fault",
      message: `the server asks to come back later: ${error.message}`,
      hint: limitHint(entry.protocol),
    };
  }
  if (error?.reason === "declined") {
    return {
      severity: "fault",
      message: `the server refuses this machine: ${error.message}`,
      hint: isOther
        ? "its log says why: a limit, a rule about addresses, or a name that it does not serve"
        : "its log names the rule (blocklist, postscreen, EHLO name: --ehlo)",
    };
  }
  const log = isOther ? "its log" : "the server's log: `journalctl -u dovecot -u postfix -n 50`";
  // Where the client speaks first, the other mode just hangs up.
  if (facts.meant && (error?.reason === "protocol" || error?.reason === "closed"))
    return { severity: "fault", message, hint: meantHint(entry, facts.meant) };
  const hint = tls
    ? // What speaks TLS is the right port: what serves it ended or hangs.
      `${log} names the reason`
    : error?.reason === "timeout"
      ? `what is to speak there hangs, or dies: ${log} names the reason; a greeting may also wait for a slow DNS look-up of this machine's address`
      : `is this the right port for ${entry.protocol} with ${clientLabel(entry.mode)}? More says ${log}`;
  return { severity: "fault", message, hint };
};

export const netReach: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  judge: (facts) => {
    const { error, wrongMode, tls, later } = facts.observation;
    if (later !== undefined && !error) return say(base, facts.role, ofLater(facts.observation.entry, later));
    if (!error || wrongMode || switchedOff(facts)) return [];
    if (error.stage === "resolve") {
      return say(base, facts.role, {
        message: error.message,
        hint: `check the spelling, and its A and AAAA records: \`getent ahosts ${facts.observation.entry.host}\`; where nothing answers, this machine's name servers (/etc/resolv.conf); --address IP connects without DNS`,
      });
    }
    if (error.stage === "connect") return say(base, facts.role, ofConnect(facts, error.reason));
    if (error.stage === "greeting" || tls) return say(base, facts.role, ofDialogue(facts));
    return [];
  },
  judgeAll: (all) => deadHosts(all).flatMap(({ findings }) => findings),
};

/** Nothing there could be connected to, and no entry point says so as a fault of its own. */
const isDead = (facts: readonly EntryFacts[]): boolean => {
  const errors = facts.map(({ observation: { error } }) => error);
  const reached = errors.some((error) => error?.stage !== "connect" && error?.stage !== "resolve");
  const unresolved = errors.every((error) => error?.stage === "resolve");
  const told = facts.every(({ demanded, observation: { error } }) => demanded && error?.reason === "refused");
  return !reached && !unresolved && !told;
};

/** Hosts where nothing at all can be reached, whatever their ports were named by; the finding about each says it for all its entry points. */
export const deadHosts = (
  all: readonly EntryFacts[],
): readonly { readonly host: string; readonly findings: readonly Finding[] }[] =>
  // A socket's finding says all there is to say.
  [
    ...groupBy(
      all.filter(({ observation }) => socketPath(observation.entry) === undefined),
      ({ observation }) => observation.entry.host,
    ),
  ]
    .filter(([, facts]) => isDead(facts))
    .map(([host, facts]) => ({ host, findings: deadHost(host, facts) }));

const deadHost = (host: string, facts: readonly EntryFacts[]): readonly Finding[] => {
  const errors = facts.flatMap(({ observation: { error } }) => error ?? []);
  const why = [...new Set(errors.map(({ message }) => message))].slice(0, 4).join("; ");
  const shown = askedName(host);
  const what =
    facts.length === 1
      ? "the entry point looked at does not answer"
      : `none of the ${facts.length} entry points looked at answers`;
  const address = isIpName(host);
  const where =
    address || shown !== host
      ? `the right ${address ? "address" : "host"}`
      : `the right host (\`getent ahosts ${host}\` shows its addresses)`;
  const silent = errors.every(({ reason }) => reason === "timeout" || reason === "unreachable");
  const hint = errors.every(({ reason }) => reason === "no-route")
    ? `run it from a machine that has a route to ${address ? "this address" : "its addresses"}: nothing is known of the server (\`ip route\`, \`ip -6 route\` show what this one has)`
    : silent
      ? `is it ${where}, is it up, and does no firewall stand between? \`ping ${address ? host : (facts[0]?.observation.address ?? host)}\`; on the server itself: --address 127.0.0.1`
      : `is it ${where}, and are the mail servers running there? \`systemctl status dovecot postfix\`, \`ss -ltn\``;
  return say(base, "mua", { severity: "fault", message: `nothing can be reached at ${shown}: ${what} (${why})`, hint });
};
