// A port that speaks the other mode than mail programs expect of it: STARTTLS where TLS begins at once, or the reverse. Seen in the server's own configuration.
import { serverHint } from "../checks/wrap-misuse.ts";
import { type EntryPoint, type Mode, clientLabel } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import { isLoopback } from "../domain/ip.ts";
import { expectedMode } from "../domain/usual-ports.ts";

/** One port of a server. `server`: its registry name. */
export interface SpokenPort extends Pick<EntryPoint, "protocol" | "mode" | "port"> {
  readonly server: string;
  readonly id: string;
  readonly address: string;
}

const words: Readonly<Record<Mode, string>> = {
  implicit: "greets in clear and waits for STARTTLS, but mail programs start TLS there at once",
  starttls: "starts TLS at once, but mail programs wait there for a greeting in clear",
};

const hintFor = (port: SpokenPort, expected: Mode): string => {
  if (port.server === "dovecot" || port.server === "postfix") return serverHint({ ...port, mode: expected });
  if (port.server === "exim")
    return `Exim: \`tls_on_connect_ports\` ${expected === "implicit" ? "needs" : "must not have"} ${port.port}, then \`update-exim4.conf\` and a reload`;
  return `in ${port.id}'s configuration, switch TLS from the first byte ${expected === "implicit" ? "on" : "off"} for port ${port.port}`;
};

/** One finding for each server and port; on the loopback interface alone it is a matter between programs of this host. */
export const wrongModes = (ports: readonly SpokenPort[]): readonly Finding[] => {
  const found = new Map<string, Finding>();
  for (const one of ports) {
    const expected = expectedMode(one.port);
    if (expected === undefined || expected === one.mode || isLoopback(one.address)) continue;
    found.set(`${one.id} ${one.port}`, {
      check: "wrap-misuse",
      severity: "warning",
      message: `${one.id}: port ${one.port} (${clientLabel(expected)}) ${words[expected]}: neither side says why nothing comes`,
      hint: hintFor(one, expected),
      reference: "RFC 8314 3",
    });
  }
  return [...found.values()];
};
