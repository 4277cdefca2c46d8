// DANE-EE: records that pin the certificate that is served, or its key.
import { issue } from "../fakes/pki.ts";
import { type DaneDeployment, expired, leaf, ok, pinned, refused, sent, tlsaOf, usual } from "./dane-deployment.ts";

export const keyDeployments: readonly DaneDeployment[] = [
  { id: "ee", what: "3 1 1 of the key", chain: usual, tlsa: leaf("3 1 1"), ...ok },
  { id: "ee512", what: "3 1 2 of the key", chain: usual, tlsa: leaf("3 1 2"), ...ok },
  { id: "ee-full", what: "3 1 0: the key itself", chain: usual, tlsa: leaf("3 1 0"), ...ok },
  { id: "ee-cert", what: "3 0 1 of the certificate", chain: usual, tlsa: leaf("3 0 1"), ...ok },
  {
    id: "ee-own",
    what: "3 1 1, self-signed",
    chain: async (_, host) => [await issue({ names: [host] })],
    tlsa: leaf("3 1 1"),
    ...ok,
  },
  {
    id: "ee-name",
    what: "3 1 1, a certificate for another host",
    chain: sent(
      () => [],
      () => ({ names: ["elsewhere.example.org"] }),
    ),
    tlsa: leaf("3 1 1"),
    ...ok,
  },
  {
    id: "ee-expired",
    what: "3 1 1, expired yesterday",
    chain: sent(
      () => [],
      (host) => ({ names: [host], ...expired }),
    ),
    tlsa: leaf("3 1 1"),
    verdict: "verified",
    ours: ["warning cert-expiry"],
  },
  {
    id: "ee-next",
    what: "3 1 1 of the key, and of the next one",
    chain: usual,
    tlsa: ([one], { foreign }) => [tlsaOf("3 1 1", one), tlsaOf("3 1 1", foreign)],
    ...ok,
  },
  {
    id: "ee-other",
    what: "3 1 1 of another key",
    chain: usual,
    tlsa: pinned("3 1 1", ({ foreign }) => foreign),
    ...refused,
  },
  {
    id: "ee-agile",
    what: "SHA-256 of the key, SHA-512 of another",
    chain: usual,
    tlsa: ([one], { foreign }) => [tlsaOf("3 1 1", one), tlsaOf("3 1 2", foreign)],
    ...refused,
    differs: {
      danetool: {
        verdict: "verified",
        because: "RFC 7671 §9: a sender reads the strongest digest alone. danetool takes whichever record fits",
      },
      postfix: {
        verdict: "verified",
        only: "trixie",
        because:
          "RFC 7671 §9: a sender reads the strongest digest alone. Postfix 3.10 with OpenSSL 3.5 asks for the bare key (RFC 7250) where 3 1 x is published, and compares that with every digest; Postfix 3.7 refuses, and so may others",
      },
    },
  },
  {
    id: "ee-issuer",
    what: "3 1 1 of the issuer's key",
    chain: usual,
    tlsa: pinned("3 1 1", ({ intermediate }) => intermediate),
    ...refused,
  },
];
