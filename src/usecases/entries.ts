// The entry points of a host's own servers, found in their configuration: where proof connects to.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type EntryPoint, entryFromUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { inConfiguration } from "../domain/fitting-hint.ts";
import { copies } from "../domain/file-target.ts";
import { own } from "../domain/own.ts";
import { clean } from "../domain/text.ts";
import type { Installation, Listener, Server } from "../servers/server.ts";
import { type Claims, claimsOf } from "./claims.ts";
import { ownListeners, unheard } from "./own-listeners.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** One installed server with its adapter and its listeners. */
export interface Deployable {
  readonly server: Server;
  readonly installation: Installation;
  /** Where its configuration cannot be read: those that the last deployment saw. */
  readonly listeners: readonly Listener[];
  /** The listeners are those of its own places: clients that ask for no name get it there, too. */
  readonly everybody?: true;
  /** What it serves by name at one address says nothing of another: each is asked. */
  readonly byAddress?: true;
  /** Why its configuration cannot be read now: it is left alone, and the next run goes on. */
  readonly trouble?: Failure;
}

export interface FoundServers {
  readonly servers: readonly Deployable[];
  /** Servers that were passed over, with the reason. */
  readonly notes: readonly Finding[];
}

/** They may be here for the web alone: that is none of ours. */
const proxies: ReadonlySet<string> = new Set(["nginx", "haproxy", "stunnel"]);

/** The servers that a certificate is to be deployed to. @throws Failure `config` when one that the configuration names is not installed or not supported. */
export const findServers = async (
  world: World,
  certificate: Pick<CertificateConfig, "servers" | "name" | "keys" | "files" | "places">,
  given?: Claims,
): Promise<FoundServers> => {
  const claims = given ?? (await claimsOf(world, [certificate]));
  const all = await world.servers();
  const auto = certificate.servers === "auto";
  // Copies have a setting of their own (files:), and are nothing that is found on a host.
  const known = Object.keys(all).filter((name) => name !== copies);
  const wanted = certificate.servers === "auto" ? known : certificate.servers;
  const servers: Deployable[] = [];
  const notes: Finding[] = [];
  const heard: Listener[] = [];
  for (const name of wanted) {
    const server = known.includes(name) ? own(all, name) : undefined;
    if (!server) {
      throw new Failure("config", `certificate ${certificate.name}: unknown server "${clean(name, 40)}"`, {
        hints: [`known are ${known.join(", ")} and none`],
      });
    }
    const installations = await unlessFailure(() => server.detect());
    if (installations instanceof Failure) {
      // Found by itself and not for us: the others still get their certificate.
      if (!auto) throw installations;
      notes.push({
        check: "deploy-server",
        severity: "warning",
        message: `${name} is passed over: ${installations.message}`,
        ...hintOf(installations),
      });
      continue;
    }
    if (installations.length === 0 && !auto) {
      throw new Failure(
        "config",
        `certificate ${certificate.name} is to be served by ${name}, which is not installed here${proxies.has(name) ? ", or ends no TLS at a port of mail" : ""}`,
        {
          hints: [
            `install ${name}, or take it out of "servers:"`,
            ...(proxies.has(name)
              ? [
                  "for webmail, or any other program than a mail server: copies of the files, `files:` (docs/servers/files.md)",
                ]
              : []),
          ],
        },
      );
    }
    for (const installation of installations) {
      const listeners = await unlessFailure(() => server.listeners(installation));
      if (listeners instanceof Failure) {
        const known = knownListeners(world, certificate.name, installation.id);
        if (!certificate.places || known.length > 0)
          servers.push({ server, installation, listeners: known, trouble: listeners });
        continue;
      }
      const mine = ownListeners(world, { server, installation }, listeners, certificate, claims);
      notes.push(...mine.notes);
      if (server.byPlace) heard.push(...listeners);
      else if (certificate.places && listeners.length > 0) notes.push(cannotByPlace(installation, certificate));
      if (!certificate.places || mine.listeners.length > 0)
        servers.push({
          server,
          installation,
          listeners: mine.listeners,
          ...(certificate.places ? { everybody: true } : {}),
          ...(mine.byAddress ? { byAddress: true } : {}),
        });
    }
  }
  notes.push(...unheard(world, certificate, heard));
  const targets = certificate.files ?? [];
  const files = targets.length > 0 ? own(all, copies)?.withTargets?.(certificate, targets) : undefined;
  for (const installation of (await files?.detect()) ?? []) {
    if (files) servers.push({ server: files, installation, listeners: await files.listeners(installation) });
  }
  return { servers, notes };
};

/** It goes on serving everybody's. */
const cannotByPlace = (
  { id, server }: Installation,
  { name, servers }: Pick<CertificateConfig, "name" | "servers">,
): Finding => ({
  check: "deploy-place",
  severity: servers === "auto" ? "info" : "fault",
  message: `${id} is passed over: mailcert gives it no certificate by address or service, as ${name} asks for`,
  hint:
    servers === "auto"
      ? `say which servers ${name} is for, and this is not said any more: servers: dovecot, postfix`
      : `take ${server} out of servers:, or addresses: and services: out of the entry`,
});

export const hintOf = (failure: Failure): { readonly hint?: string } => {
  const [hint] = failure.hints;
  return hint === undefined ? {} : { hint: inConfiguration(hint) };
};

/** Entry points that the last deployment connected to: what a server with a broken configuration still serves. */
const knownListeners = (world: World, name: string, installation: string): readonly Listener[] => {
  const entries = world.store.read(name)?.deployments[installation]?.entries ?? [];
  const known = new Map<string, Listener>();
  for (const { url, address, verdict, message } of entries) {
    const place = entryFromUrl(url);
    if (!place) continue;
    known.set(`${place.protocol} ${place.mode} ${place.port} ${address}`, {
      ...place,
      address,
      service: "as last seen",
      ...(verdict === "own-certificate" ? { ownCertificate: message ?? "its own" } : {}),
    });
  }
  return [...known.values()];
};

const isIpv6 = (address: string): boolean => address.includes(":");

/** Addresses tried of each family where a listener is bound to all of them. */
const perFamily = 4;

/** The addresses to connect to for a listener: never through DNS, since behind NAT the name leads elsewhere. */
export const addressesOf = (listener: Listener, local: readonly string[]): readonly string[] => {
  if (listener.address === "0.0.0.0") return local.filter((address) => !isIpv6(address)).slice(0, perFamily);
  if (listener.address === "::") return local.filter(isIpv6).slice(0, perFamily);
  return [listener.address];
};

/** An entry point of a listener at one address, under the name that clients use. */
export const entryOf = (
  listener: Listener,
  host: string,
  address: string,
): EntryPoint & { readonly address: string } => ({
  protocol: listener.protocol,
  mode: listener.mode,
  port: listener.port,
  host,
  address,
});
