// Words that mail programs and servers say, found again in what somebody pasted: a whole line of a log, or a part of the message.

export interface MessageWords {
  /** Markdown as in docs/: what is between backticks or quotes is said literally, `...` stands for anything; without either all of it is. */
  readonly words: string;
  /** Whose log it stands in. Absent: programs and other servers say it. */
  readonly server?: string;
  /** What it means, and what to do: Markdown as in docs/, links relative to it. */
  readonly means: string;
  readonly mend: string;
}

/** Case, spaces and signs do not count. */
export const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** What is said literally, each as its parts in order. */
const phrases = ({ words }: MessageWords): readonly (readonly string[])[] => {
  const literal = [...words.matchAll(/`([^`]+)`|"([^"]+)"/g)].map(([, code, quoted]) => code ?? quoted ?? "");
  return (literal.length === 0 ? [words] : literal).map((phrase) =>
    phrase
      .split("...")
      .map(plain)
      .filter((part) => part !== ""),
  );
};

const within = (asked: string, parts: readonly string[]): boolean => {
  let from = 0;
  return parts.every((part) => {
    const at = asked.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
};

/** Of a message, and no word that stands in many: two words, or one with a sign or a digit in it (SEC_ERROR_UNKNOWN_ISSUER). */
const isTelling = (text: string): boolean => plain(text).length >= 8 && /\S[\s_]\S|\d/.test(text);

/** The longest words that `text` has of each message, or that have it in them. */
const matched = (text: string, message: MessageWords): string => {
  const asked = plain(text);
  const said = phrases(message);
  const found = said.filter((parts) => within(asked, parts)).map((parts) => parts.join(""));
  const part = isTelling(text) && said.some((parts) => parts.some((one) => one.includes(asked))) ? [asked] : [];
  return [...found, ...part].reduce((longest, one) => (one.length > longest.length ? one : longest), "");
};

/** Best first, at most three; one whose words are a part of another's that fits as well is left out. */
export const messagesIn = (text: string, messages: readonly MessageWords[]): readonly MessageWords[] => {
  const found = messages
    .map((message) => ({ message, words: matched(text, message) }))
    .filter(({ words }) => words !== "");
  return found
    .filter(({ words }) => !found.some((other) => other.words !== words && other.words.includes(words)))
    .toSorted((a, b) => b.words.length - a.words.length)
    .slice(0, 3)
    .map(({ message }) => message);
};
