// Exim's TCP listeners: ports and addresses of its configuration, where its command line (Debian's SMTPLISTENEROPTIONS) names no others.
import { isIP } from "node:net";
import { readTextIfPresent } from "../../system/files.ts";
import { portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { commandLine } from "../command-line.ts";
import type { Listener, TlsOff } from "../server.ts";
import { withoutTls } from "../tls-off.ts";
import { type Configuration, effective } from "./configuration.ts";
import { isDaemon } from "./daemon.ts";
import { listItems } from "./list.ts";

const names = [
  "daemon_smtp_ports",
  "tls_on_connect_ports",
  "local_interfaces",
  "disable_ipv6",
  "tls_advertise_hosts",
  "hosts_proxy",
];

/** What `-oX` says: of the daemon that runs, else of what Debian would start it with. */
const optionX = async (words: readonly string[] | undefined): Promise<string | undefined> => {
  if (words) return words[words.lastIndexOf("-oX") + 1 || words.length];
  const defaults = (await readTextIfPresent("/etc/default/exim4").catch(() => undefined)) ?? "";
  return [...defaults.matchAll(/^[^#\n]*-oX\s+([^\s'"]+)/gm)].at(-1)?.[1];
};

interface Interface {
  readonly address: string;
  readonly port?: string;
}

/** `0.0.0.0`, `127.0.0.1.587`, `[::1]:587`, `::1.587` (Exim's specification, 13.4). */
const interfaceOf = (item: string): Interface | undefined => {
  const found =
    /^\[([^\]]+)\](?::(\w+))?$/.exec(item) ??
    /^(\d+\.\d+\.\d+\.\d+)(?:\.(\w+))?$/.exec(item) ??
    /^([\da-f:]+)(?:\.(\w+))?$/i.exec(item);
  const address = found?.[1] === "::0" ? "::" : found?.[1];
  if (address === undefined || isIP(address) === 0) return undefined;
  return { address, ...(found?.[2] === undefined ? {} : { port: found[2] }) };
};

const tlsOff: TlsOff = {
  setting: "Exim: tls_advertise_hosts is empty",
  mend: "take the empty `MAIN_TLS_ADVERTISE_HOSTS` or `tls_advertise_hosts` out (`grep -rn ADVERTISE_HOSTS /etc/exim4`), then `update-exim4.conf` and a reload; `mailcert deploy --yes` does all of it",
};

const isInterface = (item: string): boolean => /[.:]/.test(item);

export const eximListeners = async (
  { run, ipv6 }: ServerDependencies,
  configuration: Configuration,
  pid: number | undefined,
): Promise<readonly Listener[]> => {
  const words = pid === undefined ? undefined : await commandLine(pid);
  // One that runs the queue alone listens nowhere.
  if (words && !isDaemon(words)) return [];
  const options = await effective(run, configuration, names);
  const given = listItems((await optionX(words)) ?? "");
  const items = (option: string): readonly string[] => listItems(options.get(option) ?? "");
  const pick = (here: readonly string[], otherwise: readonly string[]): readonly string[] =>
    here.length > 0 ? here : otherwise;
  const ports = async (list: readonly string[]): Promise<readonly number[]> =>
    (await Promise.all(list.map((one) => portOf(run, one)))).flatMap((port) => port ?? []);

  const everywhere = pick(
    given.filter((item) => !isInterface(item)),
    pick(items("daemon_smtp_ports"), ["smtp"]),
  );
  const bound = pick(given.filter(isInterface), pick(items("local_interfaces"), ["0.0.0.0", "::0"]));
  const implicit = await ports(items("tls_on_connect_ports"));
  const hasIpv6 = options.get("disable_ipv6") !== "yes" && (await ipv6());
  const off = options.get("tls_advertise_hosts") === "";
  const proxied = options.get("hosts_proxy") === "*";
  const found: Listener[] = [];
  for (const { address, port: own } of bound.flatMap((item) => interfaceOf(item) ?? [])) {
    if (isIP(address) === 6 && !hasIpv6) continue;
    for (const port of await ports(own === undefined ? everywhere : [own])) {
      const mode = implicit.includes(port) ? "implicit" : "starttls";
      const unobservable = "it waits for the PROXY protocol of a load balancer (hosts_proxy)";
      found.push({
        protocol: port === 465 || port === 587 ? "submission" : "smtp",
        mode,
        port,
        address,
        service: `daemon/${port}`,
        ...(proxied ? { unobservable } : withoutTls(address, off && mode === "starttls" ? tlsOff : undefined)),
      });
    }
  }
  return found;
};
