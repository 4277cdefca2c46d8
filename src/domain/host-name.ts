// Host names that somebody else wrote down (MX and SRV records): canonical, or none.
import { NameProblem, canonicalName, isIpName, isWildcard } from "./names.ts";

/** The host name that `text` is; undefined: it is an address, a wildcard, or no name at all. */
export const hostNameIn = (text: string): string | undefined => {
  try {
    const name = canonicalName(text);
    return isIpName(name) || isWildcard(name) ? undefined : name;
  } catch (error) {
    if (error instanceof NameProblem) return undefined;
    throw error;
  }
};
