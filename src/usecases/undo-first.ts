// First deployments that broke something: the servers get their own settings back, and that is proven, too; the generations stay staged.
import { entryUrl } from "../domain/entry-point.ts";
import type { DeployResult } from "./deployment.ts";
import type { Judged } from "./judged.ts";
import { type ProofTarget, type ProvedEntry, addressesFor, entryKey, proofTargets, prove } from "./prove.ts";
import { findServers } from "./entries.ts";
import { patienceMs } from "./prove-jobs.ts";
import { rememberRollback } from "./remember-rollback.ts";
import { type RevertedSettings, revertSettings } from "./revert-settings.ts";
import { baselineOf, slotsOf } from "./served-certificate.ts";
import type { World } from "./world.ts";

/** By certificate. */
export const undoFirst = async (
  world: World,
  judged: readonly Judged[],
): Promise<ReadonlyMap<string, DeployResult>> => {
  const results = new Map<string, DeployResult>();
  if (judged.length === 0) return results;
  for (const { state } of judged) {
    const { baseline: _baseline, ...rest } = state;
    // Written first: nobody is to take the settings of one that is going for settings that stand.
    await world.store.write({ ...rest, stage: "staged", deployments: {} });
  }
  const reverted = await revertSettings(
    world,
    judged.map(({ state }) => state.name),
  );
  for (const one of judged) {
    const { name } = one.state;
    results.set(name, await undone(world, one, reverted.get(name)));
  }
  return results;
};

const undone = async (
  world: World,
  judged: Judged,
  reverted: Pick<RevertedSettings, "reverted" | "findings"> = { reverted: [], findings: [] },
): Promise<DeployResult> => {
  const { certificate, state, target, gathered } = judged;
  const different = await notAsBefore(world, judged);
  const first = gathered.findings.find((finding) => finding.severity === "fault");
  await rememberRollback(world, certificate, first?.message ?? "not proven", state.attempts + 1);
  const outcome = different
    ? `but ${entryUrl(different.entry)} at ${different.entry.address} is not as it was before: ${different.message ?? "no TLS handshake"}`
    : "and every entry point serves what it served before";
  return {
    certificate: state.name,
    generation: target,
    outcome: "rolled-back",
    servers: gathered.servers,
    entries: gathered.entries,
    findings: [
      {
        check: "deploy-rolled-back",
        severity: "fault",
        message: `a server could not use the new files: the servers' settings were put back as they were (${reverted.reverted.length} changes), ${outcome}`,
        hint: `its log says why; then run: mailcert deploy ${state.name}`,
      },
      ...reverted.findings,
      ...gathered.findings,
    ],
  };
};

/** The first entry point that does not serve the leaf of before the switch again. */
const notAsBefore = async (world: World, { certificate, state, target }: Judged): Promise<ProvedEntry | undefined> => {
  const baseline = baselineOf(state);
  const leafBefore = ({ entry, slot }: ProofTarget): string | undefined =>
    baseline.get(`${entryKey(entry)} ${slot}`)?.leaf;
  const { servers } = await findServers(world, certificate);
  const all = proofTargets(servers, target.names, slotsOf(target), world.localAddresses(), addressesFor(1));
  const entries = await prove(world, {
    targets: all.filter((one) => leafBefore(one) !== undefined),
    expected: leafBefore,
    before: () => undefined,
    ehlo: target.names[0] ?? "localhost",
    patienceMs: () => patienceMs,
  });
  return entries.find(({ verdict }) => verdict === "stale" || verdict === "failing");
};
