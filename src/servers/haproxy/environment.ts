// The variables of HAProxy's environment that its files name: tested, or started, without them it would be another configuration.
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { Section } from "./parse.ts";
import type { Haproxy } from "./program.ts";

/** Names of variables in a configuration (configuration.txt, 2.3). */
interface Named {
  /** Whose value it takes from outside: `"$NAME"`, `"${NAME}"`, without a default and not set in the files. */
  readonly needed: readonly string[];
  /** Also those that it asks about, or has a default for. */
  readonly all: readonly string[];
}

const inQuotes = /\$(?:\{([A-Za-z_]\w*)(-|\[\*\])?|([A-Za-z_]\w*))/g;
const askedAbout = /\b(?:defined|env)\(([A-Za-z_]\w*)\)/g;

export const variablesIn = (sections: readonly Section[]): Named => {
  const lines = sections.flatMap((section) => section.lines);
  const set = new Set(
    lines.flatMap(({ words: [first, name] }) =>
      /^(setenv|presetenv)$/.test(first?.text ?? "") ? [name?.text ?? ""] : [],
    ),
  );
  const needed = new Set<string>();
  const all = new Set<string>();
  for (const { text, words } of lines) {
    for (const match of text.matchAll(askedAbout)) all.add(match[1] ?? "");
    for (const word of words.filter(({ expands }) => expands))
      for (const [, braced, way, plain] of word.text.matchAll(inQuotes)) {
        const name = braced ?? plain ?? "";
        all.add(name);
        // It makes those called HAPROXY_ itself (management.txt, 2.3 "Environment variables").
        if (way !== "-" && !set.has(name) && !name.startsWith("HAPROXY_")) needed.add(name);
      }
  }
  return { needed: [...needed], all: [...all] };
};

/** As it was started; undefined where nobody may look, or it has ended. */
const environmentOf = async (pid: number): Promise<ReadonlyMap<string, string> | undefined> => {
  const text = await readTextIfPresent(`/proc/${pid}/environ`).catch(() => undefined);
  if (text === undefined) return undefined;
  return new Map(
    text.split("\0").flatMap((one) => {
      const at = one.indexOf("=");
      return at > 0 ? [[one.slice(0, at), one.slice(at + 1)] as const] : [];
    }),
  );
};

/**
 * What the running one has of them. One that it has not either is empty for it, too.
 * @throws Failure `config` where it takes some from outside and they cannot be known: it does not run, or may not be looked at.
 */
export const environmentFor = async (
  { pid }: Haproxy,
  sections: readonly Section[],
): Promise<Readonly<Record<string, string>>> => {
  const { needed, all } = variablesIn(sections);
  if (all.length === 0) return {};
  const has = pid === undefined ? undefined : await environmentOf(pid);
  if (has) return Object.fromEntries(all.flatMap((name) => (has.has(name) ? [[name, has.get(name) ?? ""]] : [])));
  if (needed.length === 0) return {};
  const names = needed.slice(0, 5).join(", ");
  const why = pid === undefined ? "and it does not run" : `and those of its process ${pid} cannot be read`;
  throw new Failure(
    "config",
    `HAProxy's configuration names variables of its environment (${names}), ${why}: it cannot be tested`,
    {
      hints: [
        pid === undefined
          ? "start HAProxy, then run the command again: its variables are read from the running process"
          : "run mailcert as root",
      ],
    },
  );
};
