// What a revocation's replacement would meet, for its dry run: pre-flight, and what DNS says of a new key. Makes nothing.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { publicKeyOf } from "../domain/key-match.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import { type PendingRevocation, isRetired } from "../domain/revocation.ts";
import type { CertificateState } from "../store/store.ts";
import { candidateOfKeys } from "./candidate.ts";
import { keysInHand } from "./certified-keys.ts";
import { keepDnsPromises } from "./dns-promises.ts";
import { findServers } from "./entries.ts";
import { preflight } from "./preflight.ts";
import { trouble } from "./preflight-trouble.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

const check = "preflight-dane";

interface Plan {
  /** With the keys that are given up. */
  readonly state: CertificateState;
  readonly pending: PendingRevocation;
}

const promised = async (world: World, certificate: CertificateConfig, { state, pending }: Plan): Promise<void> => {
  const { name, servers } = certificate;
  const newKey = pending.byKey && certificate.csr === undefined;
  const inHand = await keysInHand(world, certificate, { newKey });
  // One that lies ready is given up along with the key that is served.
  const keys = inHand.map((key) =>
    key.privateKey !== undefined && isRetired(state, sha256Hex(publicKeyOf(key.privateKey)))
      ? { ...key, privateKey: undefined }
      : key,
  );
  await keepDnsPromises(world, {
    state,
    candidate: candidateOfKeys(certificate, keys),
    place: async () => ({ servers: (await findServers(world, certificate)).servers, auto: servers === "auto" }),
    ways: {
      resume: "run this again",
      ...(pending.byKey ? { given: true } : {}),
      force: `mailcert revoke ${name} --reason ${pending.reason} --replace`,
    },
    remembers: false,
  });
};

export const foresee = async (
  world: World,
  certificate: CertificateConfig,
  plan: Plan,
  { replace }: { readonly replace: boolean },
): Promise<readonly PreflightFinding[]> => {
  const findings = await preflight(world, certificate);
  const refused = replace ? undefined : await unlessFailure(() => promised(world, certificate, plan));
  return [...findings, ...(refused instanceof Failure ? [trouble(check, refused)] : [])];
};
