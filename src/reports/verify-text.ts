// What verify found, for people: first what is wrong and how to mend it, then every entry point with the label that clients show.
import { type ProtocolName, placeOf } from "../domain/entry-point.ts";
import type { Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { domainTexts } from "./verify-domains.ts";
import {
  type Told,
  count,
  extent,
  gather,
  labelOf,
  nameOf,
  shownHost,
  verdictOf,
  verdictWords,
  whose,
} from "./verify-told.ts";
import { verifyTranscript } from "./verify-transcript.ts";
import { wrap } from "../domain/wrap.ts";

export interface TextOptions {
  readonly color: boolean;
  readonly width: number;
  /** Only what is wrong. */
  readonly quiet?: boolean;
}

/** What people call a protocol. */
export const protocolWords: Readonly<Record<ProtocolName, string>> = {
  imap: "IMAP",
  pop3: "POP3",
  smtp: "SMTP",
  submission: "submission",
  lmtp: "LMTP",
  sieve: "sieve",
  nntp: "NNTP",
  "xmpp-client": "XMPP",
  "xmpp-server": "XMPP s2s",
  ldap: "LDAP",
  ftp: "FTP",
};

const paints: Readonly<Record<Severity, string>> = { fault: "31", warning: "33", info: "36", ok: "32" };
const paint = (text: string, severity: Severity, color: boolean): string =>
  color ? `\u001b[${paints[severity]}m${text}\u001b[0m` : text;

const tellOne = ({ finding, hints, where }: Told, { color, width }: TextOptions): string => {
  const head = wrap(
    `${finding.check}${where.length > 0 ? `: ${where.map((place) => place.replaceAll(" ", "\u00a0")).join(", ")}` : ""}`,
    width - 9,
    "",
    "         ",
  );
  return [
    `${paint(finding.severity.padEnd(8), finding.severity, color)} ${head}`,
    wrap(finding.message, width, "  "),
    ...hints.map((hint) => wrap(hint, width, "  hint: ", "        ")),
    ...(finding.reference === undefined ? [] : [wrap(`(${finding.reference})`, width, "  ", "   ")]),
  ].join("\n");
};

const cellsOf = (one: VerifiedEntry): readonly string[] => {
  const leaf = one.chain[0];
  return [
    labelOf(one),
    protocolWords[one.entry.protocol],
    one.observation.address ?? "-",
    leaf ? leaf.sha256.slice(0, 12) : "-",
    // Whole days, before the end and after it.
    leaf ? String(Math.trunc((leaf.notAfter.getTime() - one.observation.startedAt.getTime()) / 86_400_000)) : "-",
    `${verdictOf(one)[0]}${one.slot === undefined ? "" : ` (${one.slot})`}`,
  ];
};

const heading = ["port · clients say", "protocol", "address", "fingerprint", "days", "verdict"];

const table = (entries: readonly VerifiedEntry[], color: boolean): readonly string[] => {
  const rows = [heading, ...entries.map(cellsOf)];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row, index) => {
    const one = entries[index - 1];
    return row
      .map((cell, column) => {
        if (column === row.length - 1) return one ? paint(cell, verdictOf(one)[1], color) : cell;
        // Ports and days are numbers: their ends stand below each other.
        if (column === 0 && one)
          return `${" ".repeat(4 - Math.min(4, placeOf(one.entry).length))}${cell}`.padEnd(widths[0] ?? 0);
        return column === 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join("  ");
  });
};

const summary = (result: VerifyResult, told: readonly Told[]): string => {
  const { looked, absent } = extent(result);
  const places = `${count(looked, "entry point")} looked at${absent > 0 ? `, ${absent} not offered` : ""}`;
  return `${whose(result)}: ${verdictWords(result, told)} (${places}, ${(result.durationMs / 1000).toFixed(1)} s)`;
};

export const verifyText = (result: VerifyResult, options: TextOptions): string => {
  const told = gather(result);
  const of = (severity: Severity): readonly string[] =>
    told.filter(({ finding }) => finding.severity === severity).map((one) => tellOne(one, options));
  const wrong = [...of("fault"), ...of("warning")];
  if (options.quiet) return wrong.join("\n\n");
  const severity = result.ok ? (wrong.length > 0 ? "warning" : "ok") : "fault";
  const tables = [...groupBy(result.entries, nameOf)].map(([host, entries], _, all) =>
    [...(all.length > 1 ? [shownHost(host)] : []), ...table(entries, options.color)].join("\n"),
  );
  const first = wrap(summary(result, told), options.width, "", "  ");
  return [
    paint(first, severity, options.color),
    ...wrong,
    ...domainTexts(result.domains),
    ...tables,
    ...of("info"),
    ...result.entries.flatMap(verifyTranscript),
  ].join("\n\n");
};
