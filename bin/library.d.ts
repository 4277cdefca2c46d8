// Types of mailcert as a library (bin/library.js). A test holds them against docs/schema/verify.json.

export interface VerifyOptions {
  /** Mail domains: every MX host on port 25. */
  readonly mx?: string | readonly string[];
  /** Mail domains: what their SRV records lead mail programs to. */
  readonly srv?: string | readonly string[];
  /** Only these entry points: `imaps`, `submission`, ... */
  readonly entries?: string | readonly string[];
  /** Connect there, keep the name. */
  readonly address?: string;
  /** Another port than the usual one: `imaps=1993`. */
  readonly ports?: string | readonly string[];
  /** Files (PEM or DER) to trust besides the system's roots. */
  readonly caFiles?: string | readonly string[];
  /** Files to trust instead of them. */
  readonly onlyCa?: string | readonly string[];
  /** The name to send in TLS; "": none. */
  readonly sni?: string;
  /** The leaf that must be served: a file, `sha256:HEX`, or `live`. */
  readonly expect?: string | readonly string[];
  /** Budget of each entry point; 10, and 45 on port 25. */
  readonly timeoutSeconds?: number;
  /** One handshake for each entry point. */
  readonly quick?: boolean;
  /** Also old versions, weak suites, command injection, other names. */
  readonly full?: boolean;
  /** What is said in clear, up to TLS. */
  readonly transcript?: boolean;
  readonly ehlo?: string;
  readonly concurrency?: number;
  /** Only these checks (docs/checks.md). */
  readonly check?: string | readonly string[];
  /** Not these. */
  readonly skip?: string | readonly string[];
  readonly warnDays?: number;
  readonly criticalDays?: number;
  /** The state folder that `expect: "live"` reads; default /var/lib/mailcert. */
  readonly state?: string;
  /** Ends every connection; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

export interface Finding {
  /** Stable (docs/checks.md). */
  readonly check: string;
  readonly severity: "fault" | "warning" | "info" | "ok";
  readonly message: string;
  readonly hint?: string;
  readonly reference?: string;
}

export interface Leaf {
  /** Of the certificate in DER, lower-case hex. */
  readonly sha256: string;
  /** Of its SubjectPublicKeyInfo: what a TLSA record `3 1 1` has. */
  readonly spkiSha256: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  /** DNS names and IP addresses of the subject alternative name. */
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days; negative when it is over. */
  readonly daysLeft: number;
  readonly key: { readonly type: string; readonly bits?: number; readonly curve?: string };
}

export interface VerifiedEntry {
  /** `imaps://mail.example.org:993` */
  readonly url: string;
  readonly protocol: string;
  readonly mode: "implicit" | "starttls";
  readonly role: "mta" | "mua" | "internal";
  /** What mail clients call the mode. */
  readonly label: "SSL/TLS" | "STARTTLS";
  readonly host: string;
  readonly address?: string;
  /** 0 for a unix socket. */
  readonly port: number;
  readonly slot?: "ecdsa" | "rsa";
  readonly ok: boolean;
  readonly durationMs: number;
  readonly tls?: { readonly version: string; readonly cipher: string; readonly group?: string };
  /** With `full`: docs/schema/verify.json says what stands in it. */
  readonly profile?: object;
  readonly leaf?: Leaf;
  /** As sent, the leaf first. */
  readonly chain?: readonly {
    readonly sha256: string;
    readonly subject: string;
    readonly issuer: string;
    readonly notAfter: string;
  }[];
  /** With `transcript`. */
  readonly transcript?: readonly object[];
  /** The entry point could not be observed to the end. */
  readonly error?: { readonly stage: string; readonly message: string };
  readonly findings: readonly Finding[];
}

/** The document of `mailcert verify --json` (docs/schema/verify.json). */
export interface VerifyDocument {
  readonly schema: "mailcert.verify/1";
  /** No finding is a fault, and nothing failed. */
  readonly ok: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly entries: readonly VerifiedEntry[];
  /** About the whole: different leaves on different ports, a host where nothing answers. */
  readonly findings: readonly Finding[];
  /** With `mx` or `srv`. */
  readonly domains?: readonly object[];
}

/** What could not be done at all: a wrong option, a file that cannot be read. */
export declare class VerifyError extends Error {
  readonly kind: string;
  /** What to do about it. */
  readonly hints: readonly string[];
}

/**
 * Looks at mail servers as clients do. `targets`: host names (all their usual entry points) or URLs (`imaps://mail.example.org`).
 * @throws VerifyError, or the signal's reason. What is wrong with a server is in the document.
 */
export declare const verify: (targets?: string | readonly string[], options?: VerifyOptions) => Promise<VerifyDocument>;
