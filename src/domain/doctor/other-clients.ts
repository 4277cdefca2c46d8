// Another ACME client that renews names of ours: both would count against the CA's limits, and the last one to deploy wins.
import type { DoctorFinding } from "./finding.ts";

export interface OtherClient {
  readonly client: string;
  /** What to do, a command or a sentence each. */
  readonly switchOff: readonly string[];
}

/** What starts with one of these is a command as it stands. */
const isCommand = (text: string): boolean => /^(?:systemctl|mv|chmod|crontab) /.test(text) && !text.endsWith(" -e");

export const otherClientFinding = (certificate: string, { client, switchOff }: OtherClient): DoctorFinding => {
  const said = {
    check: "doctor-other-client",
    severity: "warning",
    message: `${client} renews ${certificate} on this host, too, by a timer or cron job of its own`,
  } as const;
  return switchOff.length > 0 && switchOff.every(isCommand)
    ? { ...said, command: switchOff.join(" && ") }
    : { ...said, hint: switchOff.join("; ") };
};
