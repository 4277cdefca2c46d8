// OpenSMTPD's TCP listeners: the listen directives of smtpd.conf, with the certificate that each of them names first.
import { isIP } from "node:net";
import { interfaceAddresses } from "../../system/interface-addresses.ts";
import { addressesOf, portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { slotIn } from "../readable.ts";
import type { Listener, TlsOff } from "../server.ts";
import { withoutTls } from "../tls-off.ts";
import type { Listen, Pki } from "./configuration.ts";

const offOf = ({ directive: { path, line, text } }: Listen): TlsOff => ({
  setting: `OpenSMTPD: no tls in "${text.slice(0, 120)}", ${path} line ${line}`,
  mend: `add \`tls pki NAME\` to that line (\`mailcert snippet opensmtpd\` shows both), then restart it`,
});

export const smtpdListeners = async (
  { run, ipv6 }: Pick<ServerDependencies, "run" | "ipv6">,
  listens: readonly Listen[],
  pkis: ReadonlyMap<string, Pki>,
  /** Our own file is read: what is another's then was left alone. */
  installed: boolean,
): Promise<readonly Listener[]> => {
  const hasIpv6 = await ipv6();
  const found: Listener[] = [];
  for (const listen of listens) {
    const port = await portOf(run, listen.port);
    if (port === undefined) continue;
    const here = interfaceAddresses(listen.interface) ?? (await addressesOf(run, listen.interface));
    const cert = pkis.get(listen.pkis[0] ?? "")?.cert;
    const slot = cert && slotIn(cert.value);
    const own = cert && slot === undefined && installed;
    for (const address of new Set(here.filter((one) => !/^fe80:/i.test(one)))) {
      const family = isIP(address);
      if (family === 0 || (family === 6 && !hasIpv6) || (listen.family ?? family) !== family) continue;
      found.push({
        protocol: port === 465 || port === 587 || listen.auth ? "submission" : "smtp",
        mode: listen.tls ?? "starttls",
        port,
        address,
        service: `smtpd/${port}`,
        ...(slot === undefined ? {} : { slot }),
        ...(listen.proxied
          ? { unobservable: "it waits for the PROXY protocol of a load balancer (proxy-v2)" }
          : withoutTls(address, listen.tls === undefined ? offOf(listen) : undefined)),
        ...(own
          ? { ownCertificate: `pki ${listen.pkis[0]} cert ${cert.value} in ${cert.path} line ${cert.line}` }
          : {}),
      });
    }
  }
  return found;
};
