// What DNS has to fit: the names, leaves, services and CAs of a certificate. `dns show` and `dns check` start here.
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import { caTitle } from "../domain/ca-failures.ts";
import { Failure } from "../domain/failure.ts";
import { generationOf } from "../domain/generation.ts";
import { leadsTo } from "../domain/trust.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import type { Listener } from "../servers/server.ts";
import { hostNames, mailDomains } from "./ask-dns.ts";
import { findServers } from "./entries.ts";
import { slotsOf } from "./served-certificate.ts";
import { unlessFailure } from "./unless-failure.ts";
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
  readonly listeners: readonly Listener[];
  /** In the order of preference; empty for an issuer that CAA records do not concern. */
  readonly cas: readonly AskedCa[];
}

const liveLeaves = async (
  world: World,
  name: string,
): Promise<{ readonly live: readonly LiveLeaf[]; readonly publiclyTrusted: boolean }> => {
  const state = world.store.read(name);
  const number = world.store.liveNumber(name);
  const generation = state && generationOf(state, number);
  if (!generation) return { live: [], publiclyTrusted: false };
  const slots = await world.store.readCertificates(name, generation.number);
  const roots = await world.systemRoots();
  const live = slotsOf(generation).flatMap((slot) => {
    const kept = slots[slot];
    return kept === undefined ? [] : [{ slot, chain: [kept.leaf, ...kept.chain] }];
  });
  return {
    live: live.map(({ slot, chain }) => {
      const facts = chain.map((pem) => readCertificate(pem));
      const [leaf = readCertificate("")] = facts;
      return { slot, leaf, chain: facts.map(({ der }) => der) };
    }),
    publiclyTrusted:
      generation.issuer === "acme" && live.every(({ chain }) => leadsTo(chain, roots, world.now())) && live.length > 0,
  };
};

const askCa = async (world: World, settings: AcmeSettings, names: readonly string[]): Promise<AskedCa> => {
  const issuer = await world.issuer("acme");
  const { signal, step } = world;
  const title = caTitle(settings);
  const facts = await unlessFailure(
    async () => issuer.inspect?.({ settings, names, signal, step, thoroughly: false }) ?? { identities: [] },
  );
  if (facts instanceof Failure) return { settings, title, facts: { identities: [] }, trouble: facts.message };
  return { settings, title, facts: facts ?? { identities: [] } };
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
    ...(await liveLeaves(world, name)),
    listeners: servers.flatMap(({ listeners }) => listeners),
    cas,
  };
};
