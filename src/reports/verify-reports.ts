// The registry of verify's reports: the names of --format, and what writes each.
import type { ExpiryDays } from "../domain/expiry-limits.ts";
import type { VerifyResult } from "../domain/verify-result.ts";
import { verifyHtmlView } from "./verify-html.ts";
import { verifyDocument } from "./verify-json.ts";
import { verifyJunit } from "./verify-junit.ts";
import { verifyNagios } from "./verify-nagios.ts";
import { verifyNdjson } from "./verify-ndjson.ts";
import { verifyPrometheus } from "./verify-prometheus.ts";
import { type TextOptions, verifyText } from "./verify-text.ts";

export interface ReportTerms {
  readonly text: TextOptions;
  /** What cert-expiry judged by; undefined: it was not asked. */
  readonly limits: ExpiryDays | "share" | undefined;
  /** Fills a file of templates/, every value escaped for HTML. */
  readonly renderHtml: (template: string, view: object) => Promise<string>;
}

type Report = (result: VerifyResult, terms: ReportTerms) => string | Promise<string>;

export const verifyReports = {
  text: (result, { text }) => verifyText(result, text),
  json: (result) => JSON.stringify(verifyDocument(result), undefined, 2),
  ndjson: verifyNdjson,
  nagios: (result, { limits }) => verifyNagios(result, limits).text,
  prometheus: verifyPrometheus,
  junit: verifyJunit,
  html: (result, { renderHtml }) => renderHtml("verify-report.html", verifyHtmlView(result)),
} as const satisfies Readonly<Record<string, Report>>;

export type ReportFormat = keyof typeof verifyReports;
