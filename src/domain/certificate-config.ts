// A certificate as the configuration describes it: names, keys, issuer, servers. Every value is validated and has its default.
import type { KeyAlgorithm } from "./keys.ts";

export interface PrivateCaSettings {
  readonly kind: "private-ca";
  /** Name of the CA folder under `<state>/ca/`; default "default". */
  readonly ca: string;
  /** Name constraints written when the CA is first made; `["*"]` for none; undefined: the names' registrable domains. */
  readonly caDomains?: readonly string[];
  /** Lifetime of a leaf in days; default 397. */
  readonly days: number;
}

export interface SelfSignedSettings {
  readonly kind: "self-signed";
  /** Lifetime in days; default 397. */
  readonly days: number;
}

export interface AcmeSettings {
  readonly kind: "acme";
  /** Directory URL (https). */
  readonly directory: string;
  /** The CA's short name where one was given (`letsencrypt`, ...). */
  readonly ca?: string;
  readonly email?: string;
  readonly agreeTos: boolean;
  /** PEM file: trust for the ACME server's own HTTPS. */
  readonly caFile?: string;
  readonly challenge: ChallengeName;
  /** Where the standalone http-01 listener binds: `:80`, `192.0.2.1:80`, `[2001:db8::1]:80`. */
  readonly httpAddress: string;
  readonly preferredChain?: string;
  readonly profile?: string;
}

export type ChallengeName = "http-01";

export type IssuerSettings = PrivateCaSettings | SelfSignedSettings | AcmeSettings;
export type IssuerKind = IssuerSettings["kind"];

export interface CertificateConfig {
  /** The certificate's own name (a folder name); its first host name unless given. */
  readonly name: string;
  /** Host names as A-labels in lower case, wildcards, or canonical IP addresses; the first is the main one; no duplicates. */
  readonly names: readonly string[];
  /** One algorithm per slot, in the order given. */
  readonly keys: readonly KeyAlgorithm[];
  readonly issuer: IssuerSettings;
  /** Mail servers to deploy to; `auto`: those found on this host. */
  readonly servers: readonly string[] | "auto";
  /** Folder for the client-import bundle, where one is kept up to date. */
  readonly bundle?: string;
}

/** The whole configuration, defaults filled in. */
export interface Config {
  readonly certificates: readonly CertificateConfig[];
}
