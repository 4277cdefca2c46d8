// Courier's TCP listeners: address and port of each of its servers that run.
import { isIP } from "node:net";
import { addressesOf, portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { slotIn } from "../readable.ts";
import type { Listener } from "../server.ts";
import { leadsTo } from "./names.ts";
import type { Service } from "./services.ts";
import { valuesOf } from "./settings.ts";

/** `993`, `imaps`, `192.0.2.1.993`; several stand between commas (couriertcpd(1)). */
const placeOf = (item: string): { readonly host: string | undefined; readonly port: string } => {
  const [, host, port = ""] = /^(?:(.+)\.)?([\w-]+)$/.exec(item) ?? [];
  return { host, port };
};

/** Both families; `0.0.0.0` is one. */
const everywhere = (address: string): boolean => address === "" || address === "0";

export const courierListeners = async (
  { run, ipv6 }: Pick<ServerDependencies, "run" | "ipv6">,
  folder: string,
  services: readonly Service[],
): Promise<readonly Listener[]> => {
  const hasIpv6 = await ipv6();
  const found: Listener[] = [];
  for (const { name, protocol, mode, values, startTls, files, tlsFile } of services) {
    const prefix = mode === "implicit" ? "SSL" : "";
    const off = startTls !== undefined && values.get(startTls)?.toUpperCase() !== "YES";
    const cert = values.get("TLS_CERTFILE") ?? "";
    const slot = slotIn(await leadsTo(folder, cert));
    // Settings for submission alone, which its file need not have.
    const last = files.at(-1) ?? "";
    const own = last === tlsFile ? undefined : (await valuesOf(folder, [last])).get("TLS_CERTFILE");
    for (const item of (values.get(`${prefix}PORT`) ?? "").split(",").map((one) => one.trim())) {
      const place = placeOf(item);
      const port = await portOf(run, place.port);
      const host = place.host ?? values.get(`${prefix}ADDRESS`) ?? "";
      if (port === undefined) continue;
      for (const address of everywhere(host) ? ["0.0.0.0", "::"] : await addressesOf(run, host)) {
        if (isIP(address) === 6 && !hasIpv6) continue;
        found.push({
          protocol,
          mode,
          port,
          address,
          service: name,
          ...(slot === undefined ? {} : { slot }),
          ...(off ? { unobservable: `STARTTLS is switched off (${startTls} in ${folder}/${last})` } : {}),
          ...(own === undefined ? {} : { ownCertificate: `TLS_CERTFILE=${own} in ${folder}/${last}` }),
        });
      }
    }
  }
  return found;
};
