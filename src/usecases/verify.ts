// Verify: observes every entry point at every address side by side, and lets the checks judge.
import type { DomainFacts, ExpectedLeaves } from "../checks/check.ts";
import { createAllowance } from "../domain/allowance.ts";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import type { Slot } from "../domain/keys.ts";
import type { Meant } from "../domain/meant-target.ts";
import type { Observation } from "../domain/observation.ts";
import type { Target } from "../domain/targets.ts";
import type { TlsOff } from "../servers/server.ts";
import { type VerifyResult, sawSomething } from "../domain/verify-result.ts";
import type { Dns } from "../dns/dns.ts";
import type { Left, Probe, ProbeOptions } from "../probe/probe.ts";
import type { Profile } from "../probe/profiler.ts";
import type { Resolve } from "../probe/resolve.ts";
import { type AskCaa, caaAsker } from "./ask-caa.ts";
import { type AskTlsa, tlsaAsker } from "./ask-tlsa.ts";
import { type ReadDer, createCertificateReader } from "./certificate-reader.ts";
import { factsOf } from "./entry-facts.ts";
import { fullLook } from "./full-look.ts";
import { type AskMore, type FurtherTools, type Looked, seen } from "./further-looks.ts";
import {
  asksProfile,
  hostsOf,
  judgeEntries,
  judgeRun,
  judgesWhole,
  silentHosts,
  wantedChecks,
  wants,
} from "./judge.ts";
import { parallel } from "./parallel.ts";
import { type Place, placesOf } from "./places.ts";
import { type Polite, createPolite } from "./polite.ts";
import { unjudged } from "./verify-unjudged.ts";

export interface VerifyDeps {
  readonly now: () => Date;
  readonly probe: Probe;
  readonly resolve: Resolve;
  /** For DANE; undefined: it is not looked at. */
  readonly dns?: () => Promise<Dns>;
  /** For what --full asks. */
  readonly further?: FurtherTools;
  /** Where several runs share their manners. */
  readonly polite?: Polite;
  /** Where several runs read the same certificates. */
  readonly readDer?: ReadDer;
  /** The full look at TLS. */
  readonly profile?: Profile;
  readonly signal?: AbortSignal;
  /** Told about each entry point as it is done. */
  readonly step?: (what: string) => void;
}

/** An entry point to look at, with what is expected of it. */
export interface Wanted extends Target {
  /** The host whose addresses are connected to, where the name to verify is another: SRV records of XMPP lead a domain's clients there. */
  readonly connectTo?: string;
  /** The port was named and is the usual one of this instead. */
  readonly meant?: Meant;
  /** The server's configuration says that there is no TLS. */
  readonly tlsOff?: TlsOff;
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
  /** Ask each entry point also for what takes connections of its own. */
  readonly full?: boolean;
  /** Write down what is said in clear. */
  readonly transcript?: boolean;
  readonly ehlo?: string;
  /** Only these check ids; undefined: all. */
  readonly check?: readonly string[];
  readonly skip?: readonly string[];
  readonly expiryDays?: { readonly warning: number; readonly fault: number };
  /** Findings made before anything was looked at, listed with those about the whole. */
  readonly notes?: readonly Finding[];
  /** One target of a long list, where not every check fits every target. */
  readonly ofList?: boolean;
  /** Connections open at once; default 32. */
  readonly concurrency?: number;
}

const defaultTimeout = ({ port, mode, meant, tlsOff }: Wanted): number => {
  // Nobody answers a handshake there.
  if (mode === "implicit" && tlsOff !== undefined) return 4_000;
  // imap:// on 993: a server that waits for TLS never greets; the mistake is not worth the whole budget.
  if (mode === "starttls" && meant?.mode === "implicit") return 4_000;
  return port === 25 ? 45_000 : 10_000;
};

export const verify = async (deps: VerifyDeps, request: VerifyRequest): Promise<VerifyResult> => {
  const startedAt = deps.now();
  const { domains = [] } = request;
  const { places, notes } = await placesOf(deps, request);
  const polite = deps.polite ?? createPolite({ connections: request.concurrency ?? 32 });
  const running: Running = { ...deps, polite, readDer: deps.readDer ?? createCertificateReader() };
  const dns = request.quick ? undefined : deps.dns;
  const signal = deps.signal ?? new AbortController().signal;
  const askTlsa = tlsaAsker(dns, signal);
  const askCaa = caaAsker(wants(request)("cert-caa") ? dns : undefined, signal);
  const looked = // Who waits for whom is for good manners to say.
    (
      await parallel(places, places.length, async (place) => {
        const { wanted, address } = place;
        const looking = async (left?: Left): Promise<readonly Looked[]> =>
          (await Promise.all([look(running, request, place, { askTlsa, askCaa, left }), askTlsa(wanted)]))[0];
        const all = await (address === undefined ? looking() : polite.turn(address, wanted.port, looking));
        deps.step?.(`${wanted.protocol} ${address ?? wanted.host} port ${wanted.port}: observed${greeted(all)}`);
        return all;
      })
    ).flat();
  const entries = judgeEntries(looked, request);
  const all = looked.map(({ facts }) => facts);
  const checked = wantedChecks(request).flatMap((check) => (judgesWhole(check, domains) ? [check.id] : []));
  const findings = [
    ...judgeRun(all, { ...request, notes: [...(request.notes ?? []), ...notes] }),
    ...unjudged(request, entries, checked),
  ];
  return {
    startedAt,
    durationMs: Math.max(0, deps.now().getTime() - startedAt.getTime()),
    entries,
    findings,
    checked,
    domains: domains.map((facts) => ({ ...facts, hosts: hostsOf(facts, all) })),
    deadHosts: silentHosts(all, request),
    ok:
      sawSomething({ entries, findings }) &&
      entries.every(({ ok }) => ok) &&
      findings.every(({ severity }) => severity !== "fault"),
  };
};

/** What one run has of its own, where it was not given. */
type Running = VerifyDeps & Required<Pick<VerifyDeps, "polite" | "readDer">>;

/** One after the other for each kind of key, so that an entry point sees one connection at a time. */
const look = async (
  deps: Running,
  request: VerifyRequest,
  place: Place,
  { askTlsa, askCaa, left }: { readonly askTlsa: AskTlsa; readonly askCaa: AskCaa; readonly left: Left | undefined },
): Promise<readonly Looked[]> => {
  const { wanted, address } = place;
  if (address === undefined) return [{ facts: factsOf(deps, request, wanted, unresolvedObservation(deps, place)) }];
  const { polite } = deps;
  const usual = request.timeoutMs ?? defaultTimeout(wanted);
  const refused = polite.later(address, wanted.port);
  if (refused) return [{ facts: factsOf(deps, request, wanted, notAgain(deps, place, refused)) }];
  const ask = async (more: AskMore & Pick<ProbeOptions, "transcript" | "once">): Promise<Observation> => {
    const observation = await deps.probe(
      { ...entryOf(wanted), address },
      {
        timeoutMs: polite.budget(address, wanted.port, usual),
        ehlo: request.ehlo ?? "",
        anchors: request.anchors,
        dialogue: "full",
        ...(request.sni === undefined ? {} : { sni: request.sni }),
        ...more,
        ...(left ? { left } : {}),
        ...(deps.signal ? { signal: deps.signal } : {}),
      },
    );
    polite.note(observation);
    return observation;
  };
  const slots = request.quick || (wanted.slots?.length ?? 0) < 2 ? [undefined] : (wanted.slots ?? []);
  const looked: Looked[] = [];
  for (const slot of slots) {
    // The dialogue is the same for the other kind of key.
    const transcript = request.transcript === true && looked.length === 0 ? { transcript: true } : {};
    const small = looked.some(({ facts }) => facts.observation.tls?.smallHelloOnly === true);
    const observation = await ask({
      ...transcript,
      ...(slot === undefined ? {} : { slot }),
      ...(small ? { once: { smallHello: true } } : {}),
    });
    const tlsa = await askTlsa(wanted);
    const told = { ...factsOf(deps, request, wanted, observation), ...(tlsa === undefined ? {} : { tlsa }) };
    const caa = await askCaa(told);
    const facts = { ...told, ...(caa === undefined ? {} : { caa }) };
    // What did not come as far as TLS fails in the same way for the other kind of key.
    const early = observation.error !== undefined && observation.error.stage !== "handshake" && !observation.tls;
    looked.push({ facts, ...(slot === undefined || early ? {} : { slot }) });
    if (early) break;
  }
  if (!request.full) return looked;
  const terms = {
    ehlo: request.ehlo ?? "",
    timeoutMs: polite.budget(address, wanted.port, usual),
    ...(left ? { left } : {}),
    ...(deps.signal ? { signal: deps.signal } : {}),
  };
  const smallHello = looked.some(({ facts }) => facts.observation.tls?.smallHelloOnly === true);
  // Whoever needed a small ClientHello was asked twice.
  const made = looked.length + (smallHello ? 1 : 0);
  const profile = asksProfile(request) ? deps.profile : undefined;
  const [main, ...others] = await fullLook(
    looked,
    {
      entry: { ...entryOf(wanted), address },
      again: (more) => ask({ ...more, once: { smallHello } }),
      factsOf: (observation) => factsOf(deps, request, wanted, observation),
      wants: wants(request),
      tools: deps.further,
      terms,
      // Who said "later" is asked no more, whatever was still to be asked.
      allowance: createAllowance(made, () => polite.later(address, wanted.port) === undefined),
      tight: profile !== undefined,
      readLeaf: deps.readDer,
    },
    profile,
  );
  const later = polite.later(address, wanted.port)?.message;
  return main ? [later === undefined ? main : seen(main, { later }), ...others] : [];
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

/** It was told so for another name that leads to the same port. */
const notAgain = (deps: VerifyDeps, place: Place, error: NonNullable<Observation["error"]>): Observation => ({
  ...unresolvedObservation(deps, place),
  ...(place.address === undefined ? {} : { address: place.address }),
  error: { ...error, message: `${error.message} (said to an earlier connection of this run; not asked again)` },
});

/** postscreen and others keep clients waiting on purpose. */
const greeted = ([first]: readonly Looked[]): string => {
  const { greetingMs = 0 } = first?.facts.observation ?? {};
  return greetingMs < 1000 ? "" : `, greeted after ${(greetingMs / 1000).toFixed(1)} s`;
};
