// Reading what an API answered, of which nothing is sure to have its right type.

export type JsonRecord = Readonly<Record<string, unknown>>;

/** {} for anything that is no object. */
export const recordOf = (value: unknown): JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {};

/** [] for anything that is no list; what is no object in it is {}. */
export const recordsIn = (value: unknown): readonly JsonRecord[] => (Array.isArray(value) ? value.map(recordOf) : []);

export const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
