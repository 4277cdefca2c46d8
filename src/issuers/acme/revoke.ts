// Revocation (RFC 8555 §7.6): asked for in the account's name, or with the certificate's own key.
import { X509Certificate } from "node:crypto";
import { Failure } from "../../domain/failure.ts";
import { revocationReasonNames, revocationReasons } from "../../domain/revocation.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import type { RevokeRequest } from "../issuer.ts";
import { isAccountProblem, accountFailure } from "./account.ts";
import { accountsAt } from "./account-store.ts";
import { type AskOptions, type Asking, askCa } from "./ask-ca.ts";
import { createEngine } from "./engine.ts";
import { ProblemError, shortType } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import type { Lines } from "./reach-ca.ts";
import { type RegisteredAccount, withKnownKey } from "./rollover.ts";

interface Signer {
  readonly key: string;
  /** undefined: the certificate's own key. */
  readonly account?: RegisteredAccount;
}

const accountFor = async (
  stateDir: string,
  { account: url, settings }: RevokeRequest<AcmeSettings>,
  asking: Asking,
): Promise<RegisteredAccount> => {
  const all = (await accountsAt(stateDir, settings.directory)).flatMap((one) =>
    one.record && one.record.deactivatedAt === undefined ? [{ ...one, record: one.record }] : [],
  );
  const found = all.find(({ record }) => url === undefined || record.url === url);
  if (!found)
    throw new Failure("config", `the account ${url ?? `at ${settings.directory}`} that it was issued to is not here`, {
      hints: ["the certificate's own key can revoke it, too: --reason keyCompromise"],
    });
  return withKnownKey(found, asking);
};

const signerFor = async (stateDir: string, request: RevokeRequest<AcmeSettings>, asking: Asking): Promise<Signer> => {
  if (request.by === "account") {
    const account = await accountFor(stateDir, request, asking);
    return { key: account.key, account };
  }
  if (request.privateKey === undefined) throw new Failure("data", "the certificate's own private key is not here");
  return { key: request.privateKey };
};

const wrongReason = (message: string): Failure =>
  new Failure("config", `the CA does not take this reason: ${message}`, {
    hints: [`another one: --reason ${revocationReasonNames.join("|")}`],
    facts: { code: "REASON" },
  });

/** `already`: somebody has revoked it before. The caller holds the lock. */
export const revoke = async (
  o: AskOptions,
  lines: Lines,
  request: RevokeRequest<AcmeSettings>,
): Promise<"revoked" | "already"> => {
  const { settings, reason } = request;
  const certificate = new X509Certificate(request.leaf);
  const doing = `the CA would not revoke the certificate ${certificate.serialNumber.toLowerCase()}`;
  let signer: Signer | undefined;
  try {
    const asking = await askCa(o, lines, settings, request);
    const { directory, transport } = asking;
    if (directory.revokeCert === undefined)
      throw new Failure("unavailable", `the CA at ${settings.directory} lists no revokeCert in its directory`, {
        hints: ["ask the CA how it wants to be told"],
      });
    signer = await signerFor(o.stateDir, request, asking);
    const { account } = signer;
    const { api } = createEngine({
      transport,
      directoryUrl: settings.directory,
      directory: directory.document,
      accountKey: signer.key,
      ...(account === undefined ? {} : { accountUrl: account.record.url }),
    });
    const payload = { certificate: certificate.raw.toString("base64url"), reason: revocationReasons[reason] };
    await api.apiRequest(directory.revokeCert, payload, [200], { includeJwsKid: account !== undefined });
    return "revoked";
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { problem } = error;
    if (shortType(problem) === "alreadyRevoked") return "already";
    if (shortType(problem) === "badRevocationReason") throw wrongReason(problem.detail);
    const account = signer?.account;
    if (account && isAccountProblem(problem)) throw accountFailure(problem, account.folder, account.record);
    throw problemFailure(problem, { doing, now: o.now() });
  }
};
