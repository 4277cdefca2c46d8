// ACME CAs in memory behind one issuer: self-signed leaves, an account each, and what a test lets each of them say.
import { randomBytes } from "node:crypto";
import type { CaaRecord } from "../../src/domain/caa.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import type { Authoritative } from "../../src/dns/authoritative.ts";
import type { AddressLookup, CaaLookup, Dns } from "../../src/dns/dns.ts";
import type { CaFacts, InspectRequest, IssueRequest, IssuedChain, Issuer } from "../../src/issuers/issuer.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import type { World } from "../../src/usecases/world.ts";
import { noDns } from "./dns.ts";
import { usualAcme } from "./settings.ts";

export const acmeAt = (host: string, over: Partial<AcmeSettings> = {}): AcmeSettings => ({
  ...usualAcme,
  kind: "acme",
  directory: `https://${host}/dir`,
  agreeTos: true,
  httpAddress: ":80",
  ...over,
});

export interface AcmeCas {
  readonly world: World;
  /** Orders, with the host of their CA. */
  readonly orders: { readonly ca: string; readonly request: IssueRequest<AcmeSettings> }[];
  readonly inspected: InspectRequest<AcmeSettings>[];
  /** By a CA's host: throws what it would refuse. */
  readonly refuse: Map<string, (request: IssueRequest) => void>;
  /** By a CA's host: names that it never certifies, and why. */
  readonly never: Map<string, string>;
  /** By a CA's host. */
  readonly facts: Map<string, Partial<CaFacts> | Error>;
  /** By name; others: nobody could say. */
  readonly caa: Map<string, CaaLookup>;
  readonly caaEverywhere: Map<string, readonly (readonly CaaRecord[])[]>;
  readonly addresses: Map<string, AddressLookup>;
  /** To be replaced; others: no name server can be reached. */
  readonly authority: { -readonly [Way in keyof Authoritative]: Authoritative[Way] };
}

export const found = (owner: string, ...values: readonly string[]): CaaLookup => ({
  kind: "found",
  owner,
  records: values.map((value) => ({ critical: false, tag: "issue", value })),
});

const hostOf = ({ directory }: AcmeSettings): string => new URL(directory).host;

/** Every CA is called by its host in CAA records, and has the account `https://HOST/acct/1`. */
export const acmeCas = (world: World): AcmeCas => {
  const signer = createSelfSigned({ random: (size) => randomBytes(size) });
  const issuer: Issuer<AcmeSettings> = {
    refuses: (_name, settings) => cas.never.get(hostOf(settings)),
    issue: async (request): Promise<IssuedChain> => {
      const ca = hostOf(request.settings);
      cas.orders.push({ ca, request });
      cas.refuse.get(ca)?.(request);
      const signed = await signer.issue({ ...request, settings: { kind: "self-signed", days: 90 } });
      return { ...signed, account: `https://${ca}/acct/1` };
    },
    inspect: async (request) => {
      cas.inspected.push(request);
      const ca = hostOf(request.settings);
      const facts = cas.facts.get(ca) ?? {};
      if (facts instanceof Error) throw facts;
      return { identities: [ca], account: `https://${ca}/acct/1`, ...facts };
    },
  };
  const dns: Dns = {
    ...noDns,
    caa: async (name) => cas.caa.get(name) ?? { kind: "unknown", why: "no name server answered in time" },
    caaEverywhere: async (owner) => cas.caaEverywhere.get(owner) ?? [],
    get authoritative() {
      return cas.authority;
    },
    addresses: async (name) => cas.addresses.get(name) ?? { kind: "unknown", why: "no name server answered in time" },
  };
  const cas: AcmeCas = {
    world: {
      ...world,
      issuer: async (kind) => (kind === "acme" ? issuer : world.issuer(kind)),
      dns: async () => dns,
    },
    orders: [],
    inspected: [],
    refuse: new Map(),
    never: new Map(),
    facts: new Map(),
    caa: new Map(),
    caaEverywhere: new Map(),
    addresses: new Map(),
    authority: { ...noDns.authoritative },
  };
  return cas;
};
