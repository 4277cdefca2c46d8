// Lets the checks judge what was looked at: each entry point, each mail domain, all of a run together.
import type { Check, DomainCheck, DomainFacts, EntryCheck, EntryFacts, RunCheck } from "../checks/check.ts";
import { trustedHereOnly } from "../checks/cert-trust.ts";
import { checks as allChecks } from "../checks/index.ts";
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

export const judgeEntries = (looked: readonly Looked[], request: VerifyRequest): readonly VerifiedEntry[] => {
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

export const judgeRun = (
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
