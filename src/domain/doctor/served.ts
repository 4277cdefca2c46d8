// What a handshake showed at a server's port: the finding of a deployment, as doctor says it.
import type { Finding } from "../finding.ts";
import { shellWord } from "../shell-word.ts";
import type { DoctorFinding } from "./finding.ts";

const check = "doctor-served";

/** An old certificate goes with a reload; a server that gives no handshake has a reason of its own. */
export const servedFinding = (
  id: string,
  certificate: string,
  { check: was, message, hint }: Finding,
): DoctorFinding =>
  was === "deploy-stale"
    ? { check, severity: "fault", message, command: `mailcert deploy ${shellWord(certificate)}` }
    : { check, severity: "fault", message: `${id}: ${message}`, ...(hint === undefined ? {} : { hint }) };

/** Looks whose findings say why a server does not serve what it should. */
const reasons = ["server", "stopped", "settings", "override", "tls-off", "port", "readable", "confined"].map(
  (look) => `doctor-${look}`,
);

/** What another look has found about a server explains what its ports show. */
export const isExplained = ({ check: id, message }: DoctorFinding, others: readonly DoctorFinding[]): boolean => {
  if (id !== check) return false;
  const [server = ""] = /^[\w.-]+/.exec(message) ?? [];
  return others.some(
    (other) =>
      reasons.includes(other.check) && other.severity !== "info" && other.message.split(/[^\w.-]+/).includes(server),
  );
};
