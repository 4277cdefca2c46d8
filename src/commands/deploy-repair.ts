// mailcert deploy --repair: what the path unit runs when a server's program is another: settings in its words, the server up, proof.
import type { Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { Failure } from "../domain/failure.ts";
import { type RepairOutcome, repairDocument, repairText } from "../reports/repair.ts";
import type { Lock } from "../store/store.ts";
import { deployAll } from "../usecases/deploy-all.ts";
import { repair } from "../usecases/repair.ts";
import { unlessFailure } from "../usecases/unless-failure.ts";
import type { World } from "../usecases/world.ts";
import { chosenCertificates } from "./chosen-certificates.ts";

/** A release upgrade configures a package long after it unpacked it. */
const patienceMs = 30 * 60_000;
/** Another run ends within this, or has been given up. */
const lockPatienceMs = 10 * 60_000;

/** Nobody is there to try again: another run is waited for. */
const lockAtLast = async (world: World): Promise<Lock> => {
  const until = world.elapsed() + lockPatienceMs;
  for (;;) {
    const lock = await unlessFailure(() => world.store.lock(world.command));
    if (!(lock instanceof Failure)) return lock;
    if (lock.kind !== "try-later" || world.elapsed() >= until) throw lock;
    await world.sleep(500, world.signal);
  }
};

export const deployRepair = async (context: Context): Promise<number> => {
  const { args, globals, options, output, host } = context;
  if (
    args.length > 0 ||
    ["remove", "replace", "harden"].some((option) => options[option] !== undefined) ||
    globals.dryRun
  ) {
    throw new Failure("usage", "--repair takes no names and no other option of deploy: it is about the servers", {
      hints: ["run: mailcert deploy --repair"],
    });
  }
  const world = await context.world();
  const lock = await lockAtLast(world);
  let result: RepairOutcome;
  try {
    result = await repairAndProve(world);
  } finally {
    lock.release();
  }
  const attempts = result.attempts.map((one) =>
    one.failure ? { ...one, failure: context.fitting(one.failure) } : one,
  );
  const told = { ...result, attempts };
  const document = repairDocument(told);
  output.result(repairText(told, host.now()), document, told.findings.length > 0 || !document.ok);
  return document.ok ? exitStatus.done : exitStatus.findings;
};

const repairAndProve = async (world: World): Promise<RepairOutcome> => {
  const { findings, certificates } = await repair(world, patienceMs);
  if (certificates.length === 0) return { findings, attempts: [] };
  // The settings and the server are mended by now, whatever the configuration says.
  const configured = await unlessFailure(() => chosenCertificates(world, []));
  if (configured instanceof Failure) {
    const { message, hints } = configured;
    const hint = hints[0] ?? "mend it; the next run of mailcert renew goes on";
    return {
      findings: [...findings, { check: "deploy-config", severity: "fault", message: `not proven: ${message}`, hint }],
      attempts: [],
    };
  }
  const affected = configured.filter(({ name }) => certificates.includes(name));
  const attempts = await unlessFailure(() => deployAll(world, affected, { replace: false, accept: async () => false }));
  if (!(attempts instanceof Failure)) return { findings, attempts };
  return { findings, attempts: affected.map(({ name }) => ({ certificate: name, failure: attempts })) };
};
