// The words of --entry, where no host is named: which of this host's entry points they mean.
import type { EntryPoint } from "./entry-point.ts";
import { Failure } from "./failure.ts";
import { readEntry } from "./targets.ts";
import type { PortTable } from "./usual-ports.ts";

type Place = Pick<EntryPoint, "protocol" | "mode" | "port">;

/** A protocol, or any port. @throws Failure `usage` for a word that is neither. */
const meantBy = (words: readonly string[], table: PortTable): ((one: Place) => boolean) => {
  const meant = words.map((word) => (/^\d+$/.test(word) ? { port: Number(word) } : readEntry(word, table)));
  return (one) =>
    meant.some((word) =>
      "port" in word ? word.port === one.port : word.protocol === one.protocol && word.mode === one.mode,
    );
};

/** They were asked for by name: that nobody listens is no choice of the server's. @throws Failure `usage` where none is meant. */
export const onlyMeant = <One extends Place>(
  words: readonly string[],
  all: readonly One[],
  table: PortTable,
): readonly (One & { readonly demanded: true })[] => {
  const wanted = all.filter(meantBy(words, table));
  if (wanted.length > 0) return wanted.map((one) => ({ ...one, demanded: true }));
  throw new Failure("usage", `this host has no entry point that ${words.join(",")} means`, {
    hints: ["all that it has: mailcert verify", "of another host: mailcert verify HOST --entry ..."],
  });
};
