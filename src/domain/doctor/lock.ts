// A run that holds the lock of the state for so long that nothing else gets to work: facts in, findings out.
import { longRunMs } from "../long-run.ts";
import { utcMinute } from "../utc-minute.ts";
import type { DoctorFinding, Looked } from "./finding.ts";

export interface LockHolder {
  /** Absent: no process that is to be seen here; of another container that shares the folder. */
  readonly pid?: number;
  readonly path: string;
  /** `renew --quiet` */
  readonly command: string;
  /** ISO date */
  readonly since: string;
}

/** What another run has not come to yet is nothing that is wrong, and no command that needs the state can be run beside it. */
export const whileAtWork = (findings: readonly DoctorFinding[]): readonly DoctorFinding[] =>
  findings.flatMap((finding) => {
    const { command, hint, ...said } = finding;
    // One that failed has its reason, and no command.
    if (finding.check === "doctor-stuck" && command !== undefined) return [];
    if (command === undefined || !/(?:^|&& )mailcert /.test(command)) return [finding];
    const later = `where it is still so once that run has ended: ${command}`;
    return [{ ...said, hint: hint === undefined ? later : `${later}; ${hint}` }];
  });

export const lockLooked = (holder: LockHolder | undefined, now: Date): Looked => {
  if (holder === undefined) return { findings: [], well: ["none is at work"], unseen: [] };
  const { pid, path, command, since } = holder;
  const who = `${pid === undefined ? "a run that cannot be seen from here" : `process ${pid}`} (${command}), since ${utcMinute(since)}`;
  const look =
    pid === undefined
      ? `it may be in another container that shares this folder: restart that one; \`lsof ${path}\` on the host names the process`
      : `what it waits for: \`pgrep -laP ${pid}\`; \`kill ${pid}\` ends it`;
  if (now.getTime() - Date.parse(since) < longRunMs)
    return {
      findings: [
        {
          check: "doctor-lock",
          severity: "info",
          message: `${who}, is at work: what it has not come to yet is no fault`,
          hint: "look again once it has ended: mailcert doctor",
        },
      ],
      well: [],
      unseen: [],
    };
  return {
    findings: [
      {
        check: "doctor-lock",
        severity: "fault",
        message: `${who}, has the state to itself: no other run gets to work`,
        hint: `${look}: what it has done is kept, and the next run goes on`,
      },
    ],
    well: [],
    unseen: [],
  };
};
