// What `explain` says: a heading and a few labelled paragraphs; its twin for --json.
import type { CheckWords, Explanation } from "../domain/explain.ts";
import { wrap } from "../domain/wrap.ts";

const paragraph = (label: string, text: string, width: number): string =>
  wrap(text, width, `  ${`${label}:`.padEnd(12)}`, " ".repeat(14));

const severityText = (severity: Readonly<Record<string, string>>): string =>
  [
    ["mta", "port 25"],
    ["mua", "clients' ports"],
    ["internal", "LMTP"],
  ]
    .map(([role = "", name = ""]) => `${name}: ${severity[role] ?? "-"}`)
    .join(", ");

const one = (explanation: Explanation, width: number): string => {
  if (explanation.kind === "port") {
    const { port, what, tls, clients, servers, advice, reference } = explanation.words;
    return [
      wrap(`port ${port}: ${what}, ${tls === "at once" ? "TLS at once" : "STARTTLS"}`, width),
      paragraph("programs", clients, width),
      paragraph("servers", servers, width),
      paragraph("advice", advice, width),
      paragraph("see", reference, width),
    ].join("\n");
  }
  if (explanation.kind === "label") {
    const { labels, meaning, advice } = explanation.words;
    return [
      labels[0] ?? "",
      paragraph("also", labels.slice(1).join(", "), width),
      paragraph("means", meaning, width),
      paragraph("advice", advice, width),
    ].join("\n");
  }
  if (explanation.kind === "finding") {
    const { id, means, mend } = explanation.words;
    return [id, paragraph("means", means, width), paragraph("to do", mend, width)].join("\n");
  }
  if (explanation.kind === "message") {
    const { words, server, means, mend } = explanation.words;
    return [
      wrap(`${server === undefined ? "said" : `in the log of ${server}`}: ${words}`, width, "", "  "),
      paragraph("means", means, width),
      paragraph("to do", mend, width),
    ].join("\n");
  }
  const { id, summary, clients, servers, reference, severity } = explanation.words;
  return [
    wrap(`${id}: ${summary}`, width),
    paragraph("people see", clients, width),
    paragraph("to set", servers, width),
    paragraph("how bad", severityText(severity), width),
    paragraph("see", reference, width),
  ].join("\n");
};

export const explainText = (found: readonly Explanation[], width: number): string =>
  found.map((explanation) => one(explanation, width)).join("\n\n");

/** What is for people; a check's code is not. */
const checkWords = ({ id, summary, clients, servers, reference, severity }: CheckWords): CheckWords => ({
  id,
  summary,
  clients,
  servers,
  reference,
  severity,
});

export const explainDocument = (word: string, found: readonly Explanation[]): object => ({
  schema: "mailcert.explain/1",
  ok: true,
  word,
  explanations: found.map((explanation) =>
    explanation.kind === "check"
      ? { kind: "check", ...checkWords(explanation.words) }
      : { kind: explanation.kind, ...explanation.words },
  ),
});
