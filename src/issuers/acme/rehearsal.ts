// After names were refused, the next order is placed at the CA's test instance first: its limits are its own, and its certificate is thrown away.
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { isAboutTheNames } from "../../domain/rehearsal.ts";
import { clean } from "../../domain/text.ts";
import type { IssueRequest } from "../issuer.ts";
import { findAccount } from "./account-store.ts";

export interface RehearsalOptions {
  readonly stateDir: string;
  /** The directory of a CA's test instance; undefined: it has none. */
  readonly stagingOf: (directory: string) => string | undefined;
  readonly issue: (request: IssueRequest<AcmeSettings>) => Promise<unknown>;
}

/** Nothing was spent at the CA itself. */
const refusedThere = (failure: Failure, staging: string, directory: string): Failure =>
  new Failure(
    failure.kind,
    `${failure.message} (at ${clean(staging, 200)}, where the order is tried after a failure; ${clean(directory, 200)} was not asked)`,
    { hints: failure.hints, facts: { ...failure.facts, rehearsal: staging }, cause: failure },
  );

/** Its record stands for good (dns-persist-01), and would go on allowing the account at the test instance. */
const leavesTraces = ({ challenges }: AcmeSettings): boolean => challenges.includes("dns-persist-01");

/**
 * Returns when the order may be placed at the CA itself. @throws Failure when the test instance refuses the names.
 * One that is down, wants to be asked later, has lost its accounts or finds CAA records against its own account says nothing about the names:
 * a certificate must not end because of it.
 */
export const rehearse = async (o: RehearsalOptions, request: IssueRequest<AcmeSettings>): Promise<void> => {
  const { directory } = request.settings;
  const staging = request.rehearse === true && !leavesTraces(request.settings) ? o.stagingOf(directory) : undefined;
  if (staging === undefined) return;
  const { replaces: _replaces, rehearse: _rehearse, staged: _staged, ...rest } = request;
  // The same operator's terms: agreed to when the account was registered, if not now.
  const agreeTos =
    request.settings.agreeTos || (await findAccount(o.stateDir, directory))?.record?.tosAgreedAt !== undefined;
  const { eab: _eab, ...settings } = request.settings;
  request.step(`the last attempt failed: the order is tried at ${staging} first`);
  try {
    await o.issue({ ...rest, settings: { ...settings, directory: staging, agreeTos } });
    request.step(`${staging} issued: now ${directory}`);
  } catch (error) {
    request.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    if (error.kind !== "try-later" && isAboutTheNames(error.facts)) throw refusedThere(error, staging, directory);
    request.step(`${staging} could not be used (${error.message}): on to ${directory}`);
  }
};
