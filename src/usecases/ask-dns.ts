// Asks DNS what it promises to others about this host: TLSA of each name and port, MTA-STS of the mail domains; quickly or not at all.
import { canonicalIp } from "../domain/ip.ts";
import type { StsPolicy } from "../domain/mta-sts.ts";
import { isWildcard } from "../domain/names.ts";
import type { TlsaRecord } from "../domain/tlsa.ts";
import type { AskOptions, Unknown } from "../dns/dns.ts";
import type { Deployable } from "./entries.ts";
import type { World } from "./world.ts";

/** Where a certificate is going to be served. */
export interface Place {
  readonly servers: readonly Deployable[];
  /** Whatever server comes along is wanted, also those that mailcert does not know. */
  readonly auto: boolean;
}

/** RFC 6698 §2: secure records only; all others are as good as none. */
export interface Pinned {
  readonly name: string;
  readonly port: number;
  readonly owner: string;
  readonly records: readonly TlsaRecord[];
}

export interface Promised {
  readonly tlsa: readonly Pinned[];
  readonly sts: readonly { readonly name: string; readonly domain: string; readonly policy: StsPolicy }[];
  /** Names and ports about whose TLSA records nobody could say anything. */
  readonly silent: readonly Silent[];
}

export interface Silent {
  readonly name: string;
  readonly port: number;
  readonly why: string;
}

/** Questions without an answer must not make anything slow: all of them together get this long. */
const deadlineMs = 2_000;

/** Name servers all over the world, and some of them silent: only asked where TLSA records stand. */
const everywhereMs = 6_000;

/** Names that have records of their own: no wildcards, no addresses. */
export const hostNames = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !isWildcard(name) && canonicalIp(name) === undefined);

/** The ports that change hands. 25 is one of them, unless a server here keeps its own certificate there or others than it were named. */
export const portsOf = ({ servers, auto }: Place): readonly number[] => {
  const listeners = servers.flatMap((one) => one.listeners).filter(({ protocol }) => protocol !== "lmtp");
  const ports = listeners.filter(({ ownCertificate }) => ownCertificate === undefined).map(({ port }) => port);
  const kept = listeners.some(({ port }) => port === 25);
  const unseen = (auto || servers.length === 0) && !kept ? [25] : [];
  return [...new Set([...unseen, ...ports])].sort((left, right) => left - right);
};

/** A host is MX for the domain that it stands in, or for its own name: the two that can be guessed. */
export const mailDomains = (name: string): readonly string[] => {
  const parent = name.slice(name.indexOf(".") + 1);
  return parent.includes(".") ? [parent, name] : [name];
};

/** What one name server has: some senders ask that one. */
export interface AtServer extends Pinned {
  readonly server: string;
  /** Seconds. */
  readonly ttl: number;
}

/** Each authoritative server's own word about records that stand already; silent ones say nothing. */
export const askEverywhere = async (
  world: Pick<World, "dns" | "signal" | "step">,
  pinned: readonly Pinned[],
): Promise<readonly AtServer[]> => {
  const dns = await world.dns();
  const options: AskOptions = { timeoutMs: everywhereMs, signal: world.signal };
  const found = await Promise.all(
    pinned.map(async (one) => {
      const servers = await dns.tlsaEverywhere(one.owner, options);
      if (servers.length === 0) world.step(`no name server of ${one.owner} could be asked itself`);
      return servers.map((own) => ({ ...one, ...own }));
    }),
  );
  return found.flat();
};

/** Never throws; what nobody could say is one line for `--verbose`. */
export const askDns = async (
  world: Pick<World, "dns" | "signal" | "step">,
  names: readonly string[],
  ports: readonly number[],
  withSts: boolean,
): Promise<Promised> => {
  const dns = await world.dns();
  const options: AskOptions = { timeoutMs: deadlineMs, signal: world.signal };
  const unknown: Unknown[] = [];
  const silent: Silent[] = [];

  const pinned = async (name: string, port: number): Promise<readonly Pinned[]> => {
    const answer = await dns.tlsa(name, port, options);
    if (answer.kind === "unknown") {
      unknown.push(answer);
      silent.push({ name, port, why: answer.why });
    }
    if (answer.kind !== "found") return [];
    const { owner, records, secure } = answer;
    if (secure) return [{ name, port, owner, records }];
    world.step(`${owner} has TLSA records that nobody whom we may believe has validated: taken for unsigned`);
    return [];
  };
  const policy = async (name: string, domain: string): Promise<Promised["sts"]> => {
    const answer = await dns.mtaSts(domain, options);
    if (answer.kind === "unknown") unknown.push(answer);
    return answer.kind === "found" ? [{ name, domain, policy: answer.policy }] : [];
  };

  const [tlsa, sts] = await Promise.all([
    Promise.all(ports.flatMap((port) => names.map((name) => pinned(name, port)))),
    Promise.all((withSts ? names : []).flatMap((name) => mailDomains(name).map((domain) => policy(name, domain)))),
  ]);
  const [first] = unknown;
  if (first) world.step(`going on without all of DNS: ${first.why}`);
  return { tlsa: tlsa.flat(), sts: sts.flat(), silent };
};
