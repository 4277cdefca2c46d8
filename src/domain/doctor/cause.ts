// Whether two sentences tell of one cause: what another look has found is not told again as the reason of something that failed.
import type { DoctorFinding } from "./finding.ts";

/** Without whose it is, and without where it stands: `before_deploy: there is no program /x (FILE line 3)` -> `there is no program /x`. */
const bare = (message: string): string => message.replace(/^[\w.-]+: /, "").replace(/ \(\S+ line \d+\)$/, "");

/** Whether a fault that is told says it. Few letters say nothing. */
export const isToldBy = ({ severity, message }: DoctorFinding, why: string): boolean => {
  if (severity !== "fault") return false;
  const words = bare(message);
  const reason = why.replace(/^[\w.-]+: FAILED: /, "");
  return (words.length > 8 && why.includes(words)) || (reason.length > 8 && message.includes(reason));
};
