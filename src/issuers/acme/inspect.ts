// What a CA says of itself and of our account before an order: its CAA names, its clock, whether the account can be used. Makes nothing.
import type { CaLimits } from "../../domain/budget.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { CaFacts, InspectRequest } from "../issuer.ts";
import { readAccountBinding } from "./account-binding.ts";
import { accountFailure, deactivatedFailure, isAccountProblem, requireTerms } from "./account.ts";
import { type AccountRecord, type StoredAccount, findAccount } from "./account-store.ts";
import { type AskOptions, type Asking, askCa } from "./ask-ca.ts";
import { openSpending } from "./budget-store.ts";
import { createEngine } from "./engine.ts";
import { ProblemError } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import type { Lines } from "./reach-ca.ts";
import { withKnownKey } from "./rollover.ts";

interface InspectOptions extends AskOptions {
  readonly limitsOf: (directory: string) => CaLimits | undefined;
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
      record,
    );
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return isAccountProblem(error.problem)
      ? accountFailure(error.problem, stored.folder, record)
      : problemFailure(error.problem, { doing: "the CA does not show our account", now: o.now() });
  }
};

/** Why none could be registered; undefined: nothing is known. */
const troubleWithNew = async (o: Asking): Promise<Failure | undefined> => {
  try {
    requireTerms(o);
    if (o.directory.externalAccountRequired) await readAccountBinding(o.settings);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
};

export const inspect = async (
  o: InspectOptions,
  lines: Lines,
  { settings, names, exempt = false, signal, step, thoroughly }: InspectRequest<AcmeSettings>,
): Promise<CaFacts> => {
  const asking = await askCa(o, lines, settings, { signal, step });
  const stored = await findAccount(o.stateDir, settings.directory);
  const record = stored?.record;
  const account = record?.url;
  const trouble = await (async (): Promise<Failure | undefined> => {
    if (stored === undefined || record === undefined) return troubleWithNew(asking);
    if (record.deactivatedAt !== undefined) return deactivatedFailure(record);
    return thoroughly ? troubleAtCa(stored, record, asking) : undefined;
  })();
  const spending = openSpending(o.stateDir, settings.directory, o.limitsOf(settings.directory), o.now);
  const exhausted = thoroughly ? await spending.exhausted(names, exempt) : undefined;
  const { caaIdentities: identities, clockAheadMs } = asking.directory;
  return {
    identities,
    // Compared and shown: a URL has nothing in it that this would change.
    ...(account === undefined ? {} : { account: clean(account, 1000) }),
    ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
    ...(trouble === undefined ? {} : { accountTrouble: trouble }),
    ...(exhausted === undefined ? {} : { exhausted }),
  };
};
