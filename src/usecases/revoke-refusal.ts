// What revocation means where no ACME CA issued: nobody would hear of it.
import { Failure } from "../domain/failure.ts";
import type { GenerationRecord } from "../store/store.ts";

/** @throws Failure `usage` for a private CA's and for a self-signed certificate. */
export const refuseIrrevocable = (
  name: string,
  { issuer, number, notAfter }: Pick<GenerationRecord, "issuer" | "number" | "notAfter">,
): void => {
  if (issuer === "acme") return;
  const fresh = `make a new one with a new key, and serve it: mailcert renew --force --new-key ${name}`;
  const until = `whoever has the old key can pose as this server until ${notAfter.slice(0, 10)}`;
  if (issuer === "private-ca")
    throw new Failure(
      "usage",
      `generation ${number} of ${name} is from the private CA of this host, which keeps no list of revoked certificates (CRL): no client would hear of it`,
      {
        hints: [
          fresh,
          `${until}, among those who trust this CA; where that must not be, make a new CA (--ca NAME) and have people import its root instead`,
        ],
      },
    );
  throw new Failure("usage", `generation ${number} of ${name} is self-signed: there is nobody who could revoke it`, {
    hints: [fresh, `${until} with clients that were told to trust it: take it out of them`],
  });
};
