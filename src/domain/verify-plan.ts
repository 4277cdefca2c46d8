// What `verify --dry-run` tells: where a run would connect to, and how often at most.
import type { EntryPoint } from "./entry-point.ts";

export interface VerifyPlan {
  readonly entries: readonly {
    readonly entry: EntryPoint;
    readonly connections: number;
    /** Why there is no address. */
    readonly unresolved?: string;
  }[];
  readonly connections: number;
}
