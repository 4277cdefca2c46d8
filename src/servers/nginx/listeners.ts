// Where nginx speaks mail: the servers of mail {} by their protocol, those of stream {} by the well-known port.
import { isIP } from "node:net";
import { addressesOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { mailProtocolOf } from "../mail-ports.ts";
import type { Listener } from "../server.ts";
import { withoutTls } from "../tls-off.ts";
import type { Listen, NginxServer } from "./servers.ts";

interface Place {
  readonly host: string;
  readonly ports: readonly number[];
}

/** `993`, `*:993`, `[::1]:993`, `127.0.0.1:993`, `host:993`, `*:993-995`; undefined for a unix socket. */
export const placeOf = (text: string): Place | undefined => {
  if (text.startsWith("unix:")) return undefined;
  const [, host = "*", first, last] = /^(?:(\[[^\]]*\]|[^:]*):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  const count = Number(last ?? first) - Number(first) + 1;
  return {
    host,
    ports: Array.from({ length: Math.min(Math.max(count, 0), 65_535) }, (_, index) => Number(first) + index),
  };
};

/** A server of mail {} without `protocol` goes by its port (ngx_mail_core_module). */
const protocolOf = ({ kind, setting }: NginxServer, port: number): Listener["protocol"] | undefined => {
  const named = kind === "mail" ? setting("protocol") : undefined;
  if (named === undefined) return mailProtocolOf(port);
  if (named === "smtp") return port === 465 || port === 587 ? "submission" : "smtp";
  return named === "imap" || named === "pop3" ? named : undefined;
};

export interface Found {
  readonly server: NginxServer;
  readonly listen: Listen;
  readonly port: number;
  readonly protocol: Listener["protocol"] | undefined;
  /** It ends TLS itself. */
  readonly tls: "implicit" | "starttls" | undefined;
}

const tlsOf = ({ kind, setting }: NginxServer, { ssl }: Listen): Found["tls"] => {
  if (ssl) return "implicit";
  return kind === "mail" && /^(on|only)$/.test(setting("starttls") ?? "") ? "starttls" : undefined;
};

/** Every port of every server; unix sockets left out. */
export const portsOf = (servers: readonly NginxServer[]): readonly Found[] =>
  servers.flatMap((server) =>
    server.listens.flatMap((listen) =>
      (placeOf(listen.place)?.ports ?? []).map((port) => ({
        server,
        listen,
        port,
        protocol: protocolOf(server, port),
        tls: tlsOf(server, listen),
      })),
    ),
  );

/** It gets only clients that ask for its names: another server has the same place for everybody else (ngx_stream_core_module, server_name). */
export const isByName = ({ server, listen }: Found, all: readonly Found[]): boolean => {
  const here = all.filter((one) => one.server.kind === "stream" && one.listen.place === listen.place);
  const usual = here.find((one) => one.listen.isDefault) ?? here[0];
  return server.names.length > 0 && usual !== undefined && usual.server !== server;
};

/** A port of mail whose TLS is nginx's own. */
export const isServed = ({ protocol, tls }: Found): boolean => protocol !== undefined && tls !== undefined;

const whatHolds = (one: Found, address: string): Partial<Listener> => {
  const { server, listen, tls, port } = one;
  const where = `${server.block.path} line ${server.block.line}`;
  if (listen.proxyProtocol)
    return { unobservable: "it waits for the PROXY protocol of a load balancer (listen ... proxy_protocol)" };
  if (tls !== undefined) return {};
  if (server.kind === "stream") {
    const to = server.setting("proxy_pass");
    return {
      ownCertificate: `port ${port} is handed on without a look inside${to === undefined ? "" : ` (proxy_pass ${to})`}: the certificate is that of the server behind it`,
    };
  }
  return withoutTls(address, {
    setting: `neither "listen ... ssl" nor "starttls on" in the server of ${where}`,
    mend: `put \`starttls on;\` into the server of ${where}, then: nginx -t && nginx -s reload`,
  });
};

export const nginxListeners = async (
  { run, ipv6 }: ServerDependencies,
  servers: readonly NginxServer[],
): Promise<readonly Listener[]> => {
  const found: Listener[] = [];
  const hasIpv6 = await ipv6();
  const all = portsOf(servers);
  for (const one of all) {
    const { server, listen, port, protocol, tls } = one;
    if (protocol === undefined || isByName(one, all)) continue;
    const host = placeOf(listen.place)?.host ?? "*";
    for (const address of host === "*" ? ["0.0.0.0"] : await addressesOf(run, host)) {
      if (isIP(address) === 6 && !hasIpv6) continue;
      const mode = tls ?? (server.kind === "stream" && isImplicitPort(port) ? "implicit" : "starttls");
      found.push({ protocol, mode, port, address, service: `${server.kind}/${port}`, ...whatHolds(one, address) });
    }
  }
  return found;
};

const isImplicitPort = (port: number): boolean => port === 993 || port === 995 || port === 465;
