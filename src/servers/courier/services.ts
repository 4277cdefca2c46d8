// The servers that Courier is made of: what each of them reads, where it listens, and the process that does.
import type { Mode, ProtocolName } from "../../domain/entry-point.ts";
import { exists } from "../../system/exists.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { runningPid } from "../running.ts";
import { type Values, valuesOf } from "./settings.ts";

interface Kind {
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly mode: Mode;
  /** What its start script reads, in this order. */
  readonly files: readonly string[];
  /** The one of them that has the certificate. */
  readonly tlsFile: string;
  /** Debian's init script. */
  readonly script: string;
  /** The setting that offers STARTTLS where it says YES; absent: it is offered wherever there is a certificate. */
  readonly startTls?: string;
}

const kinds: readonly Kind[] = [
  {
    name: "imapd",
    protocol: "imap",
    mode: "starttls",
    files: ["imapd", "imapd-ssl"],
    tlsFile: "imapd-ssl",
    script: "courier-imap",
    startTls: "IMAPDSTARTTLS",
  },
  {
    name: "imapd-ssl",
    protocol: "imap",
    mode: "implicit",
    files: ["imapd", "imapd-ssl"],
    tlsFile: "imapd-ssl",
    script: "courier-imap-ssl",
  },
  {
    name: "pop3d",
    protocol: "pop3",
    mode: "starttls",
    files: ["pop3d", "pop3d-ssl"],
    tlsFile: "pop3d-ssl",
    script: "courier-pop",
    startTls: "POP3_STARTTLS",
  },
  {
    name: "pop3d-ssl",
    protocol: "pop3",
    mode: "implicit",
    files: ["pop3d", "pop3d-ssl"],
    tlsFile: "pop3d-ssl",
    script: "courier-pop-ssl",
  },
  { name: "esmtpd", protocol: "smtp", mode: "starttls", files: ["esmtpd"], tlsFile: "esmtpd", script: "courier-mta" },
  {
    name: "esmtpd-msa",
    protocol: "submission",
    mode: "starttls",
    files: ["esmtpd", "esmtpd-msa"],
    tlsFile: "esmtpd",
    script: "courier-msa",
  },
  {
    name: "esmtpd-ssl",
    protocol: "submission",
    mode: "implicit",
    files: ["esmtpd", "esmtpd-ssl"],
    tlsFile: "esmtpd-ssl",
    script: "courier-mta-ssl",
  },
];

export interface Service extends Kind {
  readonly values: Values;
  readonly pid: number | undefined;
}

/** courierlogger holds the pid file of IMAP and POP3, couriertcpd that of SMTP. */
export const pidIn = async (pidFile: string | undefined): Promise<number | undefined> =>
  pidFile?.startsWith("/")
    ? ((await runningPid(pidFile, "courierlogger")) ?? runningPid(pidFile, "couriertcpd"))
    : undefined;

export const pidFileOf = ({ mode, values }: Pick<Service, "mode" | "values">): string | undefined =>
  values.get(mode === "implicit" ? "SSLPIDFILE" : "PIDFILE");

/** Those that run; where none does, all that are set up. */
export const servicesOf = async (folder: string): Promise<readonly Service[]> => {
  const found: Service[] = [];
  for (const kind of kinds) {
    const present = await Promise.all(kind.files.map((file) => exists(`${folder}/${file}`)));
    if (!present.every(Boolean)) continue;
    const values = await valuesOf(folder, kind.files);
    found.push({ ...kind, values, pid: await pidIn(pidFileOf({ ...kind, values })) });
  }
  const running = found.filter(({ pid }) => pid !== undefined);
  return running.length > 0 ? running : found;
};

/** The environment that a process was started with: Courier's settings, for all the connections that it will take. */
export const environmentOf = async (pid: number): Promise<Values> => {
  const text = (await readTextIfPresent(`/proc/${pid}/environ`).catch(() => undefined)) ?? "";
  return new Map(text.split("\0").map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]));
};

const tlsNames = ["TLS_CERTFILE", "TLS_PRIVATE_KEYFILE"];

/** It was started with other settings of its certificate than the files have now. */
export const isOutdated = async ({ pid, values }: Service): Promise<boolean> => {
  if (pid === undefined) return false;
  const now = await environmentOf(pid);
  return tlsNames.some((name) => (now.get(name) ?? "") !== (values.get(name) ?? ""));
};
