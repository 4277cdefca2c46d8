// What revocation means where no CA issued: there is nobody to ask.
import { Failure } from "../domain/failure.ts";
import type { GenerationRecord } from "../store/store.ts";

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
