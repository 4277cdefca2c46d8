// Mail's ports among HAProxy's bind lines: it does not know what it carries, so that the well-known port says it.
import { isIP } from "node:net";
import { addressesOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { mailProtocolOf } from "../mail-ports.ts";
import type { Listener } from "../server.ts";
import type { Bind } from "./binds.ts";

/** Of mail: a web frontend (`mode http`) is none, whatever its port. */
export const mailPorts = ({ mode, addresses }: Bind): readonly number[] =>
  mode === "http" ? [] : [...new Set(addresses.map(({ port }) => port))].filter((port) => mailProtocolOf(port));

export const otherPorts = (bind: Bind): readonly number[] => {
  const ofMail = mailPorts(bind);
  return [...new Set(bind.addresses.map(({ port }) => port))].filter((port) => !ofMail.includes(port));
};

/** It ends TLS at a port of mail. */
export const isServed = (bind: Bind): boolean => bind.ssl && mailPorts(bind).length > 0;

const startsWithTls: ReadonlySet<number> = new Set([465, 993, 995]);

export const haproxyListeners = async (
  { run, ipv6 }: ServerDependencies,
  binds: readonly Bind[],
): Promise<readonly Listener[]> => {
  const found: Listener[] = [];
  const hasIpv6 = await ipv6();
  for (const bind of binds) {
    const ports = mailPorts(bind);
    for (const { host, port } of bind.addresses) {
      const protocol = ports.includes(port) ? mailProtocolOf(port) : undefined;
      if (protocol === undefined) continue;
      for (const address of await addressesOf(run, host)) {
        if (isIP(address) === 6 && !hasIpv6) continue;
        found.push({
          protocol,
          mode: bind.ssl || startsWithTls.has(port) ? "implicit" : "starttls",
          port,
          address,
          service: `${bind.frontend}/${port}`,
          ...(bind.acceptProxy
            ? { unobservable: "it waits for the PROXY protocol of a load balancer (bind ... accept-proxy)" }
            : {}),
          ...(bind.ssl ? {} : { ownCertificate: handedOn(bind, port) }),
        });
      }
    }
  }
  return found;
};

const handedOn = ({ backend }: Bind, port: number): string =>
  `port ${port} is handed on without a look inside${backend === undefined ? "" : ` (${backend})`}: the certificate is that of the server behind it`;
