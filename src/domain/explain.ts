// What a word stands for that people see in a mail program, in a report, in a log or in a firewall: a port, a label, a finding, a message.
import { type FindingWords, findingWords } from "./finding-words.ts";
import { type MessageWords, messagesIn, plain } from "./message-words.ts";
import { programMessages } from "./program-messages.ts";
import { serverMessages } from "./server-messages.ts";
import { type LabelWords, type PortWords, labels, ports } from "./vocabulary.ts";

/** What explains a finding: the seam of checks has these. */
export interface CheckWords {
  readonly id: string;
  readonly summary: string;
  readonly clients: string;
  readonly servers: string;
  readonly reference: string;
  readonly severity: Readonly<Record<string, string>>;
}

export type Explanation =
  | { readonly kind: "port"; readonly words: PortWords }
  | { readonly kind: "label"; readonly words: LabelWords }
  | { readonly kind: "check"; readonly words: CheckWords }
  | { readonly kind: "finding"; readonly words: FindingWords }
  | { readonly kind: "message"; readonly words: MessageWords };

/** A word may stand for several things: `smtps` is a port's name and a label. Empty: nothing is known by it. */
export const explain = (word: string, checks: readonly CheckWords[]): readonly Explanation[] => {
  const wanted = plain(word);
  if (wanted === "") return [];
  const byPort = ports.filter(({ port }) => String(port) === wanted);
  const byLabel = labels.filter((one) => one.labels.some((label) => plain(label) === wanted));
  const byFinding = findingWords.filter(({ id }) => plain(id) === wanted);
  const byCheck = checks.filter(({ id }) => plain(id) === wanted);
  return [
    ...byPort.map((words): Explanation => ({ kind: "port", words })),
    ...byLabel.map((words): Explanation => ({ kind: "label", words })),
    ...byCheck.map((words): Explanation => ({ kind: "check", words })),
    ...byFinding.map((words): Explanation => ({ kind: "finding", words: { ...words, ...plainText(words) } })),
  ];
};

/** Markdown's links as a terminal can show them: the page's path, or nothing where it is the same page. */
const withoutLinks = (text: string): string =>
  text
    .replaceAll(
      /\[([^\]]*)\]\(([^)#]+\.md)(#[^)]*)?\)/g,
      (_link, title: string, page: string) => `${title} (docs/${page})`,
    )
    .replaceAll(/\[([^\]]*)\]\(#[^)]*\)/g, (_link, title: string) =>
      title === "above" ? "docs/troubleshooting.md" : `${title} (docs/troubleshooting.md)`,
    )
    .replaceAll("**", "");

const plainText = ({ means, mend }: Pick<FindingWords, "means" | "mend">): Omit<FindingWords, "id"> => ({
  means: withoutLinks(means),
  mend: withoutLinks(mend),
});

/** What mail programs, other servers or a server's log say: a whole line of it, or the words that were read out. */
export const explainMessage = (text: string): readonly Explanation[] =>
  messagesIn(text, [...serverMessages, ...programMessages]).map((words): Explanation => ({
    kind: "message",
    words: { ...words, ...plainText(words) },
  }));

/** Everything that can be asked for by a word of its own. */
export const explainable = (checks: readonly CheckWords[]): readonly string[] => [
  ...ports.map(({ port }) => String(port)),
  ...labels.flatMap((one) => one.labels.slice(0, 1)),
  ...checks.map(({ id }) => id),
  ...findingWords.map(({ id }) => id),
];
