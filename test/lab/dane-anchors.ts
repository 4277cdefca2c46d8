// DANE-TA: records that pin who signed what is served.
import { issue } from "../fakes/pki.ts";
import {
  type DaneDeployment,
  type DaneDifference,
  authority,
  expired,
  leaf,
  ok,
  pinned,
  refused,
  refusedTa,
  sent,
  tlsaOf,
  usual,
  withRoot,
} from "./dane-deployment.ts";

const cnBecause =
  "RFC 9525 §2, §6.3: the name stands in the SAN; OpenSSL, and Postfix with it, fall back to the common name where there is none; other senders need not";
const noName: DaneDifference = {
  verdict: "verified",
  because:
    "RFC 7672 §3.2: with 2 x x the name counts. danetool compares records, and leaves the name to whoever calls it",
};
const fullBecause =
  "RFC 7672 §3.1.2: a server MUST send the anchor. OpenSSL, and Postfix with it, take the one that DNS has in full; GnuTLS does not";

export const anchorDeployments: readonly DaneDeployment[] = [
  {
    id: "ta",
    what: "2 1 1 of the intermediate",
    chain: usual,
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...ok,
  },
  {
    id: "ta-root",
    what: "2 1 1 of the root, which is sent",
    chain: withRoot,
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...ok,
  },
  {
    id: "ta-gone",
    what: "2 1 1 of the root, which is not sent",
    chain: usual,
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...refused,
  },
  {
    id: "ta-full",
    what: "2 0 0: the whole root in DNS, and not sent",
    chain: usual,
    tlsa: pinned("2 0 0", ({ root }) => root),
    ...refused,
    differs: {
      openssl: { verdict: "verified", because: fullBecause },
      postfix: { verdict: "verified", because: fullBecause },
    },
  },
  {
    id: "ta-gap",
    what: "2 1 1 of the root, sent without the intermediate",
    chain: sent(({ root }) => [root]),
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...refused,
  },
  {
    id: "ta-mixed",
    what: "2 1 1 of the root, sent before the intermediate",
    chain: sent(({ root, intermediate }) => [root, intermediate]),
    tlsa: pinned("2 1 1", ({ root }) => root),
    ...ok,
  },
  {
    id: "ta-guest",
    what: "2 1 1 of a stranger, sent behind the chain",
    chain: sent(({ intermediate, stranger }) => [intermediate, stranger]),
    tlsa: pinned("2 1 1", ({ stranger }) => stranger),
    ...refused,
    differs: {
      danetool: {
        verdict: "verified",
        because:
          "RFC 7671 §5.2: the anchor is where the way from the leaf ends. danetool is content to find it among what is sent",
      },
    },
  },
  {
    id: "ta-leaf",
    what: "2 1 1 of the leaf itself",
    chain: usual,
    tlsa: leaf("2 1 1"),
    ...refused,
  },
  {
    id: "ta-name",
    what: "2 1 1, a certificate for another host",
    chain: sent(
      ({ intermediate }) => [intermediate],
      () => ({ names: ["elsewhere.example.org"] }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...refusedTa,
    differs: { danetool: noName },
  },
  {
    id: "ta-wild",
    what: "2 1 1, *.example.org",
    chain: sent(
      ({ intermediate }) => [intermediate],
      () => ({ names: ["*.example.org"] }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...ok,
  },
  {
    id: "ta-cn",
    what: "2 1 1, the name as common name alone",
    chain: sent(
      ({ intermediate }) => [intermediate],
      (host) => ({ subject: `CN=${host}` }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    ...refusedTa,
    differs: {
      danetool: noName,
      openssl: { verdict: "verified", because: cnBecause },
      postfix: { verdict: "verified", because: cnBecause },
    },
  },
  {
    id: "ta-expired",
    what: "2 1 1, expired yesterday",
    chain: sent(
      ({ intermediate }) => [intermediate],
      (host) => ({ names: [host], ...expired }),
    ),
    tlsa: pinned("2 1 1", ({ intermediate }) => intermediate),
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
  {
    id: "ta-stale",
    what: "2 1 1 of an intermediate that has expired itself",
    chain: async ({ root }, host) => {
      const by = await authority("Stale", root, expired);
      return [await issue({ names: [host], by }), by];
    },
    tlsa: ([, issuer]) => [tlsaOf("2 1 1", issuer)],
    verdict: "verified",
    ours: ["warning cert-expiry"],
    differs: {
      danetool: {
        verdict: "refused",
        because:
          "RFC 5280 §6.1 does not ask for the dates of an anchor, and OpenSSL looks at them where it is a root; GnuTLS looks at all of them, for which `cert-expiry` warns",
      },
    },
  },
  {
    id: "ta-way",
    what: "2 1 1 of the root, an intermediate on the way has expired",
    chain: async ({ root }, host) => {
      const by = await authority("Stale", root, expired);
      return [await issue({ names: [host], by }), by, root];
    },
    tlsa: pinned("2 1 1", ({ root }) => root),
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
  {
    id: "ta-old-root",
    what: "2 1 1 of a root that has expired itself",
    chain: async (_, host) => {
      const old = await authority("Old root", undefined, expired);
      return [await issue({ names: [host], by: old }), old];
    },
    tlsa: ([, old]) => [tlsaOf("2 1 1", old)],
    verdict: "refused",
    ours: ["fault cert-expiry", "fault dane-ta"],
  },
];
