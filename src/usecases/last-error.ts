// The last failure of a certificate as status tells it: what it asked for, and whether it still counts.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Decision } from "../domain/renew-decision.ts";
import { otherIssuer } from "../domain/setup-command.ts";
import type { CertificateState } from "../store/store.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { World } from "./world.ts";

export type LastError = Omit<NonNullable<CertificateState["lastError"]>, "wanted" | "fingerprint" | "entry"> & {
  /** Whom that attempt asked, where the configuration has another issuer. */
  readonly asked?: string;
};

/** What was wanted then is for the next run to compare. */
const lastErrorOf = (
  { wanted, fingerprint: _fingerprint, entry: _entry, ...told }: NonNullable<CertificateState["lastError"]>,
  config: CertificateConfig | undefined,
): LastError => {
  const asked = config && otherIssuer(wanted, config.issuer);
  return asked === undefined ? told : { ...told, asked };
};

/** Not where the entry that could not be issued was mended since, and nothing is due by the one that there is now. */
export const lastErrorNow = async (
  world: World,
  config: CertificateConfig | undefined,
  state: CertificateState | undefined,
  next: Decision | undefined,
): Promise<LastError | undefined> => {
  const error = state?.lastError;
  if (error === undefined) return undefined;
  if (
    config &&
    next?.action === "nothing" &&
    error.what === "issue" &&
    !error.notDue &&
    error.fingerprint !== undefined
  ) {
    const now = await fingerprintOf(world, config);
    if (now !== undefined && now !== error.fingerprint) return undefined;
  }
  return lastErrorOf(error, config);
};
