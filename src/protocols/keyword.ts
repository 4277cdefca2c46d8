// Capability lists: keywords are case-insensitive in every mail protocol.

/** The first word of a capability in upper case: `250-starttls` and `STARTTLS` are one. */
const keywordOf = (capability: string): string => (/^[^\s=]*/.exec(capability)?.[0] ?? "").toUpperCase();

export const offers = (capabilities: readonly string[], keyword: string): boolean =>
  capabilities.some((capability) => keywordOf(capability) === keyword);

/** Words after a keyword, in upper case: the mechanisms of `AUTH PLAIN LOGIN`, `AUTH=PLAIN`, `SASL PLAIN`. */
export const wordsAfter = (capabilities: readonly string[], keyword: string): readonly string[] => [
  ...new Set(
    capabilities
      .filter((capability) => keywordOf(capability) === keyword)
      .flatMap((capability) =>
        capability
          .slice(keyword.length)
          .toUpperCase()
          .split(/[\s=]+/),
      )
      .filter((word) => word !== ""),
  ),
];
