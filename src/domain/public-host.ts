// Which of the names that a host gives itself people elsewhere could use: what may be proposed as a mail host's name.
import { NameProblem, canonicalName, isIpName, isWildcard } from "./names.ts";

/** Top-level names that nobody else can look up: RFC 2606, 6761, 6762, 7686, 8375, 9476, ICANN's `internal`, and what routers and installers give. */
const privateTops: ReadonlySet<string> = new Set(
  "alt arpa corp domain example home host internal intranet invalid lan local localdomain localhost mail onion private server test workgroup".split(
    " ",
  ),
);

/** Canonical; undefined: nobody else could use it. */
const publicName = (text: string): string | undefined => {
  try {
    const name = canonicalName(text);
    if (isIpName(name) || isWildcard(name)) return undefined;
    return privateTops.has(name.slice(name.lastIndexOf(".") + 1)) ? undefined : name;
  } catch (error) {
    if (error instanceof NameProblem) return undefined;
    throw error;
  }
};

/** The first that can stand; undefined: none. */
export const publicHost = (names: readonly string[]): string | undefined =>
  names.map(publicName).find((name) => name !== undefined);
