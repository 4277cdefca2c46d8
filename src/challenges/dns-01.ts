// dns-01 (RFC 8555 §8.4): the token's digest as a TXT record at the end of `_acme-challenge.NAME`'s aliases, until the CA has looked.
import { createHash } from "node:crypto";
import type { TxtRecord } from "../dns/updaters/updater.ts";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Challenge, ChallengeDeps, ChallengeToken } from "./challenge.ts";
import { type Remains, createRemains } from "./dns-remains.ts";
import { waitEverywhere } from "./propagation.ts";

const type = "dns-01";

/** For finding out where a name leads. */
const followMs = 15_000;
/** For one change at the provider while cleaning up, whatever else has been stopped. */
const removeMs = 60_000;

/** RFC 8555 §8.4 */
export const digestOf = (keyAuthorization: string): string =>
  createHash("sha256").update(keyAuthorization).digest("base64url");

export const createDns01 = (settings: Pick<AcmeSettings, "dns">, deps: ChallengeDeps): Challenge => {
  const published = new Map<string, Remains>();
  const remains = createRemains(type, deps);

  const recordFor = async (token: ChallengeToken, signal: AbortSignal): Promise<TxtRecord> => {
    const name = `_acme-challenge.${token.identifier}`;
    const found = await (await deps.authoritative()).follow(name, { timeoutMs: followMs, signal });
    signal.throwIfAborted();
    if (found.kind === "unknown")
      throw new Failure("unavailable", `cannot find the zone to publish ${name} in: ${found.why}`, {
        hints: ["check that the domain is delegated and that this host's resolver (/etc/resolv.conf) can look it up"],
        facts: { code: "NO_ZONE", name },
      });
    if (found.aliases.length > 0) deps.step(`${name}: an alias of ${found.owner}`);
    return { name: found.owner, zone: found.zone.apex, value: digestOf(token.keyAuthorization) };
  };

  const present = async (token: ChallengeToken, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const { dns } = settings;
    if (dns === undefined)
      throw new Failure("config", "dns-01 needs to know how DNS is changed", {
        hints: [
          "name an updater: dns: NAME (--dns NAME); its settings stand in secrets/NAME.yaml beside the configuration",
        ],
      });
    const updater = await deps.updater(dns);
    await remains.sweep();
    const record = await recordFor(token, signal);
    // Noted first: a run that is killed right after the change leaves word of it.
    const left = { dns, record, noted: deps.now().toISOString() };
    published.set(token.token, left);
    await remains.note(left);
    try {
      await updater.add(record, signal);
    } catch (error) {
      if (error instanceof Failure && error.kind === "config") published.set(token.token, await remains.refused(left));
      throw error;
    }
    deps.step(`${record.name}: published in ${record.zone} (${dns})`);
    await waitEverywhere({
      authority: await deps.authoritative(),
      name: record.name,
      matches: (values) => values.includes(record.value),
      withinMs: updater.propagationMs,
      deps,
      signal,
    });
  };

  const cleanUp = async (token: ChallengeToken): Promise<void> => {
    const left = published.get(token.token);
    if (left === undefined) return;
    remains.release(left);
    await (await deps.updater(left.dns)).remove(left.record, AbortSignal.timeout(removeMs));
    published.delete(token.token);
    await remains.forget(left);
  };

  return { type, present, cleanUp };
};
