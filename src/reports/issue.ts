// What was issued, and what to do next.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { setupAgain } from "../domain/setup-command.ts";
import { selfSignedNotes } from "../domain/self-signed-notes.ts";
import type { IssuedFiles } from "../usecases/issue-files.ts";
import type { CertificatePreflight } from "../usecases/preflight-all.ts";
import type { IssueResult } from "../usecases/issue.ts";
import { day } from "./dates.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import { findingLines, findingsText } from "./findings-text.ts";
import { namesForPeople } from "./names.ts";
import { hasFaults, preflightText } from "./preflight.ts";
import { generationLine } from "./generation.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

interface Issued {
  readonly certificate: CertificateConfig;
  readonly issued?: IssueResult;
  /** In the configuration: deploy and timer runs know it. */
  readonly configured: boolean;
  /** With --dry-run: what stands in the way of an order. */
  readonly preflight?: readonly PreflightFinding[];
}

export const issueText = ({ certificate, issued, configured, preflight = [] }: Issued, now: Date): string => {
  const names = namesForPeople(issued?.names ?? certificate.names);
  if (!issued) {
    const would = `${certificate.name}: would ask ${certificate.issuer.kind} for ${names} (${certificate.keys.join(" + ")})`;
    return preflight.length === 0 ? would : `${would}\n${preflightText(preflight)}`;
  }
  const findings = findingsText(issued.findings ?? []);
  return [
    `${certificate.name}: issued for ${names}`,
    `  ${generationLine(issued.generation, now)}`,
    ...(issued.notes ?? []).map((note) => wrap(note, textWidth, "  ", "    ")),
    ...(certificate.issuer.kind === "self-signed" ? selfSignedNotes.map((note) => `  ${note}`) : []),
    ...(findings === "" ? [] : [findings]),
    configured
      ? `  it is staged, not served yet; next: mailcert deploy ${certificate.name}`
      : `  it is staged, and not in the configuration: nothing serves or renews it; next: ${setupAgain(certificate.name, issued.generation)}`,
  ].join("\n");
};

/** A dry run without a name: every certificate of the configuration, with whether any has a fault. */
export const issueAllText = (all: readonly CertificatePreflight[], now: Date): string =>
  all.map((one) => issueText({ ...one, configured: true }, now)).join("\n\n");

export const issueAllDocument = (all: readonly CertificatePreflight[]): object => ({
  schema: "mailcert.issue/1",
  ok: !all.some(({ preflight }) => hasFaults(preflight)),
  dryRun: true,
  certificates: all.map(({ certificate: { name, names, issuer }, preflight }) => ({
    certificate: name,
    names,
    issuer: issuer.kind,
    preflight,
  })),
});

export const issueDocument = ({ certificate, issued, preflight }: Issued): object => ({
  schema: "mailcert.issue/1",
  ok: !hasFaults(preflight ?? []),
  ...(issued ? {} : { dryRun: true, preflight: preflight ?? [] }),
  certificate: certificate.name,
  names: issued?.names ?? certificate.names,
  issuer: certificate.issuer.kind,
  ...(issued ? { stage: "staged", generation: issued.generation } : {}),
  ...(issued?.notes ? { notes: issued.notes } : {}),
  ...(issued?.findings ? { findings: issued.findings } : {}),
});

export const issuedFilesText = (result: IssuedFiles): string =>
  [
    `issued for ${namesForPeople(result.names)} by ${result.issuer}, valid until ${day(new Date(result.notAfter))}:`,
    ...result.files.map((path) => `  ${path}`),
    ...(result.notes ?? []).map((note) => wrap(note, textWidth, "", "  ")),
    ...(result.findings ?? []).flatMap((finding) => findingLines(finding)),
    ...(result.issuer === "self-signed" ? selfSignedNotes : []),
  ].join("\n");

export const issuedFilesDocument = (result: IssuedFiles): object => ({
  schema: "mailcert.issue/1",
  ok: true,
  ...result,
});
