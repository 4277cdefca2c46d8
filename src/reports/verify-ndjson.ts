// verify as lines of JSON: one for each entry point, as in `entries` of the whole document, and a last one about the whole.
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { domainDocument } from "./verify-domains.ts";
import { entryDocument } from "./verify-json.ts";

/** docs/schema/verify-run.json: the first line of a list. */
export const fleetRunLine = (startedAt: Date, asked: object): string =>
  linesOf([{ schema: "mailcert.verify-run/1", startedAt: startedAt.toISOString(), asked }]);

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

/** docs/schema/verify-target.json */
const targetLine = (target: string, result: VerifyResult): object => ({
  schema: "mailcert.verify-target/1",
  target,
  ok: result.ok,
  durationMs: result.durationMs,
  entries: result.entries.length,
  findings: result.findings,
});

const linesOf = (documents: readonly object[]): string =>
  documents.map((document) => `${JSON.stringify(document)}\n`).join("");

/** Everything about one target of a list; its own line comes last, so that a reader knows that it is whole. */
export const fleetTargetLines = (target: string, result: VerifyResult): string =>
  linesOf([...result.entries.map(entryLine), targetLine(target, result)]);

/** The last line of a list. */
export const fleetSummaryLine = (
  { targets, faulty, entries }: { readonly targets: number; readonly faulty: number; readonly entries: number },
  startedAt: Date,
  end: Date,
): string =>
  linesOf([
    {
      schema: "mailcert.verify-summary/1",
      ok: faulty === 0,
      startedAt: startedAt.toISOString(),
      durationMs: Math.max(0, end.getTime() - startedAt.getTime()),
      targets,
      faulty,
      entries,
      findings: [],
    },
  ]);

export const verifyNdjson = (result: VerifyResult): string =>
  [...result.entries.map(entryLine), summaryLine(result)].map((line) => JSON.stringify(line)).join("\n");
