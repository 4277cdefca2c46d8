// TLS policy by name: the profiles of Mozilla's guideline 6.0 (2026-03-25) as values, for the TLS library that a server is linked with.
import { Failure } from "./failure.ts";

export type PolicyName = "intermediate" | "modern";
export const policyNames: readonly PolicyName[] = ["intermediate", "modern"];
export const isPolicyName = (text: string): text is PolicyName => (policyNames as readonly string[]).includes(text);

/** As it is named in reports and documents. */
export const policyTitle = (name: PolicyName): string => `${name} (Mozilla's guideline 6.0)`;

/** Why a setting that an earlier policy made is loosened again. */
export const followsProfile = (name: PolicyName): string =>
  name === "intermediate"
    ? "the profile intermediate takes TLS 1.2, too; an earlier mailcert deploy --harden had set this"
    : "an earlier mailcert deploy --harden had set this for another profile";

export type TlsVersion = "SSLv2" | "SSLv3" | "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
/** Oldest first. */
export const tlsVersions: readonly TlsVersion[] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/** What the server's process has loaded, by the library's own word: `OpenSSL`, `3.0.20`. */
export interface TlsLibrary {
  readonly name: string;
  readonly version: string;
}

export interface TlsPolicy {
  readonly name: PolicyName;
  readonly minimum: TlsVersion;
  /** TLS 1.2, OpenSSL's names. Those of TLS 1.3 are the library's own: all three are good. */
  readonly suites: readonly string[];
  /** Key exchange, OpenSSL's names, the best first. */
  readonly groups: readonly string[];
}

export const hybridGroup = "X25519MLKEM768";

const suites = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].flatMap((cipher) => [
  `ECDHE-ECDSA-${cipher}`,
  `ECDHE-RSA-${cipher}`,
]);

/** `OpenSSL 3.5.7 9 Jun 2026`; undefined where the text names no library and version. */
export const readLibrary = (text: string): TlsLibrary | undefined => {
  const match = /\b(OpenSSL|LibreSSL|GnuTLS) (\d+\.\d+(?:\.\d+)*[a-z]?)/.exec(text);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], version: match[2] };
};

const atLeast = ({ version }: TlsLibrary, major: number, minor: number, patch: number): boolean => {
  const parts = version.split(".").map((part) => Number.parseInt(part, 10));
  const wanted = [major, minor, patch];
  for (const [index, least] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
};

/** ML-KEM came with OpenSSL 3.5. A list with a group that the library lacks ends every handshake of Dovecot, while its own test passes. */
export const hasHybridGroup = (library: TlsLibrary | undefined): boolean =>
  library?.name === "OpenSSL" && atLeast(library, 3, 5, 0);

/** An unknown library is taken for an old one. @throws Failure `config` where it cannot do what the profile is about. */
export const policyFor = (name: PolicyName, library: TlsLibrary | undefined): TlsPolicy => {
  if (library?.name === "OpenSSL" && !atLeast(library, 1, 1, name === "modern" ? 1 : 0)) {
    const lacks = name === "modern" ? "TLS 1.3 (1.1.1 has it)" : "X25519 (1.1.0 has it)";
    throw new Failure("config", `it is linked with OpenSSL ${library.version}, which lacks ${lacks}`, {
      hints: ["nothing was changed there; it needs a newer system before it can have this profile"],
    });
  }
  if (library?.name === "GnuTLS" && !atLeast(library, 3, 6, 5)) {
    throw new Failure("config", `it is linked with GnuTLS ${library.version}, which lacks TLS 1.3 (3.6.5 has it)`, {
      hints: ["nothing was changed there; it needs a newer system before it can have this profile"],
    });
  }
  return {
    name,
    minimum: name === "modern" ? "TLSv1.3" : "TLSv1.2",
    suites,
    groups: [...(hasHybridGroup(library) ? [hybridGroup] : []), "X25519", "prime256v1", "secp384r1"],
  };
};
