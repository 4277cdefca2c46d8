// verify as a page: what is wrong first, the entry points side by side, each certificate once. What templates/verify-report.html is filled with.
import { entryUrl } from "../domain/entry-point.ts";
import type { Severity } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { minute } from "./dates.ts";
import { type NumberedCertificate, certificateView, numberCertificates } from "./verify-certificates.ts";
import { domainTables } from "./verify-domains.ts";
import { daysLeft } from "./verify-json.ts";
import { protocolWords } from "./verify-text.ts";
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

/** Beside the word, never instead of it: no meaning hangs on a colour. */
const signs: Readonly<Record<Severity, string>> = { fault: "✖", warning: "▲", info: "●", ok: "✔" };

/** Commands stand in backticks in messages and hints. */
const pieces = (text: string): readonly { readonly piece: string; readonly isCode: boolean }[] =>
  text
    .split(/`([^`]+)`/)
    .map((piece, index) => ({ piece, isCode: index % 2 === 1 }))
    .filter(({ piece }) => piece !== "");

const findingView = ({ finding, hints, where }: Told): object => ({
  kind: finding.severity,
  sign: signs[finding.severity],
  check: finding.check,
  anywhere: where.length > 0,
  where: where.map((place) => ({ place })),
  message: pieces(finding.message),
  hints: hints.map((hint) => ({ hint: pieces(hint) })),
  sourced: finding.reference !== undefined,
  source: finding.reference ?? "",
});

const rowView = (one: VerifiedEntry, certificates: ReadonlyMap<string, NumberedCertificate>): object => {
  const { entry, observation, slot, chain } = one;
  const [word, kind] = verdictOf(one);
  const leaf = chain[0];
  return {
    label: labelOf(one),
    protocol: protocolWords[entry.protocol],
    address: observation.address ?? "-",
    word,
    kind,
    sign: signs[kind],
    served: leaf !== undefined,
    number: leaf ? (certificates.get(leaf.sha256)?.number ?? 0) : 0,
    short: leaf?.sha256.slice(0, 12) ?? "",
    asked: slot !== undefined,
    slot: slot ?? "",
    days: leaf ? daysLeft(leaf, observation.startedAt) : "-",
    tls: observation.tls ? `${observation.tls.version} ${observation.tls.cipher}` : "-",
    time: (observation.durationMs / 1000).toFixed(2),
  };
};

/** Those that are there before those that are not; otherwise as they were asked for. */
const presentFirst = (entries: readonly VerifiedEntry[]): readonly VerifiedEntry[] => [
  ...entries.filter(({ notOffered }) => !notOffered),
  ...entries.filter(({ notOffered }) => notOffered),
];

/** Texts only: the template escapes every one of them. */
export const verifyHtmlView = (result: VerifyResult): object => {
  const told = gather(result);
  const of = (severity: Severity): readonly object[] =>
    told.filter(({ finding }) => finding.severity === severity).map(findingView);
  const wrong = [...of("fault"), ...of("warning")];
  const kind: Severity = result.ok ? (wrong.length > 0 ? "warning" : "ok") : "fault";
  const { looked, absent } = extent(result);
  const certificates = numberCertificates(result);
  const placeOf = (one: VerifiedEntry): string =>
    [entryUrl(one.entry), ...(one.observation.address === undefined ? [] : [`at ${one.observation.address}`])].join(
      " ",
    );
  return {
    host: whose(result) || "nothing to look at",
    verdict: verdictWords(result, told),
    verdictKind: kind,
    verdictSign: signs[kind],
    extent: `${count(looked, "entry point")}${absent > 0 ? `, ${absent} not offered` : ""}`,
    when: minute(result.startedAt),
    took: (result.durationMs / 1000).toFixed(1),
    anyWrong: wrong.length > 0,
    wrong,
    domains: domainTables(result.domains).map(({ title, head, rows }) => ({
      title,
      head: head.map((word) => ({ word })),
      lines: rows.map((cells) => ({ cells: cells.map((text, column) => ({ label: head[column] ?? "", text })) })),
    })),
    hosts: [...groupBy(result.entries, nameOf)].map(([host, entries]) => ({
      name: shownHost(host),
      rows: presentFirst(entries).map((one) => rowView(one, certificates)),
    })),
    anyCertificate: certificates.size > 0,
    certificates: [...certificates.values()].map((one) => certificateView(one, certificates, placeOf)),
    anyNote: of("info").length > 0,
    notes: of("info"),
  };
};
