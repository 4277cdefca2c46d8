// Mail servers whose configuration test fails, that do not run, that are not pointed at what is live, or whose own settings win: facts in, findings out.
import type { Failure } from "../failure.ts";
import { serviceOf } from "../service-name.ts";
import { shellWord } from "../shell-word.ts";
import { type DoubtedServer, type StoppedServer, doubtWords, servedWords, stoppedSeverity } from "../stopped-server.ts";
import type { DoctorFinding } from "./finding.ts";
import { few } from "./words.ts";

/** What identifies an installation of the seam. */
export interface Installed {
  readonly server: string;
  readonly id: string;
  readonly version: string;
  readonly configDir: string;
}

/** By systemd where it is PID 1, else by the system's scripts. */
export const serviceCommand = ({ server, id }: Installed, verb: "start" | "restart", systemd: boolean): string => {
  // Further instances of Postfix have no service of their own.
  if (server === "postfix" && id !== "postfix")
    return `postmulti -i ${shellWord(id)} -p ${verb === "start" ? "start" : "stop"}${verb === "start" ? "" : ` && postmulti -i ${shellWord(id)} -p start`}`;
  const service = serviceOf(server);
  return systemd ? `systemctl ${verb} ${service}` : `service ${service} ${verb}`;
};

const deploy = (certificate: string | undefined): string =>
  certificate === undefined ? "mailcert deploy" : `mailcert deploy ${shellWord(certificate)}`;

/** The settings of Dovecot 2.4 begin with the version that they were written for. */
const versionLine = ({ version, configDir }: Installed): string => {
  const short = /^\d+\.\d+\.\d+|^\d+\.\d+/.exec(version)?.[0] ?? "2.4.0";
  const lines = `dovecot_config_version = ${short}\\ndovecot_storage_version = ${short}`;
  return `sed -i '1i ${lines}' ${shellWord(`${configDir}/dovecot.conf`)}`;
};

export interface Broken {
  readonly installed: Installed;
  readonly failure: Failure;
  /** The complaint is about a file of ours, or about one below the state folder. */
  readonly ours: boolean;
  readonly certificate: string | undefined;
}

export const brokenFinding = ({ installed, failure, ours, certificate }: Broken): DoctorFinding => {
  const [hint] = failure.hints;
  const unversioned = installed.server === "dovecot" && /dovecot_config_version/.test(failure.message);
  // Read through a pattern: away, it is missed by nobody, and a deployment writes it.
  const [broken] = /\/\S+\/conf\.d\/99-mailcert\.conf\b/.exec(failure.message) ?? [];
  const command = unversioned
    ? versionLine(installed)
    : ours
      ? deploy(certificate)
      : broken === undefined
        ? undefined
        : `mv ${shellWord(broken)} /root/ && ${deploy(certificate)}`;
  return {
    check: "doctor-server",
    severity: "fault",
    message: `${installed.id}: ${failure.message}`,
    ...(command === undefined ? (hint === undefined ? {} : { hint }) : { command }),
  };
};

/** `broken`: it would not start on its configuration. */
/** `had`: the certificates of ours that it has, and when it was seen to serve one of them. */
export const stoppedFinding = (
  installed: Installed,
  systemd: boolean,
  broken = false,
  had: Pick<StoppedServer, "certificates" | "lastServed" | "off"> = { certificates: [] },
): DoctorFinding => {
  const start = serviceCommand(installed, "start", systemd);
  const { certificates, lastServed, off } = had;
  const what =
    lastServed === undefined ? "nothing can be proven of it" : servedWords(few(certificates), lastServed, off);
  return {
    check: "doctor-stopped",
    severity: stoppedSeverity(had),
    message: `${installed.id} is installed and does not run: ${what}`,
    ...(broken ? { hint: `once its configuration is mended: ${start}` } : { command: start }),
  };
};

export const doubtedFinding = (id: string, doubt: DoubtedServer): DoctorFinding => ({
  check: "doctor-doubted",
  severity: "fault",
  message: `${doubtWords(id, doubt)}; nothing reloads it when its certificate is renewed`,
  hint: doubt.mend,
});

/** What holds its port says why it does not run, and no start would help. */
export const isKeptFromStarting = ({ check, message }: DoctorFinding, others: readonly DoctorFinding[]): boolean =>
  check === "doctor-stopped" &&
  others.some(
    (other) => other.check === "doctor-port" && other.message.endsWith(`: ${message.split(" ")[0]} could not start`),
  );

/** `changes`: what a deployment would do about it; `certificate` undefined: it serves several. */
export const settingsFinding = (
  id: string,
  certificate: string | undefined,
  changes: readonly string[],
): DoctorFinding => ({
  check: "doctor-settings",
  severity: "fault",
  message: `${id} is not set to serve ${certificate ?? "its certificates"} as it was left; a deployment would: ${few(changes)}`,
  command: deploy(certificate),
});

export interface Winning {
  /** undefined: it serves several. */
  readonly certificate: string | undefined;
  /** `dovecot: for everything, /etc/dovecot/local.conf line 3 sets ...` */
  readonly message: string;
  /** mailcert can edit it. */
  readonly editable: boolean;
  /** What to do where it cannot. */
  readonly mend?: string | undefined;
  /** Clients are served there all the same. */
  readonly bearable?: true | undefined;
}

export const winningFinding = ({ certificate, message, editable, mend, bearable }: Winning): DoctorFinding => ({
  check: "doctor-override",
  severity: bearable ? "warning" : "fault",
  message,
  ...(editable
    ? {
        command: `mailcert deploy --yes${certificate === undefined ? "" : ` ${shellWord(certificate)}`}`,
        hint: `it changes that line; \`mailcert deploy --remove ${certificate === undefined ? "NAME" : shellWord(certificate)}\` puts it back${certificate === undefined ? " with the last of its certificates" : ""}`,
      }
    : { hint: mend ?? "take that setting out, then run: mailcert deploy" }),
});

/** `mend`: a sentence whose commands stand between backquotes. `served`: clients were served there, and are not any more. */
export const tlsOffFinding = (
  id: string,
  ports: readonly number[],
  { setting, mend }: { readonly setting: string; readonly mend: string },
  served: boolean,
): DoctorFinding => {
  const steps = /^`([^`]+)`, then `([^`]+)`$/.exec(mend);
  return {
    check: "doctor-tls-off",
    severity: served ? "fault" : "warning",
    message: `${id} offers no TLS on port ${few(ports.map(String), 6)} (${setting}), where other machines connect`,
    ...(steps ? { command: `${steps[1]} && ${steps[2]}` } : { hint: mend }),
  };
};
