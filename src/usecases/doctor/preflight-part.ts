// The part of pre-flight that belongs to one look, by check id; with the commands that mend what has one.
import type { DoctorFinding } from "../../domain/doctor/finding.ts";
import { type Looked, ofFindings } from "../../domain/doctor/finding.ts";
import type { Ground } from "./look.ts";

const commands: Readonly<Record<string, string>> = { "preflight-clock": "timedatectl set-ntp true" };

const withCommand = (finding: DoctorFinding): DoctorFinding => {
  const command = finding.severity === "fault" || finding.severity === "warning" ? commands[finding.check] : undefined;
  if (command === undefined) return finding;
  const { hint: _hint, ...rest } = finding;
  return { ...rest, command };
};

/** Of all certificates; those of several CAs name theirs. */
export const preflightPart = async (ground: Ground, checks: readonly string[]): Promise<Looked> => {
  const all: DoctorFinding[] = [];
  for (const certificate of ground.certificates) {
    for (const { ca, ...finding } of await ground.preflight(certificate)) {
      if (!checks.includes(finding.check)) continue;
      all.push(withCommand(ca === undefined ? finding : { ...finding, message: `at ${ca}: ${finding.message}` }));
    }
  }
  return ofFindings(all);
};
