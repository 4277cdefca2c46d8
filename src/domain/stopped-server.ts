// A mail server that is installed and does not run, or that nobody of root's answers for: what that means for those whose certificate it has, and the ways on.
import type { Finding } from "./finding.ts";
import { utcMinute } from "./utc-minute.ts";

export interface StoppedServer {
  readonly id: string;
  readonly server: string;
  /** Certificates that it has. */
  readonly certificates: readonly string[];
  /** ISO date at which it was last seen to serve one of them; absent: never. */
  readonly lastServed?: string;
  /** Servers of this host that do run. */
  readonly others: readonly string[];
  /** Somebody has taken it out of what this host starts: in words, `dovecot.service is disabled`. */
  readonly off?: string;
}

/** The end of a hint; `others`: servers that do run. Empty where there is none: then this one is what the host is for. */
export const withoutIt = (server: string, others: readonly string[]): string => {
  const rest = [...new Set(others)].filter((name) => name !== server);
  return rest.length === 0
    ? ""
    : `; where ${server} is not to serve mail on this host, name those that are, in each entry of the configuration: servers: ${rest.length === 1 ? rest.join() : `[${rest.join(", ")}]`}`;
};

/** A process that serves, and whose word mailcert does not take: why, as the end of a sentence, and what mends it. */
export interface DoubtedServer {
  readonly pid: number;
  readonly why: string;
  readonly mend: string;
}

export const doubtWords = (id: string, { pid, why }: DoubtedServer): string =>
  `${id} runs as PID ${pid}, but mailcert does not take its word: ${why}`;

/** It is proven like every other one, and serves what it has until its certificate ends. */
export const doubtedServerFinding = (id: string, doubt: DoubtedServer): Finding => ({
  check: "server-doubted",
  severity: "fault",
  message: `${doubtWords(id, doubt)}; nothing reloads it when its certificate is renewed`,
  hint: doubt.mend,
});

/** It is told by every run that looks; what was to be done is done all the same, and takes effect when it starts. */
export const isOfStopped = ({ check }: Pick<Finding, "check">): boolean => check === "server-stopped";

/** One that somebody switched off is nobody's outage. */
export const stoppedSeverity = ({ lastServed, off }: Pick<StoppedServer, "lastServed" | "off">): "fault" | "warning" =>
  lastServed === undefined || off !== undefined ? "warning" : "fault";

/** What is known of one that served; `some`: certificates. */
export const servedWords = (some: string, lastServed: string, off: string | undefined): string =>
  off === undefined
    ? `it served ${some} at ${utcMinute(lastServed)}, and no client gets through to it now`
    : `${off}; it served ${some} at ${utcMinute(lastServed)}`;

export const stoppedServerFinding = ({ id, server, certificates, lastServed, others, off }: StoppedServer): Finding => {
  const some = certificates.slice(0, 3).join(", ");
  const more = certificates.length > 3 ? ` and ${certificates.length - 3} more` : "";
  return {
    check: "server-stopped",
    severity: stoppedSeverity({
      ...(lastServed === undefined ? {} : { lastServed }),
      ...(off === undefined ? {} : { off }),
    }),
    message:
      lastServed === undefined
        ? `${id} is not running, and was never seen to: it has the settings for ${some}${more}, and nothing of it is proven`
        : `${id} is not running: ${servedWords(`${some}${more}`, lastServed, off)}`,
    hint: `start ${server}${lastServed === undefined || off !== undefined ? "" : `; why it ended: journalctl -u ${server}, /var/log/mail.log`}${withoutIt(server, others)}`,
  };
};
