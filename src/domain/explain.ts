// What a word stands for that people see in a mail program, in a report or in a firewall: a port, a label, a finding.
import { type FindingWords, findingWords } from "./finding-words.ts";
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
  | { readonly kind: "finding"; readonly words: FindingWords };

/** Case, spaces and signs do not count. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

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
    .replaceAll(/\[([^\]]*)\]\(#[^)]*\)/g, "docs/troubleshooting.md");

const plainText = ({ means, mend }: FindingWords): Omit<FindingWords, "id"> => ({
  means: withoutLinks(means),
  mend: withoutLinks(mend),
});

/** Everything that can be asked for. */
export const explainable = (checks: readonly CheckWords[]): readonly string[] => [
  ...ports.map(({ port }) => String(port)),
  ...labels.flatMap((one) => one.labels.slice(0, 1)),
  ...checks.map(({ id }) => id),
  ...findingWords.map(({ id }) => id),
];
