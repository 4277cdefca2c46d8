// An ACME CA for tests of revocation: it signs what it is asked for, remembers what it was told to revoke, and refuses when it is told to.
import type { Failure } from "../../src/domain/failure.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import type { Accounts } from "../../src/issuers/accounts.ts";
import type { IssuedChain, Issuer, RevokeRequest } from "../../src/issuers/issuer.ts";
import type { World } from "../../src/usecases/world.ts";
import { noDns } from "./dns.ts";
import { usualAcme } from "./settings.ts";
import { type FakeWorld, certificate } from "./world.ts";

export const directory = "https://ca.example.org/directory";
export const url = "https://ca.example.org/acct/1";

export const acmeCertificate = certificate({
  issuer: { kind: "acme", directory, agreeTos: true, ...usualAcme, httpAddress: ":80" },
});

export interface RevokingCa {
  readonly revoked: Pick<RevokeRequest, "by" | "reason" | "leaf" | "privateKey" | "account">[];
  /** Thrown at these requests; `lost`: the CA has done it, and its answer does not come. */
  refuse: ((request: RevokeRequest) => Failure | undefined) | undefined;
  lost: boolean;
  /** URL of our account there. */
  account: string;
  /** The `ca_file` of each request. */
  readonly caFiles: (string | undefined)[];
  /** Our account there cannot ask any more. */
  deactivated: boolean;
  /** Handed out in place of a new certificate. */
  again: IssuedChain | undefined;
}

export const revokingCa = (): RevokingCa => ({
  revoked: [],
  refuse: undefined,
  lost: false,
  account: url,
  caFiles: [],
  deactivated: false,
  again: undefined,
});

const accountsOf = (ca: RevokingCa): Accounts => {
  const unused = async (): Promise<never> => {
    throw new Error("not part of this test");
  };
  const deactivated = (): object => (ca.deactivated ? { deactivatedAt: "2026-02-01T00:00:00.000Z" } : {});
  return {
    list: async () => [
      {
        folder: "/accounts/1",
        ca: "ca.example.org",
        registered: { url: ca.account, directory, createdAt: "2026-01-01T00:00:00.000Z", ...deactivated() },
        inUse: !ca.deactivated,
        unfinishedRollover: false,
      },
    ],
    ask: unused,
    terms: unused,
    register: unused,
    update: unused,
    rollOver: unused,
    deactivate: unused,
  };
};

const issuerOf = (ca: RevokingCa, signing: Issuer): Issuer => ({
  ...signing,
  issue: async (request) =>
    ca.again ?? {
      ...(await signing.issue({ ...request, settings: { kind: "self-signed", days: 90 } })),
      account: ca.account,
    },
  revoke: async (request) => {
    const failure = ca.refuse?.(request);
    if (failure && !ca.lost) throw failure;
    const { by, reason, leaf, privateKey, account, settings } = request;
    const before = ca.revoked.some((one) => one.leaf === leaf);
    ca.caFiles.push(settings.kind === "acme" ? settings.caFile : undefined);
    ca.revoked.push({
      by,
      reason,
      leaf,
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(account === undefined ? {} : { account }),
    });
    if (failure) throw failure;
    return before ? "already" : "revoked";
  },
});

/** `tlsa`: secure records by owner name. */
export const revokingWorld = async (
  { world }: FakeWorld,
  ca: RevokingCa,
  tlsa: ReadonlyMap<string, readonly TlsaRecord[]>,
): Promise<World> => {
  const signing = await world.issuer("self-signed");
  return {
    ...world,
    issuer: async (kind) => (kind === "acme" ? issuerOf(ca, signing) : signing),
    accounts: async () => accountsOf(ca),
    dns: async () => ({
      ...noDns,
      tlsa: async (host, port) => {
        const owner = `_${port}._tcp.${host}`;
        const records = tlsa.get(owner);
        return records ? { kind: "found", owner, records, secure: true } : { kind: "none" };
      },
      tlsaEverywhere: async (owner) => [{ server: "ns", records: tlsa.get(owner) ?? [], ttl: 0 }],
    }),
  };
};
