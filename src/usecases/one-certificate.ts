// Which of the servers that were found take a certificate: all, where the server can serve several by name; else each has one.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { isIpName } from "../domain/names.ts";
import { placesWords } from "../domain/places.ts";
import { shellWord } from "../domain/shell-word.ts";
import { claimsOf } from "./claims.ts";
import { type Deployable, type FoundServers, findServers } from "./entries.ts";
import { configuredWith, isFor, servingOn } from "./serving.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Why a server does not take it. */
interface Lost {
  readonly id: string;
  readonly message: string;
  readonly hints: readonly string[];
  /** The way is free once another certificate is there. */
  readonly waits?: true;
}

const taken = (id: string, holder: CertificateConfig, { name, names }: CertificateConfig): Lost => ({
  id,
  message: `${id} serves the certificate ${holder.name} already, and takes one certificate: it does not choose by the name that clients ask for`,
  hints: [
    `put all names into one certificate: mailcert setup ${shellWord(holder.names[0] ?? holder.name)} --names ${shellWord([...holder.names.slice(1), ...names].join(","))}`,
    `or keep ${name} off the servers of this host: servers: none (--server none)`,
  ],
});

const nameless = (id: string, { name }: CertificateConfig): Lost => ({
  id,
  message: `${id} serves other certificates than its first by the name that clients ask for, and ${name} has addresses alone`,
  hints: [`put ${name} first in the configuration, or give it a host name`],
});

/** Its first certificate is not in place, and it cannot do without. */
const waiting = (id: string, first: CertificateConfig, parked: boolean): Lost => ({
  id,
  message: `${id} gets ${first.name} first, which everybody has who asks for no known name; it ${parked ? "was taken out of the servers" : "is not in place yet"}`,
  hints: [
    parked
      ? `put another one first in the configuration; or bring it back: mailcert deploy ${first.name}`
      : `mend what keeps ${first.name} back: mailcert status ${first.name}`,
  ],
  waits: true,
});

/** What keeps a certificate from this server; undefined: nothing does. */
const lostOn = async (
  world: World,
  one: Deployable,
  certificate: CertificateConfig,
  batch: readonly CertificateConfig[],
): Promise<Lost | undefined> => {
  const { id, server } = one.installation;
  if (certificate.places) return undefined;
  if (!one.server.sni) {
    const configured = ((await world.config.read())?.certificates ?? []).filter(
      (other) => isFor(other, server) && !other.places,
    );
    const others = configured.filter(({ name }) => name !== certificate.name);
    const has = others.find(({ name }) => {
      const state = readableState(world, name);
      return state?.deployments[id] && !state.parked;
    });
    const before = configured.slice(
      0,
      Math.max(
        0,
        configured.findIndex(({ name }) => name === certificate.name),
      ),
    );
    const holder = has ?? before.find(({ name }) => readableState(world, name)?.parked !== true);
    return holder && taken(id, holder, certificate);
  }
  const first = (await configuredWith(world, batch)).find((other) => isFor(other, server) && !other.places);
  if (first === undefined || first.name === certificate.name) return undefined;
  if (certificate.names.every(isIpName)) return nameless(id, certificate);
  if (one.server.ownDefault || batch.some(({ name }) => name === first.name)) return undefined;
  return (await servingOn(world, one, batch)).main
    ? undefined
    : waiting(id, first, readableState(world, first.name)?.parked === true);
};

/** Marks a failure that is about where a certificate is to be served. */
const noPlace = { check: "deploy-place" } as const;

/** It can only be mended by a person: by the entry, or by the server. */
export const isNoPlace = (error: unknown): error is Failure =>
  error instanceof Failure && error.kind === "config" && error.facts?.["check"] === noPlace.check;

const lostFinding = ({ id, message, hints, waits }: Lost): Finding => ({
  check: "deploy-one-certificate",
  severity: waits ? "warning" : "info",
  message: `${id} is passed over: ${message}`,
  ...(hints[0] === undefined ? {} : { hint: hints[0] }),
});

/**
 * The servers that take it. `batch`: what this run is about, itself among them.
 * @throws Failure `config` where one that the configuration names for it cannot, or none of those found can.
 */
export const placeOf = async (
  world: World,
  certificate: CertificateConfig,
  batch: readonly CertificateConfig[] = [certificate],
): Promise<FoundServers> => {
  const found = await findServers(world, certificate, await claimsOf(world, batch));
  const servers: Deployable[] = [];
  const lost: Lost[] = [];
  for (const one of found.servers) {
    const why = one.installation.server === copies ? undefined : await lostOn(world, one, certificate, batch);
    if (why) lost.push(why);
    else servers.push(one);
  }
  const [first] = lost;
  if (first && (certificate.servers !== "auto" || servers.length === 0))
    throw new Failure(first.waits ? "try-later" : "config", first.message, {
      hints: first.hints,
      facts: noPlace,
    });
  const { places, name } = certificate;
  if (places && certificate.servers.length > 0 && !servers.some(({ installation }) => installation.server !== copies)) {
    const [why] = found.notes.filter(({ check }) => check === "deploy-place");
    const message =
      why?.message ?? `nothing on this host listens at ${placesWords(places)}, where ${name} is to be served`;
    throw new Failure("config", message, {
      hints: [why?.hint ?? "install and start the server, or correct addresses: and services: in the configuration"],
      facts: noPlace,
    });
  }
  return { servers, notes: [...found.notes, ...lost.map(lostFinding)] };
};

/** What a certificate that left the configuration had on servers that take one is this one's now: `status` must not tell of two. The caller holds the lock. */
export const takeOver = async (
  world: World,
  certificate: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  const single = found.filter(({ server }) => !server.sni);
  if (single.length === 0) return;
  for (const name of world.store.list()) {
    if (name === certificate.name) continue;
    const state = readableState(world, name);
    const gone = single.filter(({ installation }) => state?.deployments[installation.id]);
    if (!state || gone.length === 0) continue;
    const left = Object.entries(state.deployments).filter(
      ([id]) => !gone.some(({ installation }) => installation.id === id),
    );
    await world.store.write({ ...state, deployments: Object.fromEntries(left) });
  }
};
