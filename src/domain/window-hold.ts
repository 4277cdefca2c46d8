// Whether a deployment waits for its maintenance window: not where what is served is broken, revoked, or would end before.
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { CertificateConfig } from "./certificate-config.ts";
import { generationOf, targetOf } from "./generation.ts";
import { condemned } from "./revocation.ts";
import { utcMinute } from "./utc-minute.ts";
import { type Opening, type Window, lastOpening, nextOpening, openingText } from "./window.ts";

export const windowsOf = ({
  window,
  inherited,
}: Pick<CertificateConfig, "window" | "inherited">): readonly Window[] => {
  if (window === "none") return [];
  return window ?? inherited?.window ?? [];
};

/** What servers may still serve: what is live, and, until all is proven, what was before it. */
const servedNow = (state: CertificateState, live: GenerationRecord): readonly GenerationRecord[] => {
  const before =
    state.stage === "verified" ? undefined : state.generations.findLast(({ number }) => number < live.number);
  return before === undefined ? [live] : [live, before];
};

const bad = new Set(["broken", "failing"]);

export interface WindowHold {
  readonly until: Date;
  readonly why: string;
}

interface Closed {
  readonly target: GenerationRecord;
  /** The next one. */
  readonly opening: Opening;
  /** Waiting would do harm: why. */
  readonly harm?: string;
}

/** undefined: no window is closed that it could wait for. */
const closedWindow = (
  certificate: CertificateConfig,
  state: CertificateState,
  liveNumber: number | undefined,
  now: Date,
  hostZone: string,
): Closed | undefined => {
  const windows = windowsOf(certificate);
  const live = generationOf(state, liveNumber);
  const target = targetOf(state);
  if (windows.length === 0 || live === undefined || target === undefined) return undefined;
  // It has been switched to: servers that read their files at each connection have it already, the others half of it at most.
  if (live.number === target.number) return undefined;
  const opening = nextOpening(windows, now, hostZone);
  if (opening === undefined) return undefined;
  const harm = harmOf(state, live, opening, now);
  return { target, opening, ...(harm === undefined ? {} : { harm }) };
};

const harmOf = (state: CertificateState, live: GenerationRecord, { end }: Opening, now: Date): string | undefined => {
  const deployments = Object.values(state.deployments);
  if (deployments.some(({ entries }) => entries.some(({ verdict }) => bad.has(verdict))))
    return "an entry point gives no TLS handshake";
  if (live.failed !== undefined) return `generation ${live.number}, which is live, has failed`;
  const why = condemned(state, live, now);
  if (why !== undefined) return `of generation ${live.number}, which is live: ${why}`;
  const ending = servedNow(state, live).find(
    ({ notAfter, failed }) => failed === undefined && Date.parse(notAfter) <= end.getTime(),
  );
  if (ending === undefined) return undefined;
  const ended = Date.parse(ending.notAfter) <= now.getTime();
  return `generation ${ending.number}, which is served, ${ended ? "ended" : "ends"} on ${utcMinute(ending.notAfter)}, before the next one has closed`;
};

type Asked = Parameters<typeof closedWindow>;

/**
 * undefined: nothing holds it back.
 * @param liveNumber what `live` leads to: nothing that is served for the first time waits.
 */
export const windowHold = (...asked: Asked): WindowHold | undefined => {
  const closed = closedWindow(...asked);
  if (closed === undefined || closed.harm !== undefined) return undefined;
  const { target, opening } = closed;
  const [, , , now] = asked;
  return {
    until: opening.start,
    why: `generation ${target.number} waits for its window: ${openingText(opening, now)}`,
  };
};

/** Why it is switched to although its window is closed; undefined: it is not closed, or it waits. */
export const outsideWindow = (...asked: Asked): string | undefined => closedWindow(...asked)?.harm;

/** The last opening in which what waits was not switched to: it came and went since, and no run fell into it. */
export const missedOpening = (
  certificate: CertificateConfig,
  state: CertificateState,
  now: Date,
  hostZone: string,
): Opening | undefined => {
  const target = targetOf(state);
  if (target === undefined) return undefined;
  const missed = lastOpening(windowsOf(certificate), new Date(target.createdAt), now, hostZone);
  const { lastError } = state;
  // One that fell into it and failed has said so.
  const tried = missed && lastError?.what === "deploy" && Date.parse(lastError.at) >= missed.start.getTime();
  return tried ? undefined : missed;
};
