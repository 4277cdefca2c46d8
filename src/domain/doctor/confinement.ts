// Servers that SELinux or AppArmor confines, and certificates that they may not read: facts in, findings out.
import type { Failure } from "../failure.ts";
import type { DoctorFinding, Looked } from "./finding.ts";
import { few } from "./words.ts";

export interface ConfinementFacts {
  readonly enforcing: boolean;
  readonly mislabelled: readonly { readonly path: string; readonly type: string }[];
  readonly dropIns: readonly string[];
  readonly trouble?: Failure;
}

const check = "doctor-confined";

export const confinementLooked = (facts: ConfinementFacts): Looked => {
  const { enforcing, mislabelled, dropIns, trouble } = facts;
  const findings: DoctorFinding[] = [];
  if (trouble)
    findings.push({
      check,
      severity: "fault",
      message: trouble.message,
      ...(trouble.hints[0] === undefined ? {} : { hint: trouble.hints[0] }),
    });
  if (mislabelled.length > 0)
    findings.push({
      check,
      severity: "fault",
      message: `SELinux enforces, and mail servers may not read ${few(mislabelled.map(({ path, type }) => `${path} (${type})`))}: cert_t is what they may`,
      command: "mailcert deploy",
    });
  if (dropIns.length > 0)
    findings.push({
      check,
      severity: "fault",
      message: `AppArmor confines a mail server, and ${few(dropIns)} that lets it read the certificates is missing`,
      command: "mailcert deploy",
    });
  const well =
    findings.length > 0 ? [] : [enforcing ? "SELinux enforces, the files have their type" : "nothing is in the way"];
  return { findings, well, unseen: [] };
};
