// File systems that are mounted read-only, and those without room for another file: facts in, findings out.
import { shellWord } from "../shell-word.ts";
import type { DoctorFinding } from "./finding.ts";

export interface DiskFacts {
  readonly freeInodes: number;
  readonly inodes: number;
  readonly mountPoint: string;
  readonly readOnly: boolean;
}

/** A generation of two slots, its folders, and what is written beside its place. */
const leastInodes = 64;
const fewInodes = 1024;

export const remount = ({ mountPoint }: DiskFacts): string => `mount -o remount,rw ${shellWord(mountPoint)}`;

export const inodeFinding = (
  folder: string,
  { inodes, freeInodes, mountPoint }: DiskFacts,
): DoctorFinding | undefined => {
  // btrfs has no such number.
  if (inodes === 0 || freeInodes >= fewInodes) return undefined;
  const fault = freeInodes < leastInodes;
  return {
    check: "doctor-disk",
    severity: fault ? "fault" : "warning",
    message: `${freeInodes} of ${inodes} files (inodes) are left for ${folder}, on ${mountPoint}`,
    hint: `take away what is not needed; where most of them are: \`du --inodes -x ${shellWord(mountPoint)} | sort -n | tail\``,
  };
};
