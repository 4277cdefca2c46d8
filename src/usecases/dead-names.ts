// Names that no longer resolve, before an order: they end it, or are left out of this renewal. Never because nobody could say.
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { isIpName, isWildcard } from "../domain/names.ts";
import type { AddressLookup } from "../dns/dns.ts";
import { dnsDeadlineMs } from "./before-order.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface LivingNames {
  /** With the names that are left. */
  readonly certificate: CertificateConfig;
  /** In the order of the configuration. */
  readonly dropped: readonly string[];
  readonly findings: readonly Finding[];
}

/** With a TXT record a name is proven without an address. */
export const needsAddress = ({ challenges }: AcmeSettings): boolean =>
  challenges.every((type) => type === "http-01" || type === "tls-alpn-01");

export interface NameAddresses {
  readonly name: string;
  readonly lookup: AddressLookup;
}

/** What DNS has for each name that is a host's. */
export const askAddresses = async (
  world: Pick<World, "dns" | "signal">,
  names: readonly string[],
  timeoutMs = dnsDeadlineMs,
): Promise<readonly NameAddresses[]> => {
  const dns = await world.dns();
  const options = { timeoutMs, signal: world.signal };
  return Promise.all(
    names
      .filter((name) => !isIpName(name) && !isWildcard(name))
      .map(async (name) => ({ name, lookup: await dns.addresses(name, options) })),
  );
};

export const deadWords = ({ name, lookup }: NameAddresses): string =>
  lookup.kind === "none" && lookup.exists
    ? `${name} has no A or AAAA record`
    : `${name} does not exist in DNS (NXDOMAIN)`;

const deadFinding = (dead: NameAddresses): Finding => ({
  check: "name-dead",
  severity: "warning",
  message: `${deadWords(dead)}: it was left out of this certificate`,
  hint: `give it an address again, and it is taken back within a day; or take ${dead.name} out of the configuration`,
});

const refusal = (dead: readonly NameAddresses[], first: string | undefined): Failure =>
  new Failure("unavailable", `no order was placed: ${dead.map(deadWords).join("; ")}`, {
    hints: [
      "a CA cannot validate such a name: give it an A or AAAA record, or take it out of the configuration",
      ...(dead.some(({ name }) => name === first)
        ? []
        : ["or have such names left out of a renewal instead of failing it: on_dead_name: drop"]),
      "or, where the CA sees another DNS than this host does, have it asked all the same: on_dead_name: order",
    ],
    facts: { code: "NAME_DEAD", names: dead.map(({ name }) => name) },
  });

/** Names that the last attempt ended at, by the CA's word or ours. */
const lastRefused = (world: World, name: string): ReadonlySet<unknown> => {
  const error = readableState(world, name)?.lastError;
  if (error?.what !== "issue") return new Set();
  const { refused, code, names } = error.facts ?? {};
  const listed = Array.isArray(refused) ? (refused as readonly ({ readonly name?: unknown } | null)[]) : [];
  return new Set([...listed.map((one) => one?.name), ...(code === "NAME_DEAD" && Array.isArray(names) ? names : [])]);
};

/** What this host's resolver alone says is not believed until the CA could not validate the name either: one of the two may be wrong. */
const trulyDead = (
  world: World,
  { name: certificate }: CertificateConfig,
  found: readonly NameAddresses[],
): readonly NameAddresses[] => {
  const nowhere = found.filter(({ lookup }) => lookup.kind === "none");
  if (nowhere.length === 0) return [];
  const refused = lastRefused(world, certificate);
  return nowhere.filter((one) => {
    const { name, lookup } = one;
    const believed = lookup.kind !== "none" || !lookup.unconfirmed || refused.has(name);
    if (!believed)
      world.step(`going on: ${deadWords(one)}, but so says this host's resolver alone: its zone could not be asked`);
    return believed;
  });
};

/** @throws Failure `unavailable` where a name is dead that is not to be left out. */
export const withoutDeadNames = async (world: World, certificate: CertificateConfig): Promise<LivingNames> => {
  const { issuer, names, onDeadName } = certificate;
  const all: LivingNames = { certificate, dropped: [], findings: [] };
  if (issuer.kind !== "acme" || !needsAddress(issuer) || onDeadName === "order") return all;
  const dead = trulyDead(world, certificate, await askAddresses(world, names));
  if (dead.length === 0) return all;
  const [first] = names;
  if (onDeadName === "fail" || dead.some(({ name }) => name === first)) throw refusal(dead, first);
  const dropped = dead.map(({ name }) => name);
  world.step(`${certificate.name}: left out, because they do not resolve: ${dropped.join(", ")}`);
  return {
    certificate: { ...certificate, names: names.filter((name) => !dropped.includes(name)) },
    dropped,
    findings: dead.map(deadFinding),
  };
};
