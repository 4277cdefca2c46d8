// What `status` says of a removal that a server has not read yet.
import type { Finding } from "../domain/finding.ts";
import type { CertificateState } from "../store/store.ts";

/** It may go on with a key that its admin takes for gone. */
export const unreadFindings = ({
  name,
  parked,
  unread = [],
}: Pick<CertificateState, "name" | "parked" | "unread">): readonly Finding[] =>
  unread.map((id) => ({
    check: "deploy-unread",
    severity: "fault",
    message: `${id} has not read yet that ${name} was taken out of its settings: it may go on with its key`,
    // Where it was deployed to others since, it stays with these.
    hint: `mailcert deploy ${parked ? "--remove " : ""}${name}`,
  }));
