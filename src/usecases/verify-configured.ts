// What to verify when nothing is named: every listener of this host's servers, for every certificate of the configuration.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { probeHost } from "../domain/probe-host.ts";
import { type Target, parseTarget } from "../domain/targets.ts";
import type { PortTable } from "../domain/usual-ports.ts";
import { claimsOf } from "./claims.ts";
import { addressesOf, entryOf, findServers, hintOf } from "./entries.ts";
import type { Wanted } from "./verify.ts";
import { unobservableAt } from "./prove.ts";
import { slotsOf } from "./served-certificate.ts";
import { type LiveCertificate, expectedOf } from "./verify-live.ts";
import { rememberLooks } from "./remember-looks.ts";
import type { World } from "./world.ts";

export interface Configured {
  readonly wanted: readonly Wanted[];
  /** Listeners that cannot be looked at. */
  readonly notes: readonly Finding[];
}

/** A wildcard stands for any name below it. */
const hostsOf = ({ names }: CertificateConfig): readonly string[] => names.map(probeHost);

export const configuredTargets = async (
  world: World,
  certificates: readonly CertificateConfig[],
  live: readonly LiveCertificate[],
  table: PortTable,
): Promise<Configured> => {
  const local = world.localAddresses();
  const near = rememberLooks(world);
  const claims = await claimsOf(near);
  const wanted: Wanted[] = [];
  const notes: Finding[] = [];
  for (const certificate of certificates) {
    const mine = live.find(({ name }) => name === certificate.name);
    const expectation = mine ? { expected: expectedOf(mine), slots: slotsOf(mine.generation) } : {};
    const { servers: found, notes: passedOver } = await findServers(near, certificate, claims);
    notes.push(...passedOver);
    for (const { installation, trouble } of found) {
      if (trouble)
        notes.push({
          check: "net-reach",
          severity: "fault",
          message: `${installation.id}: ${trouble.message}`,
          ...hintOf(trouble),
        });
    }
    const hosts = hostsOf(certificate);
    const places = new Set<string>();
    for (const { installation, listeners } of found) {
      for (const listener of listeners) {
        places.add(`${listener.protocol} ${listener.mode}`);
        const { unobservable } = unobservableAt(listener, listener.address, local);
        if (unobservable !== undefined) {
          notes.push({
            check: "net-reach",
            severity: "info",
            message: `${installation.id} ${listener.service} on port ${listener.port} cannot be looked at from here: ${unobservable}`,
          });
          continue;
        }
        // Those that setup and renew prove: a server may have a certificate of its own for one of them (`local`).
        for (const address of addressesOf(listener, local)) {
          for (const host of hosts) {
            wanted.push({
              ...entryOf(listener, host, address),
              demanded: true,
              ...(listener.tlsOff === undefined ? {} : { tlsOff: listener.tlsOff }),
              ...(listener.ownCertificate === undefined ? expectation : {}),
            });
          }
        }
      }
    }
    // One for certain entry points is not missed at others.
    if (certificate.places) continue;
    wanted.push(
      ...absentOnes(hosts, local, places, table, found.length > 0).map((target) => ({ ...target, ...expectation })),
    );
  }
  return { wanted: unique(wanted).toSorted((left, right) => left.port - right.port), notes };
};

/** Usual entry points that no server of this host has: looked at too, so that they are reported as not offered. */
const absentOnes = (
  hosts: readonly string[],
  local: readonly string[],
  places: ReadonlySet<string>,
  table: PortTable,
  servedHere: boolean,
): readonly Target[] => {
  const address = local.find((one) => !one.includes(":")) ?? local[0];
  return hosts
    .flatMap((host) => parseTarget(host, table))
    .filter(({ protocol, mode }) => !places.has(`${protocol} ${mode}`))
    .map((target) => (servedHere && address !== undefined ? { ...target, address } : target));
};

const unique = (wanted: readonly Wanted[]): readonly Wanted[] => {
  const seen = new Set<string>();
  return wanted.filter(({ protocol, mode, host, address, port }) => {
    const key = JSON.stringify([protocol, mode, host, address, port]);
    return !seen.has(key) && seen.add(key);
  });
};
