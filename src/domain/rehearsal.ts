// Whether a CA's test instance would show the reason for which an attempt failed: then the next attempt is made there first.

const typePrefix = "urn:ietf:params:acme:error:";

/** What a CA says about names and requests, whoever asks; not about accounts, limits or itself. */
const aboutTheOrder = new Set(["rejectedIdentifier", "unsupportedIdentifier", "caa", "dns", "badCSR", "badPublicKey"]);

/** `facts`: of the failure that ended the last attempt; `refused` and `problem` are those of issuers/acme. */
export const worthRehearsing = (facts: Readonly<Record<string, unknown>> | undefined): boolean => {
  if (facts === undefined) return false;
  // Names that could not be validated; or the test instance itself said no, and has not said yes since.
  if (facts["refused"] !== undefined || facts["rehearsal"] !== undefined) return true;
  const problem = facts["problem"] as { readonly type?: unknown } | null | undefined;
  const type = typeof problem?.type === "string" ? problem.type : "";
  return type.startsWith(typePrefix) && aboutTheOrder.has(type.slice(typePrefix.length));
};
