// What it takes to bring a server's TLS policy up to a profile, as data: each setting with what stands now and why it is to change.
import type { Finding } from "../domain/finding.ts";
import type { TlsLibrary } from "../domain/tls-policy.ts";
import type { Change } from "./server.ts";

export interface PolicySetting {
  /** For whom: `everybody`, `protocol imap`, `submission/inet`. */
  readonly scope: string;
  readonly setting: string;
  /** In effect now; empty: the program's or the library's default. */
  readonly now: string;
  readonly wanted: string;
  /** Half a sentence. */
  readonly why: string;
  /** File and line that sets it now and would win over ours: it becomes a comment. */
  readonly place?: string;
}

export interface PolicyPlan {
  /** What the server is linked with; absent: not found out, and taken for an old one. */
  readonly library?: TlsLibrary;
  /** What falls short of the profile, or is ours and of another profile. Where `changes` is empty: something wins that is not ours to change. */
  readonly settings: readonly PolicySetting[];
  /** Settings that ask for more than the profile and stay as they are: `ssl_min_protocol = TLSv1.3`. */
  readonly stricter: readonly string[];
  readonly changes: readonly Change[];
  /** What a reader might take for done and is not, half a sentence each. */
  readonly notCovered: readonly string[];
  readonly notes: readonly Finding[];
}
