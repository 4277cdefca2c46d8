// Whether a CA's test instance would show the reason for which an attempt failed: then the next attempt is made there first.

const typePrefix = "urn:ietf:params:acme:error:";

/** What a CA says about names and requests, whoever asks; not about accounts, limits or itself. Not `caa`: the records may name one account (RFC 8657), and there it is another. */
const aboutTheOrder = new Set(["rejectedIdentifier", "unsupportedIdentifier", "dns", "badCSR", "badPublicKey"]);

type Facts = Readonly<Record<string, unknown>> | undefined;

const typeOf = (problem: unknown): string => {
  const type = (problem as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === "string" && type.startsWith(typePrefix) ? type.slice(typePrefix.length) : "";
};

/** The CA looked and said no; what failed on this host, expired or was withdrawn says nothing about the name. */
const lookedAndRefused = (refusal: unknown): boolean => {
  if (typeof refusal !== "object" || refusal === null) return false;
  const { status, why, problem } = refusal as { readonly [key in "status" | "why" | "problem"]?: unknown };
  return status === "invalid" && why === undefined && typeOf(problem) !== "caa";
};

/** Would it be the same at the CA and at its test instance? `refused` and `problem` are the facts of issuers/acme. */
export const isAboutTheNames = (facts: Facts): boolean => {
  const refused = facts?.["refused"];
  return Array.isArray(refused) ? refused.some(lookedAndRefused) : aboutTheOrder.has(typeOf(facts?.["problem"]));
};

/** `facts`: of the failure that ended the last attempt. One that ended at the test instance is followed by one at the CA itself, whatever was said there. */
export const worthRehearsing = (facts: Facts): boolean => facts?.["rehearsal"] === undefined && isAboutTheNames(facts);
