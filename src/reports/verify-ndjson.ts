// verify as lines of JSON: one for each entry point, as in `entries` of the whole document, and a last one about the whole.
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { domainDocument } from "./verify-domains.ts";
import { entryDocument } from "./verify-json.ts";

/** docs/schema/verify-entry.json */
const entryLine = (entry: VerifiedEntry): object => ({
  schema: "mailcert.verify-entry/1",
  ...entryDocument(entry),
});

/** docs/schema/verify-summary.json */
const summaryLine = (result: VerifyResult): object => ({
  schema: "mailcert.verify-summary/1",
  ok: result.ok,
  startedAt: result.startedAt.toISOString(),
  durationMs: result.durationMs,
  entries: result.entries.length,
  findings: result.findings,
  ...(result.domains.length > 0 ? { domains: result.domains.map(domainDocument) } : {}),
});

export const verifyNdjson = (result: VerifyResult): string =>
  [...result.entries.map(entryLine), summaryLine(result)].map((line) => JSON.stringify(line)).join("\n");
