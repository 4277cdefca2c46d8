// What a CA says of itself and of our account before an order: its CAA names, its clock, whether the account can be used. Makes nothing.
import type { CaLimits } from "../../domain/budget.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { readTrustFile } from "../../system/trust-file.ts";
import type { CaFacts, InspectRequest } from "../issuer.ts";
import { readAccountBinding } from "./account-binding.ts";
import { accountFailure, isAccountProblem, requireTerms } from "./account.ts";
import { type StoredAccount, findAccount } from "./account-store.ts";
import { openSpending } from "./budget-store.ts";
import { type Directory, readDirectory } from "./directory.ts";
import { createEngine } from "./engine.ts";
import { type createLines, directoryOf } from "./line.ts";
import { ProblemError } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import { type Transport, createTransport } from "./transport.ts";

export interface InspectOptions {
  readonly stateDir: string;
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches. */
  readonly elapsed: () => number;
  readonly userAgent: string;
  /** Milliseconds for one HTTP request; default 30 s. */
  readonly timeoutMs?: number;
  readonly limitsOf: (directory: string) => CaLimits | undefined;
}

/** A directory and an account. */
const maxReplyBytes = 1 << 18;

interface Asking {
  readonly settings: AcmeSettings;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly now: () => Date;
}

/** POST-as-GET of the account's URL (RFC 8555 §7.3.3): undefined where it is valid. */
const troubleAtCa = async (stored: StoredAccount, url: string, o: Asking): Promise<Failure | undefined> => {
  const engine = createEngine({
    transport: o.transport,
    directoryUrl: o.settings.directory,
    directory: o.directory.document,
    accountKey: stored.key,
    accountUrl: url,
  });
  try {
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
  lines: ReturnType<typeof createLines>,
  { settings, names, exempt = false, signal, step, thoroughly }: InspectRequest<AcmeSettings>,
): Promise<CaFacts> => {
  const line = lines(
    settings.directory,
    settings.caFile === undefined ? undefined : await readTrustFile(settings.caFile),
  );
  const transport = createTransport({
    userAgent: o.userAgent,
    now: o.now,
    signal,
    step,
    line,
    timeoutMs: o.timeoutMs ?? 30_000,
    maxBytes: maxReplyBytes,
    ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
  });
  const directory = await directoryOf(line, o.elapsed(), () => readDirectory(settings.directory, transport, o.now()));
  const stored = await findAccount(o.stateDir, settings.directory);
  const account = stored?.record?.url;
  const asking: Asking = { settings, directory, transport, now: o.now };
  const known = stored !== undefined && account !== undefined;
  const trouble = !known
    ? await troubleWithNew(asking)
    : thoroughly
      ? await troubleAtCa(stored, account, asking)
      : undefined;
  const spending = openSpending(o.stateDir, settings.directory, o.limitsOf(settings.directory), o.now);
  const exhausted = thoroughly ? await spending.exhausted(names, exempt) : undefined;
  const { caaIdentities: identities, clockAheadMs } = directory;
  return {
    identities,
    // Compared and shown: a URL has nothing in it that this would change.
    ...(account === undefined ? {} : { account: clean(account, 1000) }),
    ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
    ...(trouble === undefined ? {} : { accountTrouble: trouble }),
    ...(exhausted === undefined ? {} : { exhausted }),
  };
};
