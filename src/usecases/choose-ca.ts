// Which CA issues: the first one that is not to be waited for; where it cannot, the next. Why one could not is kept, for status and for the next run.
import {
  type CaFailures,
  caFailureOf,
  caTitle,
  casToAsk,
  failuresTogether,
  isCaTrouble,
  isPassedOver,
} from "../domain/ca-failures.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { emptyState } from "../domain/state.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { beforeOrder } from "./before-order.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface ChosenCa<Result> {
  readonly result: Result;
  /** What was asked for, with the CA that issued as its issuer. */
  readonly certificate: CertificateConfig;
  /** To be kept in the state instead of what was there. */
  readonly caFailures: CaFailures;
  readonly findings: readonly Finding[];
}

interface Failed {
  readonly settings: AcmeSettings;
  readonly title: string;
  readonly failure: Failure;
}

/** Names that only the first CA takes are not left out for the second one's sake. */
const refusal = async (
  world: World,
  names: readonly string[],
  settings: AcmeSettings,
): Promise<Failure | undefined> => {
  const issuer = await world.issuer("acme");
  for (const name of names) {
    const why = issuer.refuses(name, settings);
    if (why !== undefined) return new Failure("data", `${caTitle(settings)} cannot certify ${name}: ${why}`);
  }
  return undefined;
};

/** What is down comes back by itself; what its settings or its account are is a person's to mend. */
const hintFor = (failed: readonly Failed[]): string => {
  const mend = failed.find(({ failure }) => failure.kind === "config" && failure.hints.length > 0);
  return mend === undefined
    ? "nothing has to be done: the first CA is asked again at the next renewal"
    : `${mend.title} will not issue until that is mended: ${mend.failure.hints[0] ?? ""}`;
};

const fallbackFinding = (failed: readonly Failed[], used: string): readonly Finding[] =>
  failed.length === 0
    ? []
    : [
        {
          check: "ca-fallback",
          severity: "warning",
          message: `${failed.map(({ title, failure }) => `${title} failed: ${failure.message}`).join("; ")}; used ${used}`,
          hint: hintFor(failed),
        },
      ];

/** @throws Failure of the only CA, or of all that were asked. `attempt` gets the certificate with one CA as its issuer. */
export const withFirstCa = async <Result>(
  world: World,
  certificate: CertificateConfig,
  attempt: (certificate: CertificateConfig) => Promise<Result>,
): Promise<ChosenCa<Result>> => {
  const { issuer, fallbacks, name } = certificate;
  if (issuer.kind !== "acme") {
    return { result: await attempt(certificate), certificate, caFailures: {}, findings: [] };
  }
  const known = world.store.read(name)?.caFailures ?? {};
  const cas = casToAsk([issuer, ...fallbacks], known, world.now());
  const failed: Failed[] = [];
  for (const settings of cas) {
    const chosen = { ...certificate, issuer: settings };
    const title = caTitle(settings);
    if (failed.length > 0) world.step(`${name}: ${failed.at(-1)?.failure.message ?? ""}; now ${title}`);
    const result = await unlessFailure(async () => {
      const refused = await refusal(world, certificate.names, settings);
      if (refused) throw refused;
      return attempt({ ...chosen, issuer: await beforeOrder(world, chosen) });
    });
    if (!(result instanceof Failure)) {
      const { [settings.directory]: _mended, ...others } = { ...known, ...recorded(world, failed) };
      return { result, certificate: chosen, caFailures: others, findings: fallbackFinding(failed, title) };
    }
    // What ends a run that was stopped says nothing about a CA.
    if (world.signal.aborted) throw result;
    failed.push({ settings, title, failure: result });
    if (!(settings === issuer ? isCaTrouble(result) : isPassedOver(result))) break;
  }
  if (fallbacks.length > 0) await keep(world, name, { ...known, ...recorded(world, failed) });
  throw failuresTogether([...failed, ...waiting([issuer, ...fallbacks], cas, known)]);
};

/** Those that were not asked at all, because their time has not come. */
const waiting = (all: readonly AcmeSettings[], asked: readonly AcmeSettings[], known: CaFailures): readonly Failed[] =>
  all.flatMap((settings) => {
    const failure = known[settings.directory];
    if (asked.includes(settings) || failure === undefined) return [];
    const message = `${failure.message} (not asked again before ${utcMinute(failure.nextAttempt)})`;
    const facts = { retryAt: failure.nextAttempt, waits: true };
    return [{ settings, title: caTitle(settings), failure: new Failure("try-later", message, { facts }) }];
  });

/** A validation that failed says nothing about the CA. */
const recorded = (world: World, failed: readonly Failed[]): CaFailures =>
  Object.fromEntries(
    failed
      .filter(({ failure }) => isPassedOver(failure))
      .map(({ settings, failure }) => [settings.directory, caFailureOf(failure, world.now())]),
  );

const keep = async (world: World, name: string, caFailures: CaFailures): Promise<void> => {
  // A disk that cannot take it must not hide why no CA issued.
  await unlessFailure(async () => {
    await world.store.write({ ...(world.store.read(name) ?? emptyState(name)), caFailures });
  });
};
