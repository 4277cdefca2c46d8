// One observation as checks see it: its certificates read, the way to the anchors, and what is expected of the entry point.
import type { EntryFacts } from "../checks/check.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import { roleOf } from "../domain/entry-point.ts";
import type { Observation } from "../domain/observation.ts";
import { trustPath } from "../domain/trust-path.ts";
import type { ReadDer } from "./certificate-reader.ts";
import type { VerifyRequest, Wanted } from "./verify.ts";

export const factsOf = (
  deps: { readonly now: () => Date; readonly readDer: ReadDer },
  request: VerifyRequest,
  wanted: Wanted,
  observation: Observation,
): EntryFacts => {
  const chain = readChain(deps.readDer, observation.chain);
  const now = deps.now();
  return {
    ...wishesOf(request, wanted),
    observation,
    role: roleOf(wanted),
    chain,
    demanded: wanted.demanded,
    now,
    // What OpenSSL accepted needs no second look.
    ...(observation.tls?.verifyError !== undefined && chain.length > 0
      ? { path: trustPath(chain, request.anchors, now) }
      : {}),
  };
};

const wishesOf = (request: VerifyRequest, wanted: Wanted): Partial<EntryFacts> => ({
  ...(wanted.expected ? { expected: wanted.expected } : {}),
  ...(wanted.meant ? { meant: wanted.meant } : {}),
  ...(wanted.tlsOff ? { tlsOff: wanted.tlsOff } : {}),
  ...(wanted.mxOf ? { mxOf: wanted.mxOf } : {}),
  ...(wanted.serviceOf ? { serviceOf: wanted.serviceOf } : {}),
  ...(request.ownRoots ? { ownRoots: request.ownRoots } : {}),
  ...(request.expiryDays ? { expiryDays: request.expiryDays } : {}),
});

/** Up to the first certificate that cannot be read: OpenSSL reads some that are no DER. cert-form tells it. */
const readChain = (readDer: ReadDer, chain: readonly Buffer[]): readonly CertificateFacts[] => {
  const facts: CertificateFacts[] = [];
  for (const der of chain) {
    const one = readDer(der);
    if (!one) break;
    facts.push(one);
  }
  return facts;
};
