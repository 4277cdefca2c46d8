// The entry points of a host's own servers, found in their configuration: where proof connects to.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { EntryPoint } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Installation, Listener, Server } from "../servers/server.ts";
import { clean } from "../domain/text.ts";
import type { World } from "./world.ts";

/** One installed server with its adapter and its listeners. */
export interface Deployable {
  readonly server: Server;
  readonly installation: Installation;
  readonly listeners: readonly Listener[];
}

/** The servers that a certificate is to be deployed to. @throws Failure `config` when one that the configuration names is not installed. */
export const findServers = async (world: World, certificate: Pick<CertificateConfig, "servers" | "name">): Promise<readonly Deployable[]> => {
  const all = await world.servers();
  const wanted = certificate.servers === "auto" ? Object.keys(all) : certificate.servers;
  const found: Deployable[] = [];
  for (const name of wanted) {
    const server = all[name];
    if (!server) {
      throw new Failure("config", `certificate ${certificate.name}: unknown server "${clean(name, 40)}"`, {
        hints: [`known are ${Object.keys(all).join(", ")} and none`],
      });
    }
    const installations = await server.detect();
    if (installations.length === 0 && certificate.servers !== "auto") {
      throw new Failure("config", `certificate ${certificate.name} is to be served by ${name}, which is not installed here`, {
        hints: [`install ${name}, or take it out of "servers:"`],
      });
    }
    for (const installation of installations) {
      found.push({ server, installation, listeners: await server.listeners(installation) });
    }
  }
  return found;
};

/** Addresses tried of each family where a listener is bound to all of them. */
const perFamily = 4;

const isIpv6 = (address: string): boolean => address.includes(":");

/** The addresses to connect to for a listener: never through DNS, since behind NAT the name leads elsewhere. */
export const addressesOf = (listener: Listener, local: readonly string[]): readonly string[] => {
  if (listener.address === "0.0.0.0") return local.filter((address) => !isIpv6(address)).slice(0, perFamily);
  if (listener.address === "::") return local.filter(isIpv6).slice(0, perFamily);
  return [listener.address];
};

/** An entry point of a listener at one address, under the name that clients use. */
export const entryOf = (listener: Listener, host: string, address: string): EntryPoint & { readonly address: string } => ({
  protocol: listener.protocol,
  mode: listener.mode,
  port: listener.port,
  host,
  address,
});
