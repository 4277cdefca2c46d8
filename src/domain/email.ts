// An e-mail address that an ACME account's `mailto:` contact can carry (RFC 8555 §7.3: one address, ASCII).
import { NameProblem, canonicalName, isIpName, isWildcard } from "./names.ts";

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const localPart = new RegExp(`^${atom}(?:\\.${atom})*$`);

/** The address with its domain as A-labels, or why it is none: a phrase to go after the quoted text. */
export const emailAddress = (text: string): { readonly email: string } | { readonly problem: string } => {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(0, at));
  if (at < 1 || local.length > 64 || !localPart.test(local)) return { problem: "is not an e-mail address" };
  try {
    const domain = canonicalName(text.slice(at + 1));
    return isIpName(domain) || isWildcard(domain)
      ? { problem: "is not an e-mail address: the part after @ must be a domain" }
      : { email: `${local}@${domain}` };
  } catch (error) {
    if (!(error instanceof NameProblem)) throw error;
    return { problem: `is not an e-mail address: the part after @ ${error.reason}` };
  }
};
