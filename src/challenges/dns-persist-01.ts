// dns-persist-01 (draft-ietf-acme-dns-persist): a standing TXT record names CA and account; nothing is published for one issuance.
import { isIP } from "node:net";
import type { Authoritative } from "../dns/authoritative.ts";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { type PersistNeed, persistAllows, persistValue } from "../domain/persist-record.ts";
import { clean } from "../domain/text.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import type { Challenge, ChallengeDeps, ChallengeToken } from "./challenge.ts";
import { type Shown, askTxt, valuesOf, waitEverywhere } from "./propagation.ts";

const type = "dns-persist-01";
/** For the secondaries to follow, where somebody publishes by hand. */
const followMs = 120_000;
/** A record that ends sooner is spoken of. */
const soonMs = 30 * 86_400_000;
/** The draft allows a CA ten names. */
const mostIssuers = 10;

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

type Settings = Pick<AcmeSettings, "dns" | "directory">;

const needOf = (token: ChallengeToken, deps: ChallengeDeps, { directory }: Settings): Omit<PersistNeed, "wildcard"> => {
  const accountUri = token.accountUri ?? deps.accountUrl;
  const issuers = (token.issuerDomainNames ?? [])
    .slice(0, mostIssuers)
    .map((name) => name.toLowerCase().replace(/\.$/, ""));
  // They become a record that somebody publishes: nothing but names and a URL will do.
  if (issuers.length === 0 || !issuers.every((name) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(name)))
    throw new Failure(
      "unavailable",
      `the CA does not say under which name it is to be allowed for ${token.identifier} (${type})`,
    );
  if (!/^https?:\/\/[!-:<-~]+$/.test(accountUri) || accountUri.includes('"'))
    throw new Failure("unavailable", `the CA's account "${clean(accountUri, 200)}" cannot stand in a record (${type})`);
  // A record of this kind lets an account have certificates for good: a CA must not be able to name one at another CA.
  if (hostOf(accountUri) !== hostOf(directory))
    throw new Failure(
      "unavailable",
      `the CA at ${clean(directory, 200)} wants a record for an account elsewhere (${clean(accountUri, 200)}): nothing was published (${type})`,
    );
  // Nor to have another CA's name published: where it says its names, it may ask for those alone.
  const identities = new Set(deps.caaIdentities.map((name) => name.toLowerCase().replace(/\.$/, "")));
  const own = identities.size === 0 ? issuers : issuers.filter((name) => identities.has(name));
  if (own.length === 0)
    throw new Failure(
      "unavailable",
      `the CA at ${clean(directory, 200)} wants a record for ${clean(issuers.join(", "), 200)}, and calls itself ${clean(deps.caaIdentities.join(", "), 200)} (caaIdentities): nothing was published (${type})`,
    );
  return { issuers: own, accountUri };
};

const recordLine = (owner: string, need: PersistNeed): string => `${owner}. IN TXT "${persistValue(need)}"`;

export const createDnsPersist01 = (settings: Settings, deps: ChallengeDeps): Challenge => {
  const nameOf = (identifier: string): string => `_validation-persist.${identifier}`;
  const isWildcard = (identifier: string): boolean => deps.names.includes(`*.${identifier}`);
  const allows =
    (need: PersistNeed) =>
    (values: readonly string[]): boolean =>
      persistAllows(values, need, deps.now()) !== undefined;

  const look = async (authority: Authoritative, name: string, signal: AbortSignal): Promise<Shown> => {
    const shown = await askTxt(authority, name, signal);
    signal.throwIfAborted();
    const why = shown.kind === "unknown" ? shown.why : undefined;
    if (shown.kind === "unknown" || shown.replies.every(({ kind }) => kind === "failed"))
      throw new Failure("unavailable", `cannot look up ${name}: ${why ?? "none of its name servers answered"}`, {
        facts: { code: "NO_ANSWER", name },
      });
    return shown;
  };

  const publish = async (dns: string, shown: Shown, need: PersistNeed, signal: AbortSignal): Promise<number> => {
    const updater = await deps.updater(dns);
    const value = persistValue(need);
    if (Buffer.byteLength(value) > 255)
      throw new Failure(
        "config",
        `the record for ${shown.owner} is longer than an updater can publish; publish it by hand`,
        {
          hints: [`${shown.owner}. IN TXT "${value}" (in several strings)`],
        },
      );
    await deps.standing({ record: recordLine(shown.owner, need), zone: shown.zone, updater: dns });
    await updater.add({ name: shown.owner, zone: shown.zone, value }, signal);
    deps.step(`${shown.owner}: published in ${shown.zone} (${dns}), to stay: TXT "${value}"`);
    return updater.propagationMs;
  };

  /** Every name of the order whose record is missing: they are published together. */
  const missing = async (
    identifier: string,
    shown: Shown,
    base: Omit<PersistNeed, "wildcard">,
    signal: AbortSignal,
  ): Promise<Failure> => {
    const others = new Set(deps.names.map((name) => name.replace(/^\*\./, "")).filter((name) => isIP(name) === 0));
    others.delete(identifier);
    const authority = await deps.authoritative();
    const more = await Promise.all(
      [...others].map(async (other): Promise<readonly string[]> => {
        const there = await askTxt(authority, nameOf(other), signal);
        const need = { ...base, wildcard: isWildcard(other) };
        if (there.kind === "unknown" || there.replies.some((reply) => allows(need)(valuesOf(reply)))) return [];
        return [recordLine(there.owner, need)];
      }),
    );
    signal.throwIfAborted();
    const records = [recordLine(shown.owner, { ...base, wildcard: isWildcard(identifier) }), ...more.flat()];
    const there = [...new Set(shown.replies.flatMap(valuesOf))].map((value) => `"${clean(value, 255)}"`);
    const what =
      there.length === 0 ? "there is no such record" : `what is there does not: ${there.slice(0, 5).join(", ")}`;
    return new Failure("config", `${nameOf(identifier)} does not allow this CA and account: ${what}`, {
      hints: [
        ...records.map((record) => `publish this record, once and for good: ${record}`),
        "or name an updater that publishes it: dns: NAME (--dns NAME)",
      ],
      facts: { code: "NO_PERSIST_RECORD", publish: records },
    });
  };

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const name = nameOf(token.identifier);
    const base = needOf(token, deps, settings);
    const need = { ...base, wildcard: isWildcard(token.identifier) };
    const authority = await deps.authoritative();
    const shown = await look(authority, name, signal);
    const somewhere = shown.replies.some((reply) => allows(need)(valuesOf(reply)));
    if (!somewhere && settings.dns === undefined) throw await missing(token.identifier, shown, base, signal);
    const withinMs =
      somewhere || settings.dns === undefined ? followMs : await publish(settings.dns, shown, need, signal);
    await waitEverywhere({ authority, name, matches: allows(need), withinMs, deps, signal });
    const { until } = persistAllows(shown.replies.flatMap(valuesOf), need, deps.now()) ?? {};
    if (until !== undefined && until - deps.now().getTime() < soonMs)
      deps.step(`${name}: the record ends at ${utcMinute(new Date(until))} (persistUntil): publish a later one before`);
  };

  // The record stays: it is what the next renewal is validated by.
  return { type, present, cleanUp: async () => undefined };
};
