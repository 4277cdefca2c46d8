// How checks word their findings: the severity of the entry point's role, the check's own id and reference.
import { type EntryPoint, type Role, clientLabel, placeOf } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import type { EntryFacts } from "./check.ts";
import { otherServers } from "./other-servers.ts";

type Named = {
  readonly id: string;
  readonly reference: string;
  readonly severity: Readonly<Record<Role, Severity | "-">>;
};

/** A finding of `check`; nothing where the role does not care. `severity` overrides the role's. */
export const say = (
  check: Named,
  role: Role,
  words: { readonly message: string; readonly hint?: string; readonly severity?: Severity },
): readonly Finding[] => {
  const severity = words.severity ?? check.severity[role];
  if (severity === "-") return [];
  return [
    {
      check: check.id,
      severity,
      message: words.message,
      ...(words.hint === undefined ? {} : { hint: words.hint }),
      reference: check.reference,
    },
  ];
};

/** `143 (STARTTLS)`: how a person knows an entry point. */
export const portOf = (entry: Pick<EntryPoint, "port" | "mode" | "address">): string =>
  `${placeOf(entry)} (${clientLabel(entry.mode)})`;

/** Which server it is cannot be seen from outside: the words for those that speak this protocol. */
export const settingFor = (
  facts: Pick<EntryFacts, "observation">,
  dovecot: string,
  postfix: string,
  kind: "tls" | "login" | "chain" | "policy" = "tls",
): string => {
  const { protocol } = facts.observation.entry;
  const other = otherServers[protocol];
  if (other && kind === "chain") return `let its certificate file hold the full chain (fullchain.pem). ${other.tls}`;
  if (other && kind === "policy") return other.policy;
  if (other) return (kind === "login" ? other.login : undefined) ?? other.tls;
  return protocol === "smtp" || protocol === "submission" ? `Postfix: ${postfix}` : `Dovecot: ${dovecot}`;
};

/** Postfix reads the `mandatory` settings where TLS is a must (465, 587) and the others on port 25, where strictness has a price: that is told. */
export const onlyWithTls = (
  facts: Pick<EntryFacts, "observation">,
  mandatory: string,
  opportunistic: string,
): string =>
  facts.observation.entry.protocol === "submission"
    ? `${mandatory} (it counts where smtpd_tls_security_level is encrypt, as it should be on 465 and 587)`
    : `${opportunistic}; old senders then deliver in clear, and on port 25 weak encryption is better than none: leave it unless the log shows that nobody needs it`;
