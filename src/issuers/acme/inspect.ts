// What a CA says of itself and of our account before an order: its CAA names, its clock, whether the account can be used. Makes nothing.
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import type { CaFacts, InspectRequest } from "../issuer.ts";
import { accountFailure, deactivatedFailure, isAccountProblem, requireTerms } from "./account.ts";
import { type AccountRecord, type StoredAccount, findAccount } from "./account-store.ts";
import { type Asking, askCa } from "./ask-ca.ts";
import { createEngine } from "./engine.ts";
import type { createLines } from "./line.ts";
import { ProblemError } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import { withKnownKey } from "./rollover.ts";

export interface InspectOptions {
  readonly stateDir: string;
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches. */
  readonly elapsed: () => number;
  readonly userAgent: string;
  /** Milliseconds for one HTTP request; default 30 s. */
  readonly timeoutMs?: number;
}

/** POST-as-GET of the account's URL (RFC 8555 §7.3.3): undefined where it is valid. */
const troubleAtCa = async (stored: StoredAccount, record: AccountRecord, o: Asking): Promise<Failure | undefined> => {
  const { url } = record;
  try {
    // Without the lock: what an unfinished rollover left stays as it is.
    const { key } = await withKnownKey({ ...stored, record }, o, { keep: true });
    const engine = createEngine({
      transport: o.transport,
      directoryUrl: o.settings.directory,
      directory: o.directory.document,
      accountKey: key,
      accountUrl: url,
    });
    const { data } = await engine.api.apiRequest(url, null, [200]);
    const status = (data as { status?: unknown } | null)?.status;
    if (status !== "deactivated" && status !== "revoked") return undefined;
    const type = "urn:ietf:params:acme:error:unauthorized";
    return accountFailure(
      { type, detail: `its status is "${status}"`, status: 200, subproblems: [] },
      stored.folder,
      url,
    );
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return isAccountProblem(error.problem)
      ? accountFailure(error.problem, stored.folder, url)
      : problemFailure(error.problem, { doing: "the CA does not show our account", now: o.now() });
  }
};

/** Why none could be registered; undefined: one could. */
const troubleWithTerms = (o: Asking): Failure | undefined => {
  try {
    requireTerms(o);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
};

export const inspect = async (
  o: InspectOptions,
  lines: ReturnType<typeof createLines>,
  { settings, signal, step, thoroughly }: InspectRequest<AcmeSettings>,
): Promise<CaFacts> => {
  const asking = await askCa(o, lines, settings, { signal, step });
  const stored = await findAccount(o.stateDir, settings.directory);
  const record = stored?.record;
  const account = record?.url;
  const trouble = await (async (): Promise<Failure | undefined> => {
    if (stored === undefined || record === undefined) return troubleWithTerms(asking);
    if (record.deactivatedAt !== undefined) return deactivatedFailure(record);
    return thoroughly ? troubleAtCa(stored, record, asking) : undefined;
  })();
  const { caaIdentities: identities, clockAheadMs } = asking.directory;
  return {
    identities,
    ...(account === undefined ? {} : { account }),
    ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
    ...(trouble === undefined ? {} : { accountTrouble: trouble }),
  };
};
