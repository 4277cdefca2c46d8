// The way to a CA for questions beside an order: its trust, its directory, and requests with one deadline each.
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { readTrustFile } from "../../system/trust-file.ts";
import { type Directory, readDirectory } from "./directory.ts";
import { type createLines, directoryOf } from "./line.ts";
import { type Transport, createTransport } from "./transport.ts";

/** A directory and an account. */
const maxReplyBytes = 1 << 18;

export interface AskOptions {
  readonly stateDir: string;
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches. */
  readonly elapsed: () => number;
  readonly userAgent: string;
  /** Milliseconds for one HTTP request; default 30 s. */
  readonly timeoutMs?: number;
}

export interface Asking {
  readonly settings: AcmeSettings;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly now: () => Date;
}

/** How long a question may take, and where its steps are told. */
export interface Talk {
  /** Ends every exchange when it fires. */
  readonly signal: AbortSignal;
  readonly step: (what: string) => void;
}

/** @throws Failure where the CA cannot be reached, or is none. */
export const askCa = async (
  o: AskOptions,
  lines: ReturnType<typeof createLines>,
  settings: AcmeSettings,
  { signal, step }: Talk,
): Promise<Asking> => {
  const line = lines(
    settings.directory,
    settings.caFile === undefined ? undefined : await readTrustFile(settings.caFile),
  );
  const transport = createTransport({
    userAgent: o.userAgent,
    now: o.now,
    signal,
    step,
    line,
    timeoutMs: o.timeoutMs ?? 30_000,
    maxBytes: maxReplyBytes,
    ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
  });
  const directory = await directoryOf(line, o.elapsed(), () => readDirectory(settings.directory, transport, o.now()));
  return { settings, directory, transport, now: o.now };
};
