// What one of Postfix's services needs so that a client certificate counts where a login counts, or why it is left as it is.
import { clean } from "../../domain/text.ts";
import { type Lookup, admitting, beforeLogin, classes, flatten, reached } from "./restrictions.ts";

export const tables = "relay_clientcerts";
const asks = ["smtpd_tls_ask_ccert", "smtpd_tls_req_ccert"] as const;
const digest = "smtpd_tls_fingerprint_digest";
const level = "smtpd_tls_security_level";
const logins = "smtpd_sasl_auth_enable";

/** Whoever is to relay passes the first two; the others may keep him out as well. */
const relaying = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"] as const;
const lists = [
  ...relaying,
  "smtpd_client_restrictions",
  "smtpd_helo_restrictions",
  "smtpd_sender_restrictions",
  "smtpd_data_restrictions",
  "smtpd_end_of_data_restrictions",
] as const;

export const isList = (parameter: string): boolean => (lists as readonly string[]).includes(parameter);

/** All that the judgement looks at, beside what these name. */
export const judged: readonly string[] = [...lists, tables, ...asks, digest, level, logins, classes];

/** Holds logins to their own addresses, and nobody else to anything. */
const bindsLogins = "reject_authenticated_sender_login_mismatch";
/** Of whoever has no login these take no address that has an owner. */
const bindsOthers = [
  "reject_sender_login_mismatch",
  "reject_known_sender_login_mismatch",
  "reject_unauthenticated_sender_login_mismatch",
] as const;

/** The word that keeps an address with an owner (smtpd_sender_login_maps) from whoever has a certificate and no login; undefined: none does. */
export const senderRule = (lookup: Lookup): string | undefined => {
  const before = lists.flatMap((list) => beforeLogin(list, lookup));
  const all = reached(lists, lookup);
  return bindsOthers.find((word) => before.includes(word)) ?? bindsOthers.find((word) => all.includes(word));
};

const isForAnySender = (lookup: Lookup, all: string): boolean =>
  all.includes(bindsLogins) &&
  !lists.some((list) => beforeLogin(list, lookup).some((word) => bindsOthers.some((one) => one === word)));

const listed = (value: string): readonly string[] => value.split(/[\s,]+/).filter((word) => word !== "");

/** What a service needs, in the order in which it is set; or why it is left as it is. */
export const neededAt = (lookup: Lookup, table: string, wrapped: boolean): ReadonlyMap<string, string> | string => {
  const value = (parameter: string): string => flatten(lookup(parameter), lookup).join(",");
  if (!wrapped && value(level) === "none") return `it has no TLS (${level} = none)`;
  // permit_sasl_authenticated stands in Postfix's own lists, also where nobody can log in.
  if (value(logins).toLowerCase() !== "yes") return `no login counts there (${logins})`;
  const others = listed(value(tables)).filter((one) => one !== table);
  if (others.length > 0) return `${tables} names somebody else's: ${clean(others.join(", "), 200)}`;
  const all = reached(lists, lookup);
  if (all.includes("permit_tls_all_clientcerts"))
    return "it relays for every certificate of a CA (permit_tls_all_clientcerts), revoked ones too";
  const isAsked = asks.some((parameter) => value(parameter) === "yes");
  const isJudged = all.includes("check_ccert_access");
  const isSha256 = value(digest).toLowerCase() === "sha256";
  if (isJudged && !isAsked) return "it would begin to ask for certificates, which check_ccert_access judges there";
  if (isAsked && !isSha256)
    return `it asks for certificates, and knows them by ${clean(value(digest), 50)}, not sha256`;
  if (isForAnySender(lookup, all))
    return `whoever has a certificate could write any sender there: ${bindsLogins} holds logins alone to their addresses (reject_sender_login_mismatch in its place holds everybody)`;
  const needed = new Map<string, string>();
  if (value(tables) === "") needed.set(tables, table);
  if (!isAsked) needed.set(asks[0], "yes");
  if (!isSha256) needed.set(digest, "sha256");
  let relays = false;
  for (const list of lists) {
    const found = admitting(list, lookup);
    if (found === "none") continue;
    relays ||= (relaying as readonly string[]).includes(list);
    if (found === "there") continue;
    if ("byHand" in found)
      return `write permit_tls_clientcerts behind permit_sasl_authenticated in ${found.byHand} yourself: mailcert does not change that`;
    needed.set(list, found.value);
  }
  return relays ? needed : `no login counts there (permit_sasl_authenticated in ${relaying.join(" or ")})`;
};
