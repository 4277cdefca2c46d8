// The lines that `verify --file --format ndjson` writes, read again so that a run can go on where another was stopped.

import { schemaNumber } from "./newer.ts";

export type FleetLine =
  | { readonly kind: "run"; readonly run: FleetRun }
  | { readonly kind: "entry" }
  | { readonly kind: "target"; readonly target: string; readonly told: ToldTarget }
  | { readonly kind: "summary" }
  /** A later version's. */
  | { readonly kind: "newer"; readonly schema: string };

/** The first line: when a run began, and what it was asked, in words that are the same whenever the question is. */
export interface FleetRun {
  readonly startedAt: Date;
  readonly asked: string;
}

export interface ToldTarget {
  readonly ok: boolean;
  readonly entries: number;
}

/** undefined: nothing that verify writes. */
export const readFleetLine = (line: string): FleetLine | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { schema, startedAt, asked, target, ok, entries } = value as Readonly<Record<string, unknown>>;
  if (schema === "mailcert.verify-entry/1") return { kind: "entry" };
  if (schema === "mailcert.verify-summary/1") return { kind: "summary" };
  if (schema === "mailcert.verify-run/1" && typeof startedAt === "string")
    return { kind: "run", run: { startedAt: new Date(startedAt), asked: JSON.stringify(asked) } };
  const newer = ["run", "entry", "target", "summary"].some(
    (kind) => (schemaNumber(schema, `mailcert.verify-${kind}`) ?? 1) > 1,
  );
  if (newer) return { kind: "newer", schema: String(schema) };
  if (schema !== "mailcert.verify-target/1" || typeof target !== "string") return undefined;
  return { kind: "target", target, told: { ok: ok === true, entries: typeof entries === "number" ? entries : 0 } };
};

/** What a stopped run left. */
export interface FleetRemains {
  /** undefined: nothing was left, or it does not say. */
  readonly run?: FleetRun;
  /** Everything of these targets was written. */
  readonly targets: ReadonlyMap<string, ToldTarget>;
}

export const noRemains: FleetRemains = { targets: new Map() };

/** What is older than half a day is not the same look any more. */
const freshMs = 12 * 3_600_000;

/** Why a run does not go on where another was stopped; undefined: it does. */
export const notGoneOnWith = ({ run, targets }: FleetRemains, asked: string, now: Date): string | undefined => {
  if (targets.size === 0) return undefined;
  if (!run || run.asked !== asked) return "what stood there was asked with other options";
  const age = now.getTime() - run.startedAt.getTime();
  return age >= 0 && age < freshMs ? undefined : "what stood there is older than twelve hours";
};
