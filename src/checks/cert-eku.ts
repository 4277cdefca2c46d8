// The certificate is made for TLS servers: serverAuth (clientAuth may be absent), and a key that may sign.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "cert-eku",
  summary: "the certificate is for TLS servers (serverAuth, digitalSignature)",
  clients: '"The certificate is not valid for this use": iPhones and Outlook refuse it, others let it pass.',
  servers: "Serve a server certificate (serverAuth), not one for people or for signing mail: `mailcert issue`.",
  reference: "RFC 5280 §4.2.1.12, §4.2.1.3",
  severity: { mta: "info", mua: "fault", internal: "info" },
} as const;

const anyPurpose: readonly string[] = ["serverAuth", "anyExtendedKeyUsage", "2.5.29.37.0"];

export const certEku: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) => {
    const leaf = facts.chain[0];
    if (!leaf) return [];
    const purposes = leaf.extendedKeyUsage;
    if (purposes && !purposes.some((purpose) => anyPurpose.includes(purpose))) {
      return say(base, facts.role, {
        message: `the certificate is not for TLS servers: its extended key usage is ${purposes.slice(0, 4).join(", ") || "empty"}`,
        hint: "serve a server certificate, not a client or e-mail one: `mailcert issue`",
      });
    }
    if (leaf.keyUsage && !leaf.keyUsage.includes("digitalSignature")) {
      return say(base, facts.role, {
        message: `the certificate's key may not sign (key usage: ${leaf.keyUsage.join(", ") || "none"}), which TLS 1.3 and every ECDHE suite need`,
        hint: "issue it again: `mailcert renew --force`",
      });
    }
    return [];
  },
};
