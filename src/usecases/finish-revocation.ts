// What a timer run does about a revocation that an earlier run has begun: the last step, once what takes its place is proven.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf } from "../domain/generation.ts";
import { doomedBy } from "../domain/revocation.ts";
import { tlsaLine, tlsaOwner } from "../domain/tlsa.ts";
import type { CertificateState } from "../store/store.ts";
import { hostNames } from "./ask-dns.ts";
import { revokePending } from "./revoke-generations.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Senders would go on to believe whoever has the key. */
const oldRecords = (state: CertificateState, number: number): readonly string[] => {
  const given = generationOf(state, number);
  return hostNames(given?.names ?? []).flatMap((name) =>
    Object.values(given?.leaves ?? {}).map(({ spkiSha256 }) =>
      tlsaLine(tlsaOwner(name, 25), { usage: 3, selector: 1, matchingType: 1, data: spkiSha256 }),
    ),
  );
};

/** `certificate` undefined: the configuration does not have it any more. The caller holds the lock. Never throws a Failure. */
export const finishRevocation = async (
  world: World,
  name: string,
  certificate: CertificateConfig | undefined,
): Promise<readonly Finding[]> => {
  const state = readableState(world, name);
  const pending = state?.revocation;
  if (!state || !pending) return [];
  const number = state.parked ? state.target : world.store.liveNumber(name);
  const somewhere = !state.parked && Object.keys(state.deployments).length > 0;
  // Out of the configuration and of every server, it needs no successor.
  const served =
    (certificate !== undefined || somewhere) &&
    doomedBy(state, pending, world.now()).some((one) => one.number === number);
  const hint = `go on with it: mailcert revoke ${name} --reason ${pending.reason}`;
  const what = `the revocation of generation ${pending.generation} of ${name} (${pending.reason})`;
  if (served || (somewhere && state.stage !== "verified"))
    return [
      {
        check: "revoke-unfinished",
        severity: "warning",
        message: `${what} waits: ${served ? "it is served still" : "what takes its place is not proven everywhere"}`,
        hint,
      },
    ];
  const leaves = await unlessFailure(() => revokePending(world, name, pending, certificate));
  if (leaves instanceof Failure)
    return [
      {
        check: "revoke-unfinished",
        severity: leaves.kind === "try-later" ? "warning" : "fault",
        message: `${what} is not done: ${leaves.message}`,
        hint,
      },
    ];
  const old = pending.byKey ? oldRecords(state, pending.generation) : [];
  return [
    {
      check: "revoke-finished",
      severity: "info",
      message: `${what} is done`,
      ...(old.length > 0
        ? { hint: `where these TLSA records are published (DANE), take them out: ${old.join(", ")}` }
        : {}),
    },
  ];
};
