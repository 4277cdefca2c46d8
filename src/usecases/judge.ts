// Lets the checks judge what was looked at: each entry point, each mail domain, all of a run together.
import type { Check, DomainCheck, DomainFacts, EntryCheck, EntryFacts } from "../checks/check.ts";
import { checks as allChecks } from "../checks/index.ts";
import { deadHosts } from "../checks/net-reach.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { VerifiedDomain, VerifiedEntry } from "../domain/verify-result.ts";
import type { Looked } from "./further-looks.ts";
import type { VerifyRequest } from "./verify.ts";

export const wantedChecks = ({ check, skip }: Pick<VerifyRequest, "check" | "skip">): readonly Check[] =>
  allChecks.filter(({ id }) => (check === undefined || check.includes(id)) && !skip?.includes(id));

/** Whether a check is asked for. */
export const wants = (request: Pick<VerifyRequest, "check" | "skip">): ((id: string) => boolean) => {
  const ids = new Set(wantedChecks(request).map(({ id }) => id));
  return (id) => ids.has(id);
};

/** What --full asks besides the profile of TLS (further-looks.ts). */
const besides: readonly string[] = ["st-cmd-inj", "sni", "st-enforced", "reneg-cli"];

/** Whether a check needs the profile of what TLS takes. */
export const asksProfile = (request: Pick<VerifyRequest, "check" | "skip">): boolean =>
  wantedChecks(request).some((check) => check.scope === "entry" && check.full === true && !besides.includes(check.id));

/** Nothing was seen of it, or not all: a check that is silent about it has not been passed. */
const hindered = ({ observation, chain }: EntryFacts): boolean =>
  observation.error !== undefined || (observation.tls !== undefined && chain.length === 0);

const isAbsent = ({ demanded, observation: { error } }: EntryFacts): boolean =>
  !demanded && error?.stage === "connect" && error.reason === "refused";

/**
 * Checks that say what was in the way of all others. --check does not leave them out, for the chosen ones could not judge;
 * --skip does, where it names them, unless nothing else was seen either.
 */
const obstacles = (all: readonly EntryFacts[], { skip }: Pick<VerifyRequest, "skip">): readonly EntryCheck[] => {
  const blind = all.every((facts) => hindered(facts) && facts.chain.length === 0);
  return allChecks.filter(
    (check): check is EntryCheck =>
      check.scope === "entry" && check.obstacle === true && (blind || skip?.includes(check.id) !== true),
  );
};

const isEntryCheck = (check: Check): check is EntryCheck => check.scope === "entry";

export const judgeEntries = (looked: readonly Looked[], request: VerifyRequest): readonly VerifiedEntry[] => {
  const judges = wantedChecks(request).filter(isEntryCheck);
  const chosen = new Set(judges.map(({ id }) => id));
  const unasked = obstacles(
    looked.map(({ facts }) => facts),
    request,
  ).filter(({ id }) => !chosen.has(id));
  const told = new Set<string>();
  return looked.map(({ facts: seen, slot }) => {
    const facts = { ...seen, chosen };
    const { observation, chain, role } = facts;
    const { entry, address } = observation;
    const notOffered = isAbsent(facts);
    const inTheWay = hindered(facts) && !notOffered;
    // The second handshake of a place has the same dialogue: what was said about it is not said again, nor taken for well.
    const again = new Set<string>();
    const findings = [
      ...(inTheWay ? unasked.flatMap((check) => check.judge(facts)).filter(({ severity }) => severity !== "info") : []),
      ...judges.flatMap((check) => check.judge(facts)),
    ].filter((finding) => {
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
      notOffered,
      ok: findings.every(({ severity }) => severity !== "fault"),
    };
  });
};

/** Whether silence of the check means that all is well. */
const appliesTo = ({ severity, applies }: EntryCheck, facts: EntryFacts): boolean =>
  severity[facts.role] !== "-" && (applies?.(facts) ?? true);

export const judgesWhole = (check: Check, domains: readonly DomainFacts[]): boolean =>
  check.scope === "run" || (check.scope === "domain" && domains.some((facts) => check.applies(facts)));

/** What DNS says about each MX host of a domain. */
export const hostsOf = ({ domain, mx }: DomainFacts, all: readonly EntryFacts[]): VerifiedDomain["hosts"] => {
  // Asked about its SRV records alone, though another part of the run may know its MX hosts.
  if (mx === undefined) return [];
  const mine = all.filter(({ mxOf }) => mxOf?.some((one) => one.domain === domain));
  return [...groupBy(mine, ({ observation }) => observation.entry.host)].map(([host, [first]]) => ({
    host,
    ...(first?.tlsa ? { tlsa: first.tlsa } : {}),
  }));
};

/** Whether what net-reach says about whole hosts is told. */
const reachTold = (all: readonly EntryFacts[], request: VerifyRequest): boolean =>
  wants(request)("net-reach") || obstacles(all, request).some(({ id }) => id === "net-reach");

/** Hosts where nothing could be connected to, and that are told as such. */
export const silentHosts = (all: readonly EntryFacts[], request: VerifyRequest): readonly string[] =>
  reachTold(all, request) ? deadHosts(all).map(({ host }) => host) : [];

/** What DNS alone says about the mail domains. */
export const judgeDomains = (request: Pick<VerifyRequest, "check" | "skip" | "domains">): readonly Finding[] => {
  const judges = wantedChecks(request).filter((check): check is DomainCheck => check.scope === "domain");
  return (request.domains ?? []).flatMap((facts) => judges.flatMap((check) => check.judge(facts)));
};

export const judgeRun = (all: readonly EntryFacts[], request: VerifyRequest): readonly Finding[] => {
  const wanted = wants(request);
  const judges = allChecks.filter(({ id }) => wanted(id) || (id === "net-reach" && reachTold(all, request)));
  const whole = judges.flatMap((check) => {
    if (check.scope === "run") return check.judge(all);
    return check.scope === "entry" ? (check.judgeAll?.(all) ?? []) : [];
  });
  return [...(request.notes ?? []), ...judgeDomains(request), ...whole];
};
