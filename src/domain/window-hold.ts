// Whether a deployment waits for its maintenance window: not where what is served is broken, revoked, or would end before.
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { CertificateConfig } from "./certificate-config.ts";
import { generationOf, targetOf } from "./generation.ts";
import { condemned } from "./revocation.ts";
import { type Window, nextOpening, openingText } from "./window.ts";

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

/**
 * undefined: nothing holds it back.
 * @param liveNumber what `live` leads to: nothing that is served for the first time waits.
 */
export const windowHold = (
  certificate: CertificateConfig,
  state: CertificateState,
  liveNumber: number | undefined,
  now: Date,
  hostZone: string,
): WindowHold | undefined => {
  const windows = windowsOf(certificate);
  const live = generationOf(state, liveNumber);
  const target = targetOf(state);
  if (windows.length === 0 || live === undefined || target === undefined) return undefined;
  const deployments = Object.values(state.deployments);
  if (deployments.some(({ entries }) => entries.some(({ verdict }) => bad.has(verdict)))) return undefined;
  if (live.failed !== undefined || condemned(state, live, now) !== undefined) return undefined;
  const opening = nextOpening(windows, now, hostZone);
  if (opening === undefined) return undefined;
  if (
    servedNow(state, live).some(
      ({ notAfter, failed }) => failed === undefined && Date.parse(notAfter) <= opening.end.getTime(),
    )
  )
    return undefined;
  return {
    until: opening.start,
    why: `generation ${target.number} waits for its window: ${openingText(opening, now)}`,
  };
};
