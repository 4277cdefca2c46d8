// What DNS promises to others about this host (TLSA, MTA-STS), asked before a key or a chain is served that would break it.
import type { IssuerKind } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { canonicalIp } from "../domain/ip.ts";
import { isWildcard } from "../domain/names.ts";
import { type StsPolicy, stsCovers } from "../domain/mta-sts.ts";
import type { Slot } from "../domain/keys.ts";
import {
  type TlsaOffer,
  type TlsaRecord,
  matchTlsa,
  tlsaFor,
  tlsaLine,
  tlsaOwner,
  tlsaText,
} from "../domain/tlsa.ts";
import { leadsTo } from "../domain/trust.ts";
import type { AskOptions, Unknown } from "../dns/dns.ts";
import type { CertificateState } from "../store/store.ts";
import type { Deployable } from "./entries.ts";
import type { World } from "./world.ts";

/** What is about to be served: its keys, and its chains once they are there. */
export interface Candidate {
  readonly certificate: string;
  readonly names: readonly string[];
  readonly issuer: IssuerKind;
  readonly authority: string;
  readonly slots: Readonly<Partial<Record<Slot, TlsaOffer>>>;
  /** PEM, leaf first; absent before anything was issued. */
  readonly chains?: readonly (readonly string[])[];
}

/** Where it is going to be served. */
export interface Place {
  readonly servers: readonly Deployable[];
  /** Whatever server comes along is wanted, also those that mailcert does not know. */
  readonly auto: boolean;
}

export interface Ways {
  /** How to go on all the same. */
  readonly force: string;
  /** How the run goes on once DNS agrees. */
  readonly resume: string;
}

/** A question without an answer must not make anything slow: all of them together get this long. */
const deadlineMs = 2_000;
const mostShown = 8;

/** Names whose promises are new to us: none for a renewal that keeps key and issuer, which is always allowed. */
export const namesAtStake = (world: World, state: CertificateState, candidate: Candidate): readonly string[] => {
  const hosts = candidate.names.filter((name) => !isWildcard(name) && canonicalIp(name) === undefined);
  const live = state.generations.find(({ number }) => number === world.store.liveNumber(state.name));
  const deployed = Object.keys(state.deployments).length > 0;
  const kept =
    live !== undefined &&
    deployed &&
    live.issuer === candidate.issuer &&
    live.authority === candidate.authority &&
    Object.entries(candidate.slots).every(([slot, { spki }]) => {
      const leaf = live.leaves[slot as Slot];
      return leaf !== undefined && spki !== undefined && leaf.spkiSha256 === sha256Hex(spki);
    });
  return kept ? hosts.filter((name) => !live.names.includes(name)) : hosts;
};

/** The ports that change hands. 25 is one of them unless a server here is known to keep its own certificate there, or others were named. */
export const portsOf = ({ servers, auto }: Place): readonly number[] => {
  const listeners = servers.flatMap((one) => one.listeners).filter(({ protocol }) => protocol !== "lmtp");
  const ports = listeners.filter(({ ownCertificate }) => ownCertificate === undefined).map(({ port }) => port);
  const known = listeners.some(({ port }) => port === 25);
  return [...new Set([...((auto || servers.length === 0) && !known ? [25] : []), ...ports])].sort((a, b) => a - b);
};

/** Nobody else's root: our own may have been put among the system's, which makes it no public CA. */
const isPublic = async (world: World, { issuer, chains }: Candidate): Promise<boolean> => {
  if (issuer !== "acme" || !chains) return issuer === "acme";
  const roots = await world.systemRoots();
  return chains.every((chain) => leadsTo(chain, roots, world.now()));
};

interface Asked {
  readonly tlsa: readonly { readonly name: string; readonly port: number; readonly owner: string; readonly records: readonly TlsaRecord[] }[];
  readonly sts: readonly { readonly name: string; readonly domain: string; readonly policy: StsPolicy }[];
}

/** A host is MX for its own name, or for the domain that it stands in: the two that can be guessed. */
const mailDomains = (name: string): readonly string[] => {
  const parent = name.slice(name.indexOf(".") + 1);
  return parent.includes(".") ? [name, parent] : [name];
};

const ask = async (world: World, names: readonly string[], ports: readonly number[], sts: boolean): Promise<Asked> => {
  const dns = await world.dns();
  const options: AskOptions = { timeoutMs: deadlineMs, signal: world.signal };
  const unknown: Unknown[] = [];
  const [tlsa, policies] = await Promise.all([
    Promise.all(
      names.flatMap((name) =>
        ports.map(async (port) => {
          const answer = await dns.tlsa(name, port, options);
          if (answer.kind === "unknown") unknown.push(answer);
          if (answer.kind !== "found") return [];
          if (answer.secure) return [{ name, port, owner: answer.owner, records: answer.records }];
          world.step(`${answer.owner} has TLSA records that DNSSEC does not vouch for here: senders do not use such`);
          return [];
        }),
      ),
    ),
    Promise.all(
      (sts ? names : []).flatMap((name) =>
        mailDomains(name).map(async (domain) => {
          const answer = await dns.mtaSts(domain, options);
          if (answer.kind === "unknown") unknown.push(answer);
          return answer.kind === "found" ? [{ name, domain, policy: answer.policy }] : [];
        }),
      ),
    ),
  ]);
  const [first] = unknown;
  if (first) world.step(`DNS could not say everything about ${names.join(", ")}: ${first.why}; going on without`);
  return { tlsa: tlsa.flat(), sts: policies.flat() };
};

/** Asks everything that will be asked, so that the answers are there when they are needed. */
export const askAhead = async (world: World, candidate: Candidate, place: Place): Promise<void> => {
  const hosts = candidate.names.filter((name) => !isWildcard(name) && canonicalIp(name) === undefined);
  const ports = portsOf(place);
  await ask({ ...world, step: () => undefined }, hosts, ports, candidate.issuer !== "acme" && ports.includes(25));
};

/** @throws Failure `config` where a secure TLSA record or an enforced MTA-STS policy stands that the candidate does not satisfy. */
export const keepDnsPromises = async (
  world: World,
  state: CertificateState,
  candidate: Candidate,
  place: () => Promise<Place>,
  ways: Ways,
): Promise<void> => {
  const names = namesAtStake(world, state, candidate);
  if (names.length === 0) return;
  const ports = portsOf(await place());
  const publicly = await isPublic(world, candidate);
  const { tlsa, sts } = await ask(world, names, ports, !publicly && ports.includes(25));
  const offers = Object.values(candidate.slots);
  const broken = tlsa.filter(({ records }) => offers.some((offer) => matchTlsa(records, offer) === "mismatch"));
  if (broken.length > 0) throw unpublished(candidate, broken, ways);
  const enforced = sts.find(({ name, policy }) => policy.mode === "enforce" && stsCovers(policy, name));
  if (enforced) throw untrusted(candidate, enforced, ways);
};

const few = (texts: readonly string[]): readonly string[] =>
  texts.length <= mostShown ? texts : [...texts.slice(0, mostShown), `(${texts.length - mostShown} more)`];

const short = (record: TlsaRecord): string => {
  const text = tlsaText(record);
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
};

const unpublished = (candidate: Candidate, broken: Asked["tlsa"], { force, resume }: Ways): Failure => {
  const [first] = broken;
  if (!first) throw new RangeError("nothing is broken");
  const others = broken.slice(1).map(({ name, port }) => tlsaOwner(name, port));
  const also = others.length > 0 ? ` (the same for ${few(others).join(", ")})` : "";
  const who = first.port === 25 ? "senders that check DANE would hold back mail for" : "clients that check DANE would refuse";
  const keys = Object.values(candidate.slots).flatMap(({ spki }) => (spki ? [spki] : []));
  const lines = broken.flatMap(({ owner, records }) =>
    keys
      .filter((spki) => matchTlsa(records, { spki }) !== "match")
      .map((spki) => tlsaLine(owner, tlsaFor(spki, records))),
  );
  const published = broken.map(({ owner, records }) => ({ owner, records: records.slice(0, mostShown).map(tlsaText) }));
  return new Failure(
    "config",
    `${who} ${first.name} on port ${first.port}: DNSSEC-signed TLSA records stand at ${first.owner} and none is for the ${candidate.chains ? "chain" : "key"} that would be served${also}; published: ${few(first.records.map(short)).join(", ")}`,
    {
      hints: [
        ...(lines.length > 0
          ? few(lines).map((line) => `publish beside what is there: ${line}`)
          : ["without --dry-run the key is made and kept, and the record to publish is shown"]),
        `once every name server has it, wait two TTLs longer (RFC 7671 §8.1), then ${resume}; the key is kept until then`,
        `to go on all the same: ${force}`,
      ],
      facts: { code: "DANE", published, publish: lines },
    },
  );
};

const untrusted = (candidate: Candidate, { name, domain, policy }: Asked["sts"][number], { force }: Ways): Failure =>
  new Failure(
    "config",
    `the MTA-STS policy of ${domain} says "enforce" for ${name}: senders such as Gmail would refuse a certificate from ${candidate.issuer} on port 25, which no public CA vouches for`,
    {
      hints: [
        "for a certificate that every sender trusts: add --issuer letsencrypt --email YOU@DOMAIN --agree-tos",
        `or take the policy back first: serve "mode: none" with a new id, and wait out its max_age (${policy.maxAge} s; RFC 8461 §8.3)`,
        `to go on all the same: ${force}`,
      ],
      facts: { code: "MTA-STS", domain, mode: policy.mode, mx: policy.mx.slice(0, mostShown) },
    },
  );
