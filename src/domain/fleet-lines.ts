// The lines that `verify --file --format ndjson` writes, read again so that a run can go on where another was stopped.

export type FleetLine =
  | { readonly kind: "entry" }
  | { readonly kind: "target"; readonly target: string; readonly ok: boolean; readonly entries: number }
  | { readonly kind: "summary" };

/** undefined: nothing that verify writes. */
export const readFleetLine = (line: string): FleetLine | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { schema, target, ok, entries } = value as Readonly<Record<string, unknown>>;
  if (schema === "mailcert.verify-entry/1") return { kind: "entry" };
  if (schema === "mailcert.verify-summary/1") return { kind: "summary" };
  if (schema !== "mailcert.verify-target/1" || typeof target !== "string") return undefined;
  return { kind: "target", target, ok: ok === true, entries: typeof entries === "number" ? entries : 0 };
};

/** What an earlier run left: everything of these targets was written. */
export interface FleetRemains {
  readonly targets: ReadonlySet<string>;
  readonly entries: number;
  /** How many of the targets have a fault. */
  readonly faulty: number;
}

export const noRemains: FleetRemains = { targets: new Set(), entries: 0, faulty: 0 };
