// A certificate as the configuration describes it: names, keys, issuer, servers. Every value is validated and has its default.
import type { ClientAccess } from "./client-access.ts";
import type { FileTarget } from "./file-target.ts";
import type { Hook, Hooks } from "./hook.ts";
import type { KeyAlgorithm } from "./keys.ts";
import type { AccountWish } from "./mail-account.ts";
import type { NotifySettings } from "./notify-settings.ts";
import type { Places } from "./places.ts";
import type { Window } from "./window.ts";

export interface PrivateCaSettings {
  readonly kind: "private-ca";
  /** Name of the CA folder under `<state>/ca/`; default "default". */
  readonly ca: string;
  /** Name constraints written when the CA is first made; `["*"]` for none; undefined: the names' registrable domains. */
  readonly caDomains?: readonly string[];
  /** Where the CA's list of revoked certificates is published (http), written into each leaf. */
  readonly crlUrl?: string;
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
  /** In order of preference: the next one is tried where one fails for a name. At least one. */
  readonly challenges: readonly ChallengeName[];
  /** Where the standalone http-01 listener binds: `:80`, `192.0.2.1:80`, `[2001:db8::1]:80`. */
  readonly httpAddress: string;
  /** http-01: folder of a web server that has port 80; instead of the listener. Absolute. */
  readonly webroot?: string;
  /** Where the tls-alpn-01 listener binds; like `httpAddress`, default `:443`. */
  readonly tlsAlpnAddress: string;
  /** dns-01, dns-persist-01: which updater publishes; its settings stand in `secrets/<dns>.yaml` beside the configuration. */
  readonly dns?: string;
  /** External account binding (RFC 8555 §7.3.4): key identifier, and the 0600 file that holds the HMAC key in base64url. */
  readonly eab?: { readonly kid: string; readonly hmacFile: string };
  /** Profiles in order of preference; none: the CA's default. */
  readonly profiles: readonly string[];
  /** The same for the RSA slot, where it differs. */
  readonly rsaProfiles?: readonly string[];
  /** Which of the CA's chains: the common name at its top, or `sha256:HEX` of a SubjectPublicKeyInfo in it. */
  readonly preferredChain?: string;
  /** Lifetime in days to ask for (`notAfter`), where the CA allows that. */
  readonly days?: number;
}

export type ChallengeName = "http-01" | "tls-alpn-01" | "dns-01" | "dns-persist-01";

/** `order`: asked of the CA all the same, which may see another DNS than this host does. */
export type OnDeadName = "fail" | "drop" | "order";

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
  /** Further ACME CAs in order of preference, for when the first cannot; everything but the CA, its account binding and the trust in a CA of one's own is as with `issuer` (domain/fallback.ts). */
  readonly fallbacks: readonly AcmeSettings[];
  /** A certificate signing request made elsewhere (PEM or DER), instead of keys of our own. Absolute path. */
  readonly csr?: string;
  /** Whether a renewal keeps the private key (DANE pins it). */
  readonly reuseKey: boolean;
  /** A name that stopped resolving: fail as a whole, leave it out of this renewal (never the first name), or order it all the same. */
  readonly onDeadName: OnDeadName;
  /** Mail servers to deploy to; `auto`: those found on this host. */
  readonly servers: readonly string[] | "auto";
  /** Everybody gets it there, and nobody anywhere else; absent: it is everybody's (the first of a server), or for its names. */
  readonly places?: Places;
  /** Copies for other programs, beside what `servers` says; absent: none. */
  readonly files?: readonly FileTarget[];
  /** Folder for the client-import bundle, where one is kept up to date. */
  readonly bundle?: string;
  /** Who signs its Apple profiles: `live`, the certificate itself, or the absolute path of a PEM file with a key and its chain; absent: nobody. */
  readonly signProfile?: string;
  /** What the account files of the bundle say of addresses and user names. */
  readonly account?: AccountWish;
  /** Where that folder is published (`pageUrl`): what the page's QR code leads to. */
  readonly bundleUrl?: string;
  /** Programs that run around its deployments; `none`: not even those of the whole configuration. */
  readonly hooks?: Hooks | "none";
  /** Hours in which a renewal may be switched to; `none`: at any time, whatever the whole configuration says. */
  readonly window?: readonly Window[] | "none";
  /** What the top of the configuration says for all: no part of the entry. */
  readonly inherited?: Inherited;
}

/** Settings at the top of the configuration that hold for every certificate without its own. */
export interface Inherited {
  readonly hooks?: Hooks;
  readonly window?: readonly Window[];
}

/** The whole configuration, defaults filled in. */
export interface Config {
  readonly certificates: readonly CertificateConfig[];
  readonly inherited?: Inherited;
  /** Who is told of what runs find. */
  readonly notify?: NotifySettings;
  /** Fills the table that Postfix's `tls_server_sni_maps` looks into, in the place of a map of ours. */
  readonly sniRows?: Hook;
  /** People log in with client certificates; absent: nothing is said to servers about it. */
  readonly clients?: ClientAccess;
}
