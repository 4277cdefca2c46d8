// What a timer run does about revocations that earlier runs have begun: the last step, once what takes its place is proven.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf } from "../domain/generation.ts";
import { type PendingRevocation, doomedBy, goOnCommand, goneHint, pendingOf } from "../domain/revocation.ts";
import { keyRecords } from "./key-records.ts";
import { isUndone, revokePending } from "./revoke-generations.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** `certificate` undefined: the configuration does not have it any more. The caller holds the lock. Never throws a Failure of a CA's. */
export const finishRevocation = async (
  world: World,
  name: string,
  certificate: CertificateConfig | undefined,
): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const pending of pendingOf(readableState(world, name) ?? {}))
    findings.push(await finishOne(world, name, pending, certificate));
  return findings;
};

const finishOne = async (
  world: World,
  name: string,
  pending: PendingRevocation,
  certificate: CertificateConfig | undefined,
): Promise<Finding> => {
  const hint = `go on with it: ${goOnCommand(name, pending)}`;
  const what = `the revocation of generation ${pending.generation} of ${name} (${pending.reason})`;
  const why = whyNotYet(world, name, pending, certificate);
  if (why !== undefined) return { check: "revoke-unfinished", ...why, message: `${what} waits: ${why.message}`, hint };
  const { leaves, failure } = await revokePending(world, name, pending, certificate);
  if (failure)
    return {
      check: "revoke-unfinished",
      severity: failure.kind === "try-later" ? "warning" : "fault",
      message: `${what} is not done: ${failure.message}`,
      hint,
    };
  const gone = leaves.find(isUndone);
  if (gone)
    return {
      check: "revoke-unfinished",
      severity: "fault",
      message: `${what} is not done: the certificate of generation ${gone.generation} is valid still, and its file is not here any more`,
      hint: goneHint(name, gone),
    };
  const state = readableState(world, name);
  // Senders would go on to believe whoever has the key.
  const old = pending.byKey && state ? keyRecords(generationOf(state, pending.generation)) : [];
  return {
    check: "revoke-finished",
    severity: "info",
    message: `${what} is done`,
    ...(old.length > 0
      ? { hint: `where these TLSA records are published (DANE), take them out: ${old.join(", ")}` }
      : {}),
  };
};

/** What is served and doomed is a fault: it is to be replaced at once. */
const whyNotYet = (
  world: World,
  name: string,
  pending: PendingRevocation,
  certificate: CertificateConfig | undefined,
): Pick<Finding, "severity" | "message"> | undefined => {
  const state = readableState(world, name);
  if (!state) return undefined;
  const number = state.parked ? state.target : world.store.liveNumber(name);
  const somewhere = !state.parked && Object.keys(state.deployments).length > 0;
  // Out of the configuration and of every server, it needs no successor.
  const needed = certificate !== undefined || somewhere;
  if (needed && doomedBy(state, pending, world.now()).some((one) => one.number === number))
    return { severity: "fault", message: "it is served still" };
  if (somewhere && state.stage !== "verified")
    return { severity: "warning", message: "what takes its place is not proven everywhere" };
  return undefined;
};
