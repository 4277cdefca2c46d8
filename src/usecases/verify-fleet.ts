// Verify for thousands of targets: each looked at and told by itself, so that nothing of it is kept; manners are shared.
import type { FleetRemains } from "../domain/fleet-lines.ts";
import type { VerifyResult } from "../domain/verify-result.ts";
import { createCertificateReader } from "./certificate-reader.ts";
import { parallel } from "./parallel.ts";
import { createPolite } from "./polite.ts";
import { type VerifyDeps, type VerifyRequest, verify } from "./verify.ts";

export interface FleetRequest {
  /** As they were named, each once. */
  readonly targets: readonly string[];
  /** @throws Failure; asked once before and found well. */
  readonly requestFor: (target: string) => Promise<VerifyRequest>;
  /** Connections open at once, and targets under way. */
  readonly concurrency: number;
  /** Of an earlier run. */
  readonly remains: FleetRemains;
}

export interface FleetCounts {
  /** Those of an earlier run included. */
  readonly targets: number;
  readonly faulty: number;
  readonly entries: number;
  /** How many were left out since an earlier run had looked at them. */
  readonly kept: number;
}

/** `tell` is called once for each target, as it is done; the next is begun when it has returned. */
export const verifyFleet = async (
  deps: VerifyDeps,
  { targets, requestFor, concurrency, remains }: FleetRequest,
  tell: (target: string, result: VerifyResult, soFar: FleetCounts) => Promise<void>,
): Promise<FleetCounts> => {
  const shared = { polite: createPolite({ connections: concurrency }), readDer: createCertificateReader() };
  const left = targets.filter((target) => !remains.targets.has(target));
  const told = targets.flatMap((target) => remains.targets.get(target) ?? []);
  let counts: FleetCounts = {
    targets: told.length,
    faulty: told.filter(({ ok }) => !ok).length,
    entries: told.reduce((sum, { entries }) => sum + entries, 0),
    kept: told.length,
  };
  await parallel(left, concurrency, async (target) => {
    deps.signal?.throwIfAborted();
    const result = await verify({ ...deps, ...shared }, { ...(await requestFor(target)), ofList: true });
    counts = {
      ...counts,
      targets: counts.targets + 1,
      faulty: counts.faulty + (result.ok ? 0 : 1),
      entries: counts.entries + result.entries.length,
    };
    await tell(target, result, counts);
  });
  return counts;
};
