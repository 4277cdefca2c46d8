// Dovecot's TCP listeners, from its effective configuration: login services and LMTP, with what makes one unobservable.
import { basename } from "node:path";
import type { Mode, ProtocolName } from "../../domain/entry-point.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { RunProgram } from "../../system/run.ts";
import { addressesOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import type { Listener, TlsOff } from "../server.ts";
import { withoutTls } from "../tls-off.ts";
import { type Block, doveconf } from "./doveconf.ts";
import { type Place, readConfiguration } from "./files.ts";

const protocols: Readonly<Record<string, ProtocolName>> = {
  imap: "imap",
  pop3: "pop3",
  submission: "submission",
  lmtp: "lmtp",
  sieve: "sieve",
};

/** `protocols = imap pop3` (2.3) or `protocols { imap = yes }` (2.4). */
export const enabledProtocols = (root: Block): readonly string[] => {
  const listed = (root.settings.get("protocols") ?? "").split(/[\s,]+/).filter((word) => word !== "");
  const block = root.blocks.find((inner) => inner.name === "protocols");
  const ticked = [...(block?.settings ?? [])].filter(([, value]) => value === "yes").map(([name]) => name);
  return [...listed, ...ticked];
};

const expandAddress = async (run: RunProgram, word: string): Promise<readonly string[]> => {
  if (word === "*") return ["0.0.0.0"];
  return addressesOf(run, word);
};

/** `executable = /usr/lib/dovecot/imap-login -D`: `imap-login`. */
const programOf = (service: Block): string =>
  basename((service.settings.get("executable") ?? "").split(/\s+/)[0] ?? "");

/** Login services and LMTP speak these protocols to clients; `imap`, `imap-urlauth-login` and others have sockets of other kinds. */
const speaks = (service: Block): ProtocolName | undefined => {
  const protocol = protocols[service.settings.get("protocol") ?? ""];
  const program = programOf(service);
  const wanted = ["imap-login", "pop3-login", "submission-login", "managesieve-login", "lmtp"];
  return wanted.includes(program) || wanted.includes(service.label) ? protocol : undefined;
};

type SslPlace = Place<"ssl">;

/** Everywhere, or in one protocol's block; with the lines that say so, which doveconf does not tell. */
const switchedOff = (protocol: string, root: Block, places: readonly SslPlace[]): TlsOff => {
  const everywhere = root.settings.get("ssl") === "no";
  const block = `protocol ${protocol}`;
  const lines = places.filter(
    ({ value, filters }) => value === "no" && (everywhere ? filters.length === 0 : filters.join() === block),
  );
  const setting = `Dovecot: ssl = no${everywhere ? "" : ` in ${block}`}`;
  const [first, ...others] = lines;
  if (first === undefined)
    return {
      setting,
      mend: `take \`ssl = no\` out${everywhere ? "" : ` of \`${block}\``} (\`grep -rnE '^ *ssl *= *no' /etc/dovecot\` finds it), then \`doveadm reload\``,
    };
  const where = lines.map(({ path, line }) => `${path} line ${line}`).join(", ");
  return {
    setting: `${setting}, ${where}`,
    mend:
      others.length === 0
        ? `\`sed -i '${first.line}s/^/#/' ${shellWord(first.path)}\`, then \`doveadm reload\``
        : `put a # before ${where}, then \`doveadm reload\``,
  };
};

export const dovecotListeners = async (
  { run, ipv6 }: ServerDependencies,
  mainFile: string,
): Promise<readonly Listener[]> => {
  const root = await doveconf(run, ["service", "protocols", "listen", "ssl"]);
  const enabled = enabledProtocols(root);
  const hasIpv6 = await ipv6();
  const everywhere = root.settings.get("listen") ?? "* ::";
  const found: Listener[] = [];
  const tlsOff = new Map<string, TlsOff>();
  const off: string[] = [];
  for (const protocol of enabled) {
    if (protocols[protocol] === undefined) continue;
    const effective = await doveconf(run, ["-f", `protocol=${protocol}`, "ssl"]);
    if (effective.settings.get("ssl") === "no") off.push(protocol);
  }
  const places = off.length === 0 ? [] : (await readConfiguration(mainFile, { names: { ssl: "ssl" } })).places;
  for (const protocol of off) tlsOff.set(protocol, switchedOff(protocol, root, places));
  for (const service of root.blocks.filter((block) => block.name === "service")) {
    const protocol = speaks(service);
    if (protocol === undefined || !enabled.includes(protocol)) continue;
    for (const listener of service.blocks.filter((block) => block.name === "inet_listener")) {
      const port = Number(listener.settings.get("port") ?? "0");
      if (!(port > 0 && port < 65536)) continue;
      const mode: Mode = listener.settings.get("ssl") === "yes" ? "implicit" : "starttls";
      const words = (listener.settings.get("address") || listener.settings.get("listen") || everywhere)
        .split(/[\s,]+/)
        .filter((word) => word !== "");
      const behindProxy = listener.settings.get("haproxy") === "yes";
      for (const word of words) {
        for (const address of await expandAddress(run, word)) {
          if (address.includes(":") && !hasIpv6) continue;
          const name = `${service.label}/${listener.label || port}`;
          found.push({
            protocol,
            mode,
            port,
            address,
            service: name,
            ...(behindProxy
              ? { unobservable: "it waits for the PROXY protocol of a load balancer (haproxy = yes)" }
              : withoutTls(address, tlsOff.get(protocol))),
          });
        }
      }
    }
  }
  return found;
};
