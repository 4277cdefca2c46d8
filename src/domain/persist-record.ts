// The record of dns-persist-01 (draft-ietf-acme-dns-persist): which CA may issue, for which ACME account; written and read.

export interface PersistNeed {
  /** Names of the CA, any of which will do; lower case. */
  readonly issuers: readonly string[];
  readonly accountUri: string;
  readonly wildcard: boolean;
}

/** What a published record says; tags and values as RFC 8659 §4.2 writes an issue-value. */
interface PersistRecord {
  readonly issuer: string;
  readonly accountUri: string;
  readonly wildcard: boolean;
  /** Seconds since 1970 after which the CA does not accept it any more. */
  readonly until?: number;
}

const trim = (text: string): string => text.replaceAll(/^[ \t]+|[ \t]+$/g, "");
const issuerName = (text: string): string => trim(text).toLowerCase().replace(/\.$/, "");

/** Undefined for anything that a CA calls malformed: an empty parameter (also after a last semicolon), one given twice, no account. */
const readPersist = (value: string): PersistRecord | undefined => {
  const [issuer = "", ...parts] = value.split(";");
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const [, tag, text] = /^[ \t]*([A-Za-z0-9-]+)[ \t]*=[ \t]*([!-:<-~]*)[ \t]*$/.exec(part) ?? [];
    if (tag === undefined || text === undefined || parameters.has(tag.toLowerCase())) return undefined;
    parameters.set(tag.toLowerCase(), text);
  }
  const accountUri = parameters.get("accounturi");
  const until = parameters.get("persistuntil");
  if (!accountUri || (until !== undefined && !/^[0-9]{1,12}$/.test(until))) return undefined;
  return {
    issuer: issuerName(issuer),
    accountUri,
    wildcard: parameters.get("policy")?.toLowerCase() === "wildcard",
    ...(until === undefined ? {} : { until: Number(until) }),
  };
};

/** The value to publish. */
export const persistValue = ({ issuers: [issuer = ""], accountUri, wildcard }: PersistNeed): string =>
  `${issuer}; accounturi=${accountUri}${wildcard ? "; policy=wildcard" : ""}`;

/** Whether a record among `values` is what the CA asks for now; `until` (ms) when the last of them ends, where each has an end. */
export const persistAllows = (
  values: readonly string[],
  need: PersistNeed,
  now: Date,
): { readonly until?: number } | undefined => {
  const good = values
    .map(readPersist)
    .filter((record): record is PersistRecord => record !== undefined)
    .filter(({ issuer, accountUri, wildcard, until }) => {
      const lives = until === undefined || until * 1000 > now.getTime();
      return need.issuers.includes(issuer) && accountUri === need.accountUri && (wildcard || !need.wildcard) && lives;
    });
  if (good.length === 0) return undefined;
  const ends = good.map(({ until }) => until);
  return ends.includes(undefined) ? {} : { until: Math.max(...ends.map((end) => end ?? 0)) * 1000 };
};
