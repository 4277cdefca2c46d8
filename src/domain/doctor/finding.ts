// What doctor says: a finding with the one command that mends it, and what a look came to.
import type { Failure } from "../failure.ts";
import type { Finding } from "../finding.ts";

export interface DoctorFinding extends Finding {
  /** One line for root's shell, to be pasted as it stands. Absent where a person has to decide: then `hint` says what. */
  readonly command?: string;
}

/** What one look came to. */
export interface Looked {
  readonly findings: readonly DoctorFinding[];
  /** What was looked at and is well: a phrase each. */
  readonly well: readonly string[];
  /** What could not be looked at, and why: a sentence each. */
  readonly unseen: readonly string[];
}

export const nothing: Looked = { findings: [], well: [], unseen: [] };

/** Several looks as one; what is said twice is said once. */
export const together = (all: readonly Looked[]): Looked => ({
  findings: [...new Map(all.flatMap(({ findings }) => findings).map((one) => [JSON.stringify(one), one])).values()],
  well: [...new Set(all.flatMap(({ well }) => well))],
  unseen: [...new Set(all.flatMap(({ unseen }) => unseen))],
});

/** Findings as other commands make them: those that are `ok` are what is well. */
export const ofFindings = (findings: readonly DoctorFinding[]): Looked => ({
  findings: findings.filter(({ severity }) => severity !== "ok"),
  well: findings.filter(({ severity }) => severity === "ok").map(({ message }) => message),
  unseen: [],
});

/** Why something could not be looked at. Somebody who is not root may find nothing wrong where they may not look. */
export const unseenBy = (root: boolean, what: string, { kind, message }: Failure): string =>
  `${what}: ${message}${!root && kind === "no-permission" ? " (needs root)" : ""}`;

export const isFault = ({ severity }: DoctorFinding): boolean => severity === "fault";
