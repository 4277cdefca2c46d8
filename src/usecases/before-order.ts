// The quick part of pre-flight: what would certainly spend an order for nothing stops it. Whatever nobody could say does not.
import { type CaaQuestion, type CaaVerdict, caaLine, judgeCaa } from "../domain/caa.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { caTitle } from "../domain/ca-failures.ts";
import { Failure } from "../domain/failure.ts";
import { isIpName, isWildcard } from "../domain/names.ts";
import type { CaaLookup } from "../dns/dns.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import type { World } from "./world.ts";

/** Answers of this host's own resolver; a run holds the lock. */
export const dnsDeadlineMs = 5_000;

export interface CaaAnswer {
  readonly name: string;
  readonly lookup: CaaLookup;
  /** The challenges that can prove such a name. */
  readonly methods: readonly string[];
  /** Absent where there are no records, or nobody could say. */
  readonly verdict?: CaaVerdict;
}

/** What the zone's own servers say of a no: the resolver may remember records that were mended meanwhile. */
const confirmed = async (
  world: Pick<World, "dns" | "signal">,
  owner: string,
  question: CaaQuestion,
  verdict: CaaVerdict,
): Promise<CaaVerdict> => {
  if (verdict.kind !== "forbidden") return verdict;
  const dns = await world.dns();
  const sets = await dns.caaEverywhere(owner, { timeoutMs: dnsDeadlineMs, signal: world.signal });
  return sets.length > 0 && sets.every((records) => judgeCaa(records, question).kind !== "forbidden")
    ? {
        kind: "unknown",
        why: `this host's resolver still has old CAA records of ${owner}, which its name servers do not`,
      }
    : verdict;
};

/** CAA for each name that has any: addresses have none (RFC 8738 §7). */
export const askCaa = async (
  world: Pick<World, "dns" | "signal">,
  names: readonly string[],
  { challenges }: AcmeSettings,
  { identities, account }: CaFacts,
): Promise<readonly CaaAnswer[]> => {
  const dns = await world.dns();
  const options = { timeoutMs: dnsDeadlineMs, signal: world.signal };
  return Promise.all(
    names
      .filter((name) => !isIpName(name))
      .map(async (name): Promise<CaaAnswer> => {
        const lookup = await dns.caa(name, options);
        const wildcard = isWildcard(name);
        // RFC 8555 §8.3, RFC 8737: nothing but DNS proves a wildcard.
        const inDns = challenges.filter((type) => type.startsWith("dns-"));
        const methods = wildcard && inDns.length > 0 ? inDns : challenges;
        if (lookup.kind !== "found") return { name, lookup, methods };
        const question = { identities, account, methods, wildcard };
        const verdict = await confirmed(world, lookup.owner, question, judgeCaa(lookup.records, question));
        return { name, lookup, methods, verdict };
      }),
  );
};

const caaHint = (
  { challenges }: AcmeSettings,
  { identities, account }: CaFacts,
  owner: string,
  tag: "issue" | "issuewild",
): string => {
  // Without one nothing is forbidden.
  const [identity = ""] = identities;
  const own = account === undefined ? "" : ` (for this account only: ${caaLine(owner, identity, account, tag)})`;
  return `change the record set there, for example: ${caaLine(owner, identity, undefined, tag)}${own}; ${challenges.join(" or ")} has to stand in validationmethods, where there are any`;
};

export const forbidden = (
  settings: AcmeSettings,
  facts: CaFacts,
  answers: readonly CaaAnswer[],
): Failure | undefined => {
  const found = answers.flatMap(({ name, lookup, verdict }) =>
    lookup.kind === "found" && verdict?.kind === "forbidden"
      ? [{ name, owner: lookup.owner, why: verdict.why, tag: verdict.tag }]
      : [],
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const said = found.map(({ name, owner, why }) => `${name} (CAA at ${owner}): ${why}`);
  const shown = said.length > 6 ? [...said.slice(0, 6), `and ${said.length - 6} more`] : said;
  return new Failure("config", `CAA records forbid ${caTitle(settings)} to issue: ${shown.join("; ")}`, {
    hints: [caaHint(settings, facts, first.owner, first.tag)],
    facts: { code: "CAA", forbidden: found.map(({ name, owner, why }) => ({ name, owner, why })) },
  });
};

/** Without the challenges that CAA rules out for some name: one that is tried for nothing counts as a failed validation. */
const permitted = (settings: AcmeSettings, answers: readonly CaaAnswer[]): AcmeSettings => {
  const ruledOut = new Set(
    answers.flatMap(({ methods, verdict }) =>
      verdict?.kind === "allowed" ? methods.filter((type) => !verdict.methods.includes(type)) : [],
    ),
  );
  const challenges = settings.challenges.filter((type) => !ruledOut.has(type));
  // Where none is left for all of the names, each has its own.
  return challenges.length === 0 ? settings : { ...settings, challenges };
};

/** The settings to order with. @throws Failure `config` where CAA forbids this CA, `cannot-create` where the state could not take the certificate. */
export const beforeOrder = async (
  world: World,
  { issuer, names }: CertificateConfig,
): Promise<CertificateConfig["issuer"]> => {
  if (issuer.kind !== "acme") return issuer;
  const tools = await world.preflight();
  const stuck = await tools.writeTrouble(world.store.dir);
  if (stuck !== undefined) {
    throw new Failure("cannot-create", `no order was placed: ${world.store.dir} cannot be written to: ${stuck}`, {
      hints: ["make room, or mend the file system, then run this again"],
      facts: { code: "NOT_WRITABLE" },
    });
  }
  const acme = await world.issuer("acme");
  if (!acme.inspect) return issuer;
  const { signal, step } = world;
  const facts = await acme.inspect({ settings: issuer, names, signal, step, thoroughly: false });
  const answers = await askCaa(world, names, issuer, facts);
  for (const { name, lookup, verdict } of answers) {
    if (lookup.kind === "blocked") step(`the CAA records of ${lookup.owner} could not be had (${lookup.why})`);
    if (lookup.kind === "unknown") step(`going on without CAA: ${lookup.why}`);
    if (verdict?.kind === "unknown") step(`going on: ${name}: ${verdict.why}`);
  }
  const failure = forbidden(issuer, facts, answers);
  if (failure)
    throw new Failure(failure.kind, `no order was placed: ${failure.message}`, {
      hints: [...failure.hints, "`mailcert issue --dry-run` shows what stands in the way"],
      ...(failure.facts === undefined ? {} : { facts: failure.facts }),
    });
  return permitted(issuer, answers);
};
