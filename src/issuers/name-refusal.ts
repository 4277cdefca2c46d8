// Why the issuers that sign by themselves refuse a name, before anything is spent.
import { Failure } from "../domain/failure.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";

/** Why `name` is no canonical name, or undefined; a phrase to go after "cannot certify NAME: ". */
export const nameRefusal = (name: string): string | undefined => {
  try {
    const canonical = canonicalName(name);
    return canonical === name ? undefined : `it is not in its canonical form, ${canonical}`;
  } catch (error) {
    if (error instanceof NameProblem) return `it ${error.reason}`;
    throw error;
  }
};

/** The names without repetition. @throws Failure `data` naming the first one that is refused. */
export const acceptNames = (
  issuer: string,
  names: readonly string[],
  refuses: (name: string) => string | undefined,
): readonly string[] => {
  if (names.length === 0) throw new Failure("data", `${issuer} cannot make a certificate without a name`);
  for (const name of names) {
    const why = refuses(name);
    // The quoted text is cleaned and bounded by NameProblem where it is no name at all.
    if (why !== undefined)
      throw new Failure("data", `${issuer} cannot certify ${JSON.stringify(name.slice(0, 80))}: ${why}`);
  }
  return [...new Set(names)];
};
