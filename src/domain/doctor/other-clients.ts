// Another ACME client that renews names of ours: both would count against the CA's limits, and the last one to deploy wins.
import type { DoctorFinding } from "./finding.ts";
import { few } from "./words.ts";

export interface OtherClient {
  readonly client: string;
  /** What to do, a command or a sentence each. */
  readonly switchOff: readonly string[];
  /** What else it renews, and has to go on with. */
  readonly besides: readonly string[];
}

/** What starts with one of these is a command as it stands. */
const isCommand = (text: string): boolean => /^(?:systemctl|mv|chmod|crontab) /.test(text) && !text.endsWith(" -e");

/** A web server that reads them would end with a certificate that nobody renews any more. */
const certbotFiles =
  "first: grep -rl /etc/letsencrypt/live /etc shows what else reads its files; that needs mailcert's before (files:), for nobody renews the others any more";

export const otherClientFinding = (certificate: string, { client, switchOff, besides }: OtherClient): DoctorFinding => {
  const also = besides.length === 0 ? "" : `; it also renews ${few(besides)}, and has to go on with that`;
  const said = {
    check: "doctor-other-client",
    severity: "warning",
    message: `${client} renews ${certificate} on this host, too, by a timer or cron job of its own${also}`,
  } as const;
  return switchOff.length > 0 && switchOff.every(isCommand)
    ? { ...said, command: switchOff.join(" && "), ...(client === "certbot" ? { hint: certbotFiles } : {}) }
    : { ...said, hint: switchOff.join("; ") };
};
