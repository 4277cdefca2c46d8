// The matrix: CAA records of hosts with a publicly trusted certificate (reference/verify.md §4, CERT-CAA), with scripted DNS answers.
import type { CaaLookup } from "../../src/dns/dns.ts";
import type { Row } from "./row.ts";

const caa = (what: string, lookup: CaaLookup, ...findings: readonly string[]): Row => ({
  what,
  servers: { protocol: "smtp" },
  dns: () => ({ caa: async () => lookup }),
  findings,
});
const found = (tag: string, ...values: readonly string[]): CaaLookup => ({
  kind: "found",
  owner: "example.org",
  records: values.map((value) => ({ critical: false, tag, value })),
});

export const caaRows: readonly Row[] = [
  caa("a CA that may issue", found("issue", "ca.example")),
  caa("a CA that may issue, beside nobody", found("issue", ";", "ca.example; validationmethods=dns-01")),
  caa("no CA may issue", found("issue", ";"), "warning cert-caa"),
  caa("a malformed record", found("issue", "ca.example validationmethods"), "warning cert-caa"),
  caa("nothing of issuing", found("iodef", "mailto:security@example.org"), "info cert-caa"),
  caa("every CA may issue", { kind: "none" }, "info cert-caa"),
  caa("SERVFAIL", { kind: "blocked", owner: "example.org", why: "SERVFAIL" }, "warning cert-caa"),
  caa("SERVFAIL for the top-level domain", { kind: "blocked", owner: "org", why: "SERVFAIL" }),
  caa("nobody can say", { kind: "unknown", why: "timeout" }),
  {
    ...caa("a CA of one's own, which looks at none", { kind: "none" }, "info cert-trust"),
    request: ({ pki }) => ({ ownRoots: [pki.intermediate.sha256, pki.root.sha256] }),
  },
  { ...caa("not asked of port 993", { kind: "none" }), servers: { protocol: "imap", mode: "implicit" } },
];
