// A run that holds the lock of the state for so long that nothing else gets to work: facts in, findings out.
import { utcMinute } from "../utc-minute.ts";
import type { Looked } from "./finding.ts";

export interface LockHolder {
  readonly pid: number;
  /** `renew --quiet` */
  readonly command: string;
  /** ISO date */
  readonly since: string;
}

/** systemd ends the hourly run after this long (mailcert.service). */
const longMs = 3 * 3600_000;

export const lockLooked = (holder: LockHolder | undefined, now: Date): Looked => {
  if (holder === undefined) return { findings: [], well: ["none is at work"], unseen: [] };
  const { pid, command, since } = holder;
  const who = `process ${pid} (${command}), since ${utcMinute(since)}`;
  if (now.getTime() - Date.parse(since) < longMs) return { findings: [], well: [`at work: ${who}`], unseen: [] };
  return {
    findings: [
      {
        check: "doctor-lock",
        severity: "fault",
        message: `${who}, has the state to itself: no other run gets to work`,
        hint: `what it waits for: \`ps -o pid,etime,args -p ${pid}; pgrep -laP ${pid}\`; \`kill ${pid}\` ends it: what it has done is kept, and the next run goes on`,
      },
    ],
    well: [],
    unseen: [],
  };
};
