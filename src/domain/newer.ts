// Refusing what a newer mailcert wrote: reading on would lose what it knows.
import { Failure } from "./failure.ts";
import { clean } from "./text.ts";

export interface Newer {
  readonly path: string;
  /** As it stands there, and as this program knows it. */
  readonly schema: string | number;
  readonly known: string | number;
  /** The version that wrote it, where the file says so. */
  readonly by?: unknown;
}

/** The number of a schema: `mailcert.state/2` of "mailcert.state" is 2; undefined: it is none. */
export const schemaNumber = (schema: unknown, of: string): number | undefined => {
  const text = typeof schema === "string" && schema.startsWith(`${of}/`) ? schema.slice(of.length + 1) : "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
};

/** The way out of a downgrade, in one sentence. */
export const wayOut = (by?: unknown): string => {
  const again =
    typeof by === "string" && by !== "" ? `mailcert ${clean(by, 40)}, or a later one` : "the newer mailcert";
  return `nothing was changed: install ${again}, or put back the backup that was made before the upgrade (docs/upgrading.md)`;
};

export const newerFailure = ({ path, schema, known, by }: Newer): Failure => {
  const who = typeof by === "string" && by !== "" ? `mailcert ${clean(by, 40)}` : "a newer mailcert";
  return new Failure(
    "config",
    `${path} was written by ${who}: its schema is ${clean(String(schema), 60)}, and this mailcert knows ${known}`,
    { hints: [wayOut(by)] },
  );
};
