// What `verify --dry-run` says: connections by entry point and address, and their sum.
import { entryUrl } from "../domain/entry-point.ts";
import type { VerifyPlan } from "../domain/verify-plan.ts";
import { findingsText } from "./findings-text.ts";
import { table } from "./table.ts";
import { count } from "./verify-told.ts";

export const verifyPlanText = ({ entries, connections, policies, findings }: VerifyPlan): string => {
  const rows = entries.map(({ entry, connections: number, unresolved }) => [
    unresolved === undefined ? String(number) : "-",
    entryUrl(entry),
    entry.address ?? unresolved ?? "",
  ]);
  const sum = `verify would make ${connections === 0 ? "no connection" : `at most ${count(connections, "connection")}`}; no mail server was connected to`;
  const fetched = `(the MTA-STS policy of ${policies.join(", ")} was fetched over HTTPS)`;
  return [
    sum,
    ...(policies.length > 0 ? [fetched] : []),
    ...(findings.length > 0 ? ["", findingsText(findings)] : []),
    ...(rows.length > 0 ? ["", table([["connections", "entry point", "address"], ...rows])] : []),
  ].join("\n");
};

/** docs/schema/verify-plan.json */
export const verifyPlanDocument = ({ entries, connections, findings }: VerifyPlan): object => ({
  schema: "mailcert.verify-plan/1",
  connections,
  entries: entries.map(({ entry, connections: number, unresolved }) => ({
    url: entryUrl(entry),
    host: entry.host,
    ...(entry.address === undefined ? {} : { address: entry.address }),
    port: entry.port,
    connections: number,
    ...(unresolved === undefined ? {} : { unresolved }),
  })),
  findings,
});
