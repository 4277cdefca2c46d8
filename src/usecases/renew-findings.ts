// What a run of renew finds beside what it does: certificates near their end, words of the CA, certificates that no entry renews.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { inConfiguration } from "../domain/fitting-hint.ts";
import { endText, nearEnd } from "../domain/near-end.ts";
import { orphanFinding } from "../domain/overdue.ts";
import { setupAgain } from "../domain/setup-command.ts";
import type { UnmetWish } from "../domain/unmet-wish.ts";
import type { IssueResult } from "./issue.ts";
import type { RenewOptions, RenewedCertificate } from "./renew.ts";
import { readableState } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

type Seen = Omit<RenewedCertificate, "findings">;

/** Loaded only where a revocation is under way. */
export const goOn = async (
  world: World,
  name: string,
  certificate: CertificateConfig | undefined,
): Promise<readonly Finding[]> => (await import("./finish-revocation.ts")).finishRevocation(world, name, certificate);

/** A run that waits is no news, unless what is served ends meanwhile. */
export const endingFindings = (world: World, { certificate, decision, failure }: Seen): readonly Finding[] => {
  if (decision.action !== "wait" && failure?.kind !== "try-later") return [];
  if (decision.action === "wait" && decision.window) return [];
  const state = readableState(world, certificate);
  const live = state && liveGeneration(world, certificate, state);
  if (!live || !nearEnd(live, world.now())) return [];
  const why = failure ? inConfiguration(failure.message) : decision.action === "wait" ? decision.why : "";
  return [
    {
      check: "renew-ending",
      severity: "fault",
      message: `${certificate} ${endText(live, world.now())} and could not be renewed yet: ${why}`,
      hint: `try now: mailcert renew ${certificate}`,
    },
  ];
};

/** What the CA did not give the last time either was said then; `status` goes on saying it. */
export const newFindings = (issued: IssueResult | undefined, known: readonly UnmetWish[] = []): readonly Finding[] =>
  (issued?.findings ?? []).filter(({ message }) => !known.some((wish) => wish.message === message));

/** A CA that gives a reason for its window has had an incident, or revokes: a person should know, also when all went well. */
export const explainedFindings = ({ certificate, decision, issued }: Seen): readonly Finding[] => {
  if (decision.action !== "issue" || decision.explanationUrl === undefined) return [];
  return [
    {
      check: "renew-explained",
      severity: "warning",
      message: `the CA asked for ${certificate} to be renewed${issued ? "" : ", which is still to be done"}, and says why: ${decision.explanationUrl}`,
      hint: "read the page: the certificate before may have been revoked, or will be soon",
      reference: "RFC 9773 4.2",
    },
  ];
};

/** Certificates that servers have and that no entry of the configuration renews; their revocations are finished all the same. */
export const orphanFindings = async (
  world: World,
  certificates: readonly CertificateConfig[],
  { dryRun }: RenewOptions,
): Promise<readonly Finding[]> => {
  const configured = new Set(certificates.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const name of world.store.list()) {
    if (configured.has(name)) continue;
    const state = readableState(world, name);
    if (state?.revocation && !dryRun) findings.push(...(await goOn(world, name, undefined)));
    const live = state && liveGeneration(world, name, state);
    const finding = live && orphanFinding(state, live, setupAgain(name, live), world.now());
    if (finding) findings.push(finding);
  }
  return findings;
};
