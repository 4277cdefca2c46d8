// What DNS has to fit: the names, leaves, services and CAs of a certificate. `dns show` and `dns check` start here.
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import { caTitle } from "../domain/ca-failures.ts";
import { type DaneHold, waitingHold } from "../domain/dane-memory.ts";
import { Failure } from "../domain/failure.ts";
import { hasRetiredKey } from "../domain/revocation.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import type { Listener } from "../servers/server.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { hostNames, mailDomains } from "./ask-dns.ts";
import { findServers } from "./entries.ts";
import { isPubliclyTrusted } from "./public-trust.ts";
import { slotsOf } from "./served-certificate.ts";
import { unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface LiveLeaf {
  readonly slot: string;
  readonly leaf: CertificateFacts;
  /** DER as it is served, leaf first. */
  readonly chain: readonly Buffer[];
}

export interface AskedCa {
  readonly settings: AcmeSettings;
  readonly title: string;
  readonly facts: CaFacts;
  /** Why the CA could not be asked. */
  readonly trouble?: string;
}

export interface DnsFacts {
  readonly name: string;
  /** Host names among the certificate's names, the main one first; empty where all are wildcards or addresses. */
  readonly hosts: readonly string[];
  readonly names: readonly string[];
  /** Mail domains whose mail this host could take. */
  readonly domains: readonly string[];
  /** One for each kind of key; empty: nothing is live yet. */
  readonly live: readonly LiveLeaf[];
  /** Every chain leads to a root that this system trusts. */
  readonly publiclyTrusted: boolean;
  /** A change that waits for DNS. */
  readonly held?: DaneHold;
  /** Generations whose keys were given up as compromised, and are served no more. */
  readonly retired: readonly GenerationRecord[];
  readonly listeners: readonly Listener[];
  /** In the order of preference; empty for an issuer that CAA records do not concern. */
  readonly cas: readonly AskedCa[];
}

const liveLeaves = async (
  world: World,
  generation: GenerationRecord | undefined,
  name: string,
): Promise<Pick<DnsFacts, "live" | "publiclyTrusted">> => {
  if (!generation) return { live: [], publiclyTrusted: false };
  const slots = await world.store.readCertificates(name, generation.number);
  const kept = slotsOf(generation).flatMap((slot) => {
    const files = slots[slot];
    return files === undefined ? [] : [{ slot, leaf: files.leaf, chain: files.chain }];
  });
  const chains = kept.map(({ leaf, chain }) => [leaf, ...chain]);
  return {
    live: kept.map(({ slot, leaf, chain }) => {
      const facts = readCertificate(leaf);
      return { slot, leaf: facts, chain: [facts.der, ...chain.map((pem) => readCertificate(pem).der)] };
    }),
    publiclyTrusted: chains.length > 0 && (await isPubliclyTrusted(world, generation.issuer, chains)),
  };
};

const waiting = (
  state: CertificateState | undefined,
  live: GenerationRecord | undefined,
): Pick<DnsFacts, "held" | "retired"> => {
  if (!state) return { retired: [] };
  const held = waitingHold(state, live?.number);
  // While the old key is served, senders need its record.
  const served = live !== undefined && hasRetiredKey(state, live);
  const retired = served ? [] : state.generations.filter((one) => hasRetiredKey(state, one));
  return { retired, ...(held ? { held } : {}) };
};

const askCa = async (world: World, settings: AcmeSettings, names: readonly string[]): Promise<AskedCa> => {
  const issuer = await world.issuer("acme");
  const { signal, step } = world;
  const title = caTitle(settings);
  const facts = await unlessFailure(async () => issuer.inspect?.({ settings, names, signal, step, thoroughly: false }));
  return facts instanceof Failure
    ? { settings, title, facts: { identities: [] }, trouble: facts.message }
    : { settings, title, facts: facts ?? { identities: [] } };
};

/** Records stand at the names of hosts: why a certificate without one has none. */
export const hostless = (name: string): string =>
  `${name} has no host name of its own: TLSA, MTA-STS and SRV records stand at names of hosts, not at wildcards or addresses`;

/** `domains` empty: those that can be guessed. */
export const dnsFacts = async (
  world: World,
  certificate: CertificateConfig,
  domains: readonly string[],
): Promise<DnsFacts> => {
  const { name, names, issuer, fallbacks } = certificate;
  const hosts = hostNames(names);
  const [main] = hosts;
  const state = world.store.read(name);
  const live = state && liveGeneration(world, name, state);
  const found = await unlessFailure(() => findServers(world, certificate));
  const servers = found instanceof Failure ? [] : found.servers;
  const cas: AskedCa[] = [];
  for (const settings of issuer.kind === "acme" ? [issuer, ...fallbacks] : [])
    cas.push(await askCa(world, settings, names));
  return {
    name,
    hosts,
    names,
    domains: domains.length > 0 || main === undefined ? domains : mailDomains(main).slice(0, 1),
    ...(await liveLeaves(world, live, name)),
    ...waiting(state, live),
    listeners: servers.flatMap(({ listeners }) => listeners),
    cas,
  };
};
