// What `verify --dry-run` tells: where a run would connect to, and how often at most.
import type { EntryPoint } from "./entry-point.ts";
import type { Finding } from "./finding.ts";

export interface VerifyPlan {
  readonly entries: readonly {
    readonly entry: EntryPoint;
    readonly connections: number;
    /** Why there is no address. */
    readonly unresolved?: string;
  }[];
  readonly connections: number;
  /** Mail domains whose MTA-STS policy was fetched, over HTTPS, to know what is looked at. */
  readonly policies: readonly string[];
  /** What the look-ups showed already, such as a mail domain that leads nowhere. */
  readonly findings: readonly Finding[];
}
