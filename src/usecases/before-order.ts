// The quick part of pre-flight: what would certainly spend an order for nothing stops it. Whatever nobody could say does not.
import { type CaaVerdict, caaLine, judgeCaa } from "../domain/caa.ts";
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
  /** Absent where there are no records, or nobody could say. */
  readonly verdict?: CaaVerdict;
}

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
        if (lookup.kind !== "found") return { name, lookup };
        const question = { identities, account, methods: challenges, wildcard: isWildcard(name) };
        return { name, lookup, verdict: judgeCaa(lookup.records, question) };
      }),
  );
};

const caaHint = (settings: AcmeSettings, { identities, account }: CaFacts, owner: string): string => {
  const identity = identities[0] ?? caTitle(settings);
  const [method] = settings.challenges;
  return `change the record set there, for example: ${caaLine(owner, identity, undefined)}${
    account === undefined ? "" : ` (for this account only: ${caaLine(owner, identity, account)})`
  }; ${method === undefined ? "" : `${method} has to stand in validationmethods, where there are any`}`;
};

export const forbidden = (
  settings: AcmeSettings,
  facts: CaFacts,
  answers: readonly CaaAnswer[],
): Failure | undefined => {
  const found = answers.flatMap(({ name, lookup, verdict }) =>
    lookup.kind === "found" && verdict?.kind === "forbidden" ? [{ name, owner: lookup.owner, why: verdict.why }] : [],
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const said = found.map(({ name, owner, why }) => `${name} (CAA at ${owner}): ${why}`);
  return new Failure(
    "config",
    `no order was placed: CAA records forbid ${caTitle(settings)} to issue: ${said.join("; ")}`,
    {
      hints: [caaHint(settings, facts, first.owner), "`mailcert issue --dry-run` shows what stands in the way"],
      facts: { code: "CAA", forbidden: found },
    },
  );
};

/** @throws Failure `config` where CAA forbids this CA, `cannot-create` where the state could not take the certificate. */
export const beforeOrder = async (world: World, { issuer, names }: CertificateConfig): Promise<void> => {
  if (issuer.kind !== "acme") return;
  const tools = await world.preflight();
  const stuck = await tools.writeTrouble(world.store.dir);
  if (stuck !== undefined) {
    throw new Failure("cannot-create", `no order was placed: ${world.store.dir} cannot be written to: ${stuck}`, {
      hints: ["make room, or mend the file system, then run this again"],
      facts: { code: "NOT_WRITABLE" },
    });
  }
  const acme = await world.issuer("acme");
  if (!acme.inspect) return;
  const { signal, step } = world;
  const facts = await acme.inspect({ settings: issuer, signal, step, thoroughly: false });
  const answers = await askCaa(world, names, issuer, facts);
  for (const { lookup } of answers) {
    if (lookup.kind === "blocked") step(`the CAA records of ${lookup.owner} could not be had (${lookup.why})`);
    if (lookup.kind === "unknown") step(`going on without CAA: ${lookup.why}`);
  }
  const failure = forbidden(issuer, facts, answers);
  if (failure) throw failure;
};
