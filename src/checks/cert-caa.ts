// CAA: which public CAs may certify the host's name. verify tells what is there; `dns check` knows the CA that is configured, and holds it against that.
import { parsePermission } from "../domain/caa.ts";
import type { CaaRecord } from "../domain/caa.ts";
import type { Finding } from "../domain/finding.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "cert-caa",
  summary: "CAA records say which CAs may certify the name (verify: of a publicly trusted certificate on port 25)",
  clients: "Nothing. Without such records, any public CA may give somebody a certificate with this name.",
  servers:
    "`mailcert dns show` prints the record to publish; `mailcert dns check` holds those that are there against the CA that is configured. Where the next renewal is refused: change the record set that the message names.",
  reference: "RFC 8659 §3, §4.2",
  severity: { mta: "warning", mua: "-", internal: "-" },
} as const;

/** Asked only where there is such a certificate. CAs of one's own do not look at CAA. */
export const isPublic = ({ chain, observation, ownRoots }: Omit<EntryFacts, "now">): boolean => {
  const root = chain.at(-1);
  if (root === undefined || observation.tls === undefined || observation.tls.verifyError !== undefined) return false;
  return ownRoots?.includes(root.sha256) !== true;
};

/** What the record set lets happen (RFC 8659 §4.2), as far as it can be said without knowing the CA. */
const judge = (host: string, owner: string, records: readonly CaaRecord[]): readonly Finding[] => {
  const issue = records.filter(({ tag }) => tag.toLowerCase() === "issue");
  if (issue.length === 0)
    return say(base, "mta", {
      severity: "info",
      message: `the CAA records at ${owner} say nothing of issuing: every CA may certify ${host}`,
      hint: "add the CA's name: `mailcert dns show` prints the line",
    });
  const permitted = issue.filter(({ value }) => (parsePermission(value)?.domain ?? "") !== "");
  if (permitted.length > 0) return [];
  const broken = issue.find(({ value }) => parsePermission(value) === undefined);
  return say(base, "mta", {
    severity: "warning",
    message: broken
      ? `the CAA record "${clean(broken.value, 120)}" at ${owner} is malformed, and permits nobody: the next renewal will be refused`
      : `CAA at ${owner} lets no CA certify ${host}: the next renewal will be refused`,
    hint: "add the CA's name: `mailcert dns show` prints the line",
  });
};

export const certCaa: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ caa }) => caa !== undefined && caa.kind !== "unknown",
  judge: ({ caa, observation, role }) => {
    const { host } = observation.entry;
    // Of a resolver that is silent others speak.
    if (caa === undefined || caa.kind === "unknown" || role !== "mta") return [];
    if (caa.kind === "found") return judge(host, caa.owner, caa.records);
    // A resolver that cannot say anything of a top-level domain is one of a network of its own, and no CA asks it.
    if (caa.kind === "blocked" && !caa.owner.includes(".")) return [];
    if (caa.kind === "blocked")
      return say(base, role, {
        severity: "warning",
        message: `the CAA records of ${caa.owner} cannot be had (${clean(caa.why, 80)}), which a CA takes for a no: the next renewal will be refused`,
        hint: `see the name servers of ${caa.owner}, and its DNSSEC signatures: \`dig +dnssec ${caa.owner} CAA\``,
      });
    return say(base, role, {
      severity: "info",
      message: `no CAA record concerns ${host}: every public CA may certify it`,
      hint: "`mailcert dns show` prints the record that keeps others from it",
    });
  },
};
