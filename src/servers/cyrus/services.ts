// The services that Cyrus's master starts (cyrus.conf(5)): none of its programs prints them, so that the file is read.
import type { ProtocolName } from "../../domain/entry-point.ts";
import { readTextIfPresent } from "../../system/files.ts";

export interface Service {
  /** In front of the settings that are for this service alone: `imaps_tls_server_cert`. */
  readonly name: string;
  /** undefined: one that proof has no protocol for (https). */
  readonly protocol: ProtocolName | undefined;
  readonly implicit: boolean;
  /** `imap`, `993`, `localhost:sieve`, `[::1]:imaps`. */
  readonly listen: string;
  /** As `proto` says: both families, or one. */
  readonly families: readonly (4 | 6)[];
  /** A configuration file of its own (-C). */
  readonly ownFile?: string;
}

const protocols: Readonly<Record<string, ProtocolName>> = {
  imapd: "imap",
  proxyd: "imap",
  pop3d: "pop3",
  pop3proxyd: "pop3",
  lmtpd: "lmtp",
  lmtpproxyd: "lmtp",
  timsieved: "sieve",
  nntpd: "nntp",
};

const families: Readonly<Record<string, readonly (4 | 6)[]>> = { tcp: [4, 6], tcp4: [4], tcp6: [6] };

/** `-s`, also behind other letters (`-Us`); what follows a letter that takes a value is that value. */
const startsWithTls = (words: readonly string[]): boolean => words.some((word) => /^-[^CDTUpw-]*s/.test(word));

const serviceOf = (name: string, attributes: ReadonlyMap<string, string>): Service | undefined => {
  const [program = "", ...args] = (attributes.get("cmd") ?? "").split(/\s+/).filter((word) => word !== "");
  const command = program.replace(/^.*\//, "");
  const listen = attributes.get("listen") ?? "";
  const over = families[(attributes.get("proto") ?? "tcp").toLowerCase()];
  const implicit = startsWithTls(args);
  const protocol = Object.hasOwn(protocols, command) ? protocols[command] : undefined;
  // Sockets of this host, datagrams, programs that never speak TLS to people.
  if (over === undefined || listen === "" || listen.startsWith("/")) return undefined;
  if (protocol === undefined && !(command === "httpd" && implicit)) return undefined;
  const file = args[args.indexOf("-C") + 1 || args.length];
  return { name, protocol, implicit, listen, families: over, ...(file === undefined ? {} : { ownFile: file }) };
};

/** Every TCP service of a cyrus.conf that can serve a certificate. */
export const parseServices = (text: string): readonly Service[] => {
  const found: Service[] = [];
  let section = "";
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const opened = /^(\w+)\s*\{/.exec(line)?.[1];
    if (opened !== undefined) section = opened.toUpperCase();
    else if (line.startsWith("}")) section = "";
    else if (section === "SERVICES") {
      const [, name, rest = ""] = /^([\w-]+)\s+(.*)$/.exec(line) ?? [];
      const attributes = [...rest.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(
        ([, key = "", quoted, plain]) => [key.toLowerCase(), quoted ?? plain ?? ""] as const,
      );
      const service = name === undefined ? undefined : serviceOf(name, new Map(attributes));
      if (service) found.push(service);
    }
  }
  return found;
};

export const servicesOf = async (cyrusConf: string): Promise<readonly Service[]> =>
  parseServices((await readTextIfPresent(cyrusConf)) ?? "");
