// News in words: the subject of a mail, its body, and what a chat shows of a webhook. ASCII where a header needs it.
import type { News } from "./news.ts";
import { clean } from "./text.ts";

export interface NewsReport {
  readonly host: string;
  readonly at: Date;
  readonly run: string;
  readonly news: readonly News[];
  readonly open: { readonly faults: number; readonly warnings: number };
  readonly test?: boolean;
}

const about = (cause: News["cause"]): string => (cause.certificate === "" ? cause.check : cause.certificate);

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** One line: what a person reads in the list of mails. */
export const newsSubject = ({ host, news, test }: NewsReport): string => {
  const name = clean(host, 100);
  if (test) return `mailcert on ${name}: a test, all is as it was`;
  const of = (kind: (one: News) => boolean): readonly News[] => news.filter(kind);
  const faults = of(({ kind, cause }) => kind !== "over" && cause.severity === "fault");
  const over = of(({ kind }) => kind === "over");
  const certificates = [...new Set((faults.length > 0 ? faults : news).map(({ cause }) => about(cause)))];
  const where = `${clean(certificates[0] ?? "", 100)}${certificates.length > 1 ? ` and ${certificates.length - 1} more` : ""}`;
  if (faults.length > 0) {
    const again = faults.every(({ kind }) => kind === "reminder") ? "STILL " : "";
    return `mailcert on ${name}: ${again}${plural(faults.length, "fault")}: ${where}`;
  }
  if (over.length === news.length) return `mailcert on ${name}: well again: ${where}`;
  return `mailcert on ${name}: ${plural(news.length - over.length, "warning")}: ${where}`;
};

const titles: Readonly<Record<News["kind"], string>> = {
  new: "",
  changed: "changed: ",
  reminder: "still so: ",
  over: "well again, this is over: ",
};

const paragraph = ({ kind, cause }: News): string => {
  const { severity, message, hint, certificate, check, since } = cause;
  const word = kind === "over" ? "WELL AGAIN" : severity.toUpperCase();
  const head = `${word}  ${certificate === "" ? "" : `${certificate}  `}[${check}]`;
  return [
    head,
    `  ${titles[kind]}${clean(message, 1500)}`,
    ...(hint === undefined || kind === "over" ? [] : [`  -> ${clean(hint, 800)}`]),
    ...(kind === "new" ? [] : [`  since ${since.slice(0, 16).replace("T", " ")} UTC`]),
  ].join("\n");
};

/** A CA that is down can be the cause of a thousand faults: `mailcert status` has them all. */
const mostShown = 30;

/** Lines of any length; who sends them folds them as the way asks for it. */
export const newsText = (report: NewsReport): string => {
  const { host, at, run, news, open, test } = report;
  if (test)
    return [
      `This is a test that somebody asked for on ${clean(host, 100)} (mailcert notify test). Nothing is wrong.`,
      "",
      "What mailcert finds at its hourly runs will come like this: once for each cause, when it changes, when it is over,",
      "and again as a certificate's end comes closer.",
    ].join("\n");
  const left = open.faults + open.warnings;
  return [
    ...news.slice(0, mostShown).map((one) => `${paragraph(one)}\n`),
    ...(news.length > mostShown ? [`... and ${news.length - mostShown} more.\n`] : []),
    left === 0
      ? "Nothing else is open."
      : `Open now: ${plural(open.faults, "fault")}, ${plural(open.warnings, "warning")}.`,
    "",
    `What is served, and when the next attempt comes:  mailcert status`,
    `What a word in [brackets] means:                  mailcert explain WORD`,
    "",
    `${clean(host, 100)}, ${at.toISOString().slice(0, 16).replace("T", " ")} UTC, run ${run}`,
  ].join("\n");
};
