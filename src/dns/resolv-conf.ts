// /etc/resolv.conf: the name servers of this host, and whether their word about DNSSEC counts (resolv.conf(5)).
import { isIP } from "node:net";

export interface NameServer {
  /** IP address, an IPv6 one perhaps with its zone (`fe80::1%eth0`). */
  readonly address: string;
  readonly port: number;
}

export interface ResolvConf {
  readonly servers: readonly NameServer[];
  /** `options trust-ad`: the administrator trusts the servers and the way to them. */
  readonly trustAd: boolean;
}

/** The C library reads no more than three. */
const mostServers = 3;

/** `none`: what stands for no name server at all; by default this host itself, as for the C library. */
export const parseResolvConf = (text: string, none = [{ address: "127.0.0.1", port: 53 }]): ResolvConf => {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const named = lines
    .filter(([keyword]) => keyword === "nameserver")
    .flatMap(([, address = ""]) => (isIP(address.split("%")[0] ?? "") === 0 ? [] : [{ address, port: 53 }]))
    .slice(0, mostServers);
  const options = lines.filter(([keyword]) => keyword === "options").flatMap(([, ...words]) => words);
  return {
    servers: named.length > 0 ? named : none,
    trustAd: options.includes("trust-ad"),
  };
};
