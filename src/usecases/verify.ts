// Verify: observes every entry point at every address side by side, and lets the checks judge.
import type {
  Check,
  DomainCheck,
  DomainFacts,
  EntryCheck,
  EntryFacts,
  ExpectedLeaves,
  RunCheck,
} from "../checks/check.ts";
import { checks as allChecks } from "../checks/index.ts";
import { trustedHereOnly } from "../checks/cert-trust.ts";
import { deadHosts } from "../checks/net-reach.ts";
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import { type EntryPoint, roleOf } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { Slot } from "../domain/keys.ts";
import type { Meant } from "../domain/meant-target.ts";
import type { Observation } from "../domain/observation.ts";
import type { Target } from "../domain/targets.ts";
import { type VerifiedDomain, type VerifiedEntry, type VerifyResult, sawSomething } from "../domain/verify-result.ts";
import type { Dns } from "../dns/dns.ts";
import type { Probe } from "../probe/probe.ts";
import type { Profile } from "../probe/profiler.ts";
import type { Resolve } from "../probe/resolve.ts";
import { type AskTlsa, tlsaAsker } from "./ask-tlsa.ts";
import { fullLook } from "./full-look.ts";
import { parallel } from "./parallel.ts";

export interface VerifyDeps {
  readonly now: () => Date;
  readonly probe: Probe;
  readonly resolve: Resolve;
  /** For DANE; undefined: it is not looked at. */
  readonly dns?: () => Promise<Dns>;
  /** The full look at TLS. */
  readonly profile?: Profile;
  readonly signal?: AbortSignal;
  /** Told about each entry point as it is done. */
  readonly step?: (what: string) => void;
}

/** An entry point to look at, with what is expected of it. */
export interface Wanted extends Target {
  /** The port was named and is the usual one of this instead. */
  readonly meant?: Meant;
  readonly expected?: ExpectedLeaves;
  /** Two: ask for each kind of key in its own handshake. */
  readonly slots?: readonly Slot[];
  /** Domains whose MX records name the host. */
  readonly mxOf?: readonly DomainFacts[];
  /** Domains whose SRV records name the host and port. */
  readonly serviceOf?: readonly string[];
}

export interface VerifyRequest {
  readonly wanted: readonly Wanted[];
  /** Mail domains that were named: judged as such. */
  readonly domains?: readonly DomainFacts[];
  /** PEM of every certificate to trust; the same array for the whole run. */
  readonly anchors: readonly string[];
  /** SHA-256 of roots that are trusted only because this host made them. */
  readonly ownRoots?: readonly string[];
  /** SNI other than the host; false: none. */
  readonly sni?: string | false;
  /** Budget of each entry point; default 10 s, on port 25 45 s (greet delays). */
  readonly timeoutMs?: number;
  /** One handshake for each entry point and address. */
  readonly quick?: boolean;
  /** Ask each entry point that has TLS also for what nobody should take. */
  readonly full?: boolean;
  readonly ehlo?: string;
  /** Only these check ids; undefined: all. */
  readonly check?: readonly string[];
  readonly skip?: readonly string[];
  readonly expiryDays?: { readonly warning: number; readonly fault: number };
  /** Findings made before anything was looked at, listed with those about the whole. */
  readonly notes?: readonly Finding[];
  /** Connections open at once; default 32. */
  readonly concurrency?: number;
}

const defaultTimeout = ({ port, mode, meant }: Wanted): number => {
  // imap:// on 993: a server that waits for TLS never greets; the mistake is not worth the whole budget.
  if (mode === "starttls" && meant?.mode === "implicit") return 4_000;
  return port === 25 ? 45_000 : 10_000;
};

interface Looked {
  readonly facts: EntryFacts;
  readonly slot?: Slot;
}

export const verify = async (deps: VerifyDeps, request: VerifyRequest): Promise<VerifyResult> => {
  const startedAt = deps.now();
  const { domains = [] } = request;
  const addresses = await resolveAll(deps, request);
  const places = request.wanted.flatMap((wanted) => placesOf(wanted, addresses));
  const askTlsa = tlsaAsker(request.quick ? undefined : deps.dns, deps.signal ?? new AbortController().signal);
  const looked = (
    await parallel(places, request.concurrency ?? 32, async (place) => {
      const [seen] = await Promise.all([look(deps, request, place, askTlsa), askTlsa(place.wanted)]);
      deps.step?.(`${place.wanted.protocol} ${place.address ?? place.wanted.host} port ${place.wanted.port}: observed`);
      return seen;
    })
  ).flat();
  const entries = judgeEntries(looked, request);
  const all = looked.map(({ facts }) => facts);
  const dead = wantedChecks(request).some(({ id }) => id === "net-reach") ? deadHosts(all) : [];
  const findings = judgeRun(
    all,
    request,
    dead.flatMap((one) => one.findings),
  );
  return {
    startedAt,
    durationMs: Math.max(0, deps.now().getTime() - startedAt.getTime()),
    entries,
    findings,
    checked: wantedChecks(request).flatMap((check) => (judgesWhole(check, domains) ? [check.id] : [])),
    domains: domains.map((facts) => ({ ...facts, hosts: hostsOf(facts, all) })),
    deadHosts: dead.map(({ host }) => host),
    ok:
      sawSomething({ entries, findings }) &&
      entries.every(({ ok }) => ok) &&
      findings.every(({ severity }) => severity !== "fault"),
  };
};

type Resolved = Awaited<ReturnType<Resolve>>;

/** Each name once. */
const resolveAll = async (deps: VerifyDeps, request: VerifyRequest): Promise<ReadonlyMap<string, Resolved>> => {
  const hosts = [...new Set(request.wanted.filter(({ address }) => address === undefined).map(({ host }) => host))];
  const found = await parallel(hosts, 16, (host) => deps.resolve(host, request.timeoutMs ?? 10_000));
  return new Map(hosts.map((host, index) => [host, found[index] ?? []]));
};

interface Place {
  readonly wanted: Wanted;
  readonly address?: string;
  /** Why there is no address. */
  readonly unresolved?: string;
}

const placesOf = (wanted: Wanted, addresses: ReadonlyMap<string, Resolved>): readonly Place[] => {
  if (wanted.address !== undefined) return [{ wanted, address: wanted.address }];
  const found = addresses.get(wanted.host) ?? [];
  if ("message" in found) return [{ wanted, unresolved: `${wanted.host}: ${found.message}` }];
  if (found.length === 0) return [{ wanted, unresolved: `${wanted.host}: the name has no address` }];
  return found.map((address) => ({ wanted, address }));
};

/** One after the other for each kind of key, so that an entry point sees one connection at a time. */
const look = async (
  deps: VerifyDeps,
  request: VerifyRequest,
  place: Place,
  askTlsa: AskTlsa,
): Promise<readonly Looked[]> => {
  const { wanted, address } = place;
  if (address === undefined) return [{ facts: factsOf(deps, request, wanted, unresolvedObservation(deps, place)) }];
  const slots = request.quick || (wanted.slots?.length ?? 0) < 2 ? [undefined] : (wanted.slots ?? []);
  const looked: Looked[] = [];
  for (const slot of slots) {
    const observation = await deps.probe(
      { ...entryOf(wanted), address },
      {
        timeoutMs: request.timeoutMs ?? defaultTimeout(wanted),
        ehlo: request.ehlo ?? "",
        anchors: request.anchors,
        dialogue: "full",
        ...(request.sni === undefined ? {} : { sni: request.sni }),
        ...(slot === undefined ? {} : { slot }),
        ...(deps.signal ? { signal: deps.signal } : {}),
      },
    );
    const tlsa = await askTlsa(wanted);
    const facts = { ...factsOf(deps, request, wanted, observation), ...(tlsa === undefined ? {} : { tlsa }) };
    // What did not come as far as TLS fails in the same way for the other kind of key.
    const early = observation.error !== undefined && observation.error.stage !== "handshake" && !observation.tls;
    looked.push({ facts, ...(slot === undefined || early ? {} : { slot }) });
    if (early) break;
  }
  if (!request.full || !deps.profile) return looked;
  const full = await fullLook(
    deps.profile,
    looked.map(({ facts }) => facts),
    {
      ehlo: request.ehlo ?? "",
      timeoutMs: request.timeoutMs ?? defaultTimeout(wanted),
      ...(deps.signal ? { signal: deps.signal } : {}),
    },
  );
  return looked.map((one, index) => ({ ...one, facts: full[index] ?? one.facts }));
};

const entryOf = ({ protocol, mode, host, port }: Wanted): EntryPoint => ({ protocol, mode, host, port });

const unresolvedObservation = (deps: VerifyDeps, { wanted, unresolved = "no address" }: Place): Observation => ({
  entry: entryOf(wanted),
  local: false,
  chain: [],
  error: { stage: "resolve", reason: "dns", message: unresolved },
  startedAt: deps.now(),
  durationMs: 0,
});

const factsOf = (deps: VerifyDeps, request: VerifyRequest, wanted: Wanted, observation: Observation): EntryFacts => ({
  observation,
  role: roleOf(wanted),
  chain: readChain(observation.chain),
  demanded: wanted.demanded,
  now: deps.now(),
  ...(wanted.expected ? { expected: wanted.expected } : {}),
  ...(wanted.meant ? { meant: wanted.meant } : {}),
  ...(wanted.mxOf ? { mxOf: wanted.mxOf } : {}),
  ...(wanted.serviceOf ? { serviceOf: wanted.serviceOf } : {}),
  ...(request.ownRoots ? { ownRoots: request.ownRoots } : {}),
  ...(request.expiryDays ? { expiryDays: request.expiryDays } : {}),
});

/** Up to the first certificate that cannot be read; OpenSSL has read them all, so this is rare and its verdict stays. */
const readChain = (chain: readonly Buffer[]): readonly CertificateFacts[] => {
  const facts: CertificateFacts[] = [];
  for (const der of chain) {
    try {
      facts.push(readCertificate(der));
    } catch {
      break;
    }
  }
  return facts;
};

const wantedChecks = ({ check, skip }: VerifyRequest): readonly Check[] =>
  allChecks.filter(({ id }) => (check === undefined || check.includes(id)) && !skip?.includes(id));

const judgeEntries = (looked: readonly Looked[], request: VerifyRequest): readonly VerifiedEntry[] => {
  const judges = wantedChecks(request).filter((check): check is EntryCheck => check.scope === "entry");
  const told = new Set<string>();
  return looked.map(({ facts, slot }) => {
    const { observation, chain, role, demanded } = facts;
    const { entry, address, error } = observation;
    // The second handshake of a place has the same dialogue: what was said about it is not said again, nor taken for well.
    const again = new Set<string>();
    const findings = judges
      .flatMap((check) => check.judge(facts))
      .filter((finding) => {
        if (!finding.check.startsWith("st-")) return true;
        const key = JSON.stringify([entry, address, finding.check, finding.message]);
        if (told.has(key)) again.add(finding.check);
        return !told.has(key) && told.add(key);
      });
    return {
      entry: address === undefined ? entry : { ...entry, address },
      role,
      observation,
      ...(slot === undefined ? {} : { slot }),
      chain,
      findings,
      checked: judges.filter((check) => !again.has(check.id) && appliesTo(check, facts)).map(({ id }) => id),
      notOffered: !demanded && error?.stage === "connect" && error.reason === "refused",
      ok: findings.every(({ severity }) => severity !== "fault"),
    };
  });
};

/** Whether silence of the check means that all is well. */
const appliesTo = ({ severity, applies }: EntryCheck, facts: EntryFacts): boolean =>
  severity[facts.role] !== "-" && (applies?.(facts) ?? true);

const judgesWhole = (check: Check, domains: readonly DomainFacts[]): boolean =>
  check.scope === "run" || (check.scope === "domain" && domains.some((facts) => check.applies(facts)));

/** What DNS says about each MX host of a domain. */
const hostsOf = ({ domain, mx }: DomainFacts, all: readonly EntryFacts[]): VerifiedDomain["hosts"] => {
  // Asked about its SRV records alone, though another part of the run may know its MX hosts.
  if (mx === undefined) return [];
  const mine = all.filter(({ mxOf }) => mxOf?.some((one) => one.domain === domain));
  return [...groupBy(mine, ({ observation }) => observation.entry.host)].map(([host, [first]]) => ({
    host,
    ...(first?.tlsa ? { tlsa: first.tlsa } : {}),
  }));
};

const judgeRun = (
  all: readonly EntryFacts[],
  request: VerifyRequest,
  reach: readonly Finding[],
): readonly Finding[] => {
  const chosen = wantedChecks(request);
  const judges = chosen.filter((check): check is RunCheck => check.scope === "run");
  const trust = chosen.some(({ id }) => id === "cert-trust") ? trustedHereOnly(all, request.ownRoots ?? []) : [];
  const ofDomains = chosen.filter((check): check is DomainCheck => check.scope === "domain");
  const domains = (request.domains ?? []).flatMap((facts) => ofDomains.flatMap((check) => check.judge(facts)));
  return [...(request.notes ?? []), ...domains, ...reach, ...judges.flatMap((check) => check.judge(all)), ...trust];
};
