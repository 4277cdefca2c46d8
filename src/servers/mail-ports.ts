// Which ports of a TCP proxy are mail's: it does not know what it carries, so that the well-known port says it.
import { usualPorts } from "../domain/usual-ports.ts";
import type { ProtocolName } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";

const mailProtocols = [
  "imap",
  "pop3",
  "smtp",
  "submission",
  "lmtp",
  "sieve",
] as const satisfies readonly ProtocolName[];

/** undefined: not a mail port. */
export const mailProtocolOf = (port: number): (typeof mailProtocols)[number] | undefined =>
  mailProtocols.find((protocol) => Object.values<number>(usualPorts[protocol].ports).includes(port));

/** Said of ports that end TLS and are none of mail's; nothing where there are none. */
export const otherPortsNote = (server: string, ports: readonly number[]): readonly Finding[] => {
  const all = [...new Set(ports)].toSorted((a, b) => a - b);
  if (all.length === 0) return [];
  const [what, whose] = all.length === 1 ? ["port", "its certificate stays"] : ["ports", "their certificates stay"];
  return [
    {
      check: "own-certificate",
      severity: "info",
      message: `${server}: ${what} ${all.join(", ")} ${all.length === 1 ? "is" : "are"} none of mail's: ${whose} as ${all.length === 1 ? "it is" : "they are"}`,
    },
  ];
};

/** Said of a line that is not for mail alone, and is therefore left as it is. */
export const notAloneNote = (message: string, hint: string): Finding => ({
  check: "own-certificate",
  severity: "warning",
  message,
  hint,
});
