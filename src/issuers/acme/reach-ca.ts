// The way to a CA: the line that its requests share, a transport with one deadline each, and its directory.
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { readTrustFile } from "../../system/trust-file.ts";
import { type Directory, readDirectory } from "./directory.ts";
import { type Line, type createLines, directoryOf } from "./line.ts";
import { type Transport, createTransport } from "./transport.ts";

export type Lines = ReturnType<typeof createLines>;

export interface ReachOptions {
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches. */
  readonly elapsed: () => number;
  readonly userAgent: string;
}

/** What ends an exchange, and where its steps are told. */
export interface Talk {
  /** Ends every exchange when it fires. */
  readonly signal: AbortSignal;
  readonly step: (what: string) => void;
}

/** Of one HTTP request: milliseconds, and bytes of its reply. */
export interface Bounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

type Place = Pick<AcmeSettings, "directory" | "caFile">;

/** @throws Failure for a trust file that cannot be read. */
export const lineTo = async (lines: Lines, { directory, caFile }: Place): Promise<Line> =>
  lines(directory, caFile === undefined ? undefined : await readTrustFile(caFile));

/** @throws Failure where the CA cannot be reached, or is none. */
export const reachCa = async (
  { userAgent, now, elapsed }: ReachOptions,
  line: Line,
  { directory: url, caFile }: Place,
  { signal, step }: Talk,
  bounds: Bounds,
): Promise<{ readonly transport: Transport; readonly directory: Directory }> => {
  const trust = caFile === undefined ? {} : { caFile };
  const transport = createTransport({ userAgent, now, signal, step, line, ...bounds, ...trust });
  const directory = await directoryOf(line, elapsed(), () => readDirectory(url, transport, now()));
  return { transport, directory };
};
