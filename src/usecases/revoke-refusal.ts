// What revocation means where no CA issued: there is nobody to ask.
import { Failure } from "../domain/failure.ts";
import type { GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

/** @throws Failure `data` where a private CA of this host has no record of it: nothing would come of a revocation that was begun. */
export const refuseUnrecorded = async (
  world: World,
  name: string,
  { issuer, number, leaves, authority }: GenerationRecord,
): Promise<void> => {
  if (issuer !== "private-ca") return;
  const cas = await world.privateCas();
  for (const { sha256 } of Object.values(leaves)) {
    if (await cas.find(sha256)) continue;
    throw new Failure(
      "data",
      `generation ${number} of ${name} is from the private CA "${authority}", which has no record of it any more: it cannot be listed as revoked`,
      {
        hints: [
          "put that CA back from a backup: mailcert ca restore FILE",
          `or make a new certificate with a new key, and serve it: mailcert renew --force --new-key ${name}`,
        ],
      },
    );
  }
};

/** @throws Failure `usage` for a self-signed certificate. */
export const refuseIrrevocable = (
  name: string,
  { issuer, number, notAfter }: Pick<GenerationRecord, "issuer" | "number" | "notAfter">,
): void => {
  if (issuer !== "self-signed") return;
  const fresh = `make a new one with a new key, and serve it: mailcert renew --force --new-key ${name}`;
  const until = `whoever has the old key can pose as this server until ${notAfter.slice(0, 10)}`;
  throw new Failure("usage", `generation ${number} of ${name} is self-signed: there is nobody who could revoke it`, {
    hints: [fresh, `${until} with clients that were told to trust it: take it out of them`],
  });
};
