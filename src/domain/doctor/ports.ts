// Ports that a server's configuration names and that another program holds, or nobody: facts in, findings out.
import type { DoctorFinding } from "./finding.ts";
import { type Installed, serviceCommand } from "./servers.ts";
import { few } from "./words.ts";

export interface Held {
  readonly port: number;
  readonly holders: readonly {
    readonly pid: number;
    readonly program: string;
    /** The service of systemd's that it belongs to. */
    readonly service?: string;
  }[];
}

/** The kernel's names of the processes that listen for a server (/proc/PID/comm). One that is not here may listen by any name. */
const listeners: Readonly<Record<string, RegExp>> = {
  dovecot: /^(?:dovecot|(?:imap|pop3|managesieve|submission|lmtp).*|config|anvil|log|auth)$/,
  postfix: /^(?:master|smtpd|postscreen|tlsproxy|qmqpd|lmtpd?)$/,
  exim: /^exim4?$/,
};

const check = "doctor-port";

const stranger = (installed: Installed, running: boolean, { port, holders }: Held): DoctorFinding | undefined => {
  const [first] = holders;
  const ours = Object.hasOwn(listeners, installed.server) ? listeners[installed.server] : undefined;
  if (first === undefined || ours === undefined || holders.some(({ program }) => ours.test(program))) return undefined;
  const { program, pid, service } = first;
  return {
    check,
    severity: "fault",
    message: `port ${port}, which ${installed.id}'s configuration names, is held by ${program} (pid ${pid}${service === undefined ? "" : `, ${service}`})${running ? "" : `: ${installed.id} could not start`}`,
    // Which of the two is to have it nobody but a person can say: it may be the proxy before the mail server.
    hint: `one of the two has to leave it: take the port out of the configuration of ${installed.id}, or stop ${program}${service === undefined ? "" : ` (systemctl disable --now ${service})`}`,
  };
};

/** What opens a port that came into the configuration, and ends no session. */
const opensPorts: Readonly<Record<string, string>> = { dovecot: "doveadm reload" };

/** `ports`: those that the configuration names and that can be looked at. */
export const portFindings = (
  installed: Installed,
  running: boolean,
  ports: readonly Held[],
  systemd: boolean,
): readonly DoctorFinding[] => {
  const strangers = ports.flatMap((held) => stranger(installed, running, held) ?? []);
  const silent = running ? ports.filter(({ holders }) => holders.length === 0).map(({ port }) => port) : [];
  if (silent.length === 0) return strangers;
  const again = opensPorts[installed.server] ?? serviceCommand(installed, "restart", systemd);
  return [
    ...strangers,
    {
      check,
      severity: "warning",
      message: `${installed.id} runs, and nobody listens on port ${few(silent.map(String), 6)}, which its configuration names: it was started with another one`,
      // One that finds a port of its own taken does not come up again.
      ...(strangers.length > 0 ? { hint: `once the ports above are its own: ${again}` } : { command: again }),
    },
  ];
};
