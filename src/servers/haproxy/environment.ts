// The variables of HAProxy's environment that its files name: tested, or started, without them it would be another configuration.
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { ConfigurationLine, Section, Word } from "./parse.ts";
import { valuesIn } from "../assignments.ts";
import { type Haproxy, pidFile } from "./believed.ts";
import { defaultsFile } from "./configuration-files.ts";

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

/** Where a value is no more than an address or a name: elsewhere (`global`) it says what is run, and as whom. */
const ordinary: ReadonlySet<string> = new Set(["defaults", "frontend", "listen", "backend"]);

/** Addresses, numbers, names: no file, no socket's path, no descriptor. */
const isPlain = (value: string): boolean =>
  /^[\w.:*@,[\]-]*$/.test(value) && !/^\.\.?$/.test(value) && !/\b(?:unix|abnsz?|fd|sockpair|rhttp)@/.test(value);

/** Keywords of these sections whose next word is a file, a folder of files or a program. */
const beforeFiles: ReadonlySet<string> = new Set(
  (
    "crt default-crt crt-list key ocsp issuer sctl ca-file ca-verify-file ca-sign-file crl-file tls-ticket-keys ech file lf-file errorfile errorfiles -f -M " +
    "config command path uri-file server-state-file-name load-server-state-from-file"
  ).split(" "),
);
/** All of whose words may be. */
const ofFiles: ReadonlySet<string> = new Set([
  "errorfile",
  "errorfiles",
  "external-check",
  "filter",
  "server-state-file-name",
]);

/** A key that root reads for its successor becomes that process's own: which file it is, nobody else's word says, be it a name in the midst of a path. */
const namesFile = ({ words }: ConfigurationLine, word: Word): boolean =>
  /[/(]/.test(word.text) ||
  ofFiles.has(words[0]?.text ?? "") ||
  beforeFiles.has(words[words.indexOf(word) - 1]?.text ?? "");

const withFilesOnly = (sections: readonly Section[]): readonly Section[] =>
  sections.map((section) => ({
    ...section,
    lines: section.lines.flatMap((line) => {
      const words = line.words.filter((word) => namesFile(line, word));
      return words.length === 0 ? [] : [{ ...line, text: "", words }];
    }),
  }));

const notKnown = (needed: readonly string[], why: string, hint: string): Failure =>
  new Failure(
    "config",
    `HAProxy's configuration names variables of its environment (${needed.slice(0, 5).join(", ")}), ${why}: it cannot be tested`,
    { hints: [hint] },
  );

/**
 * What the running one has of them. One that it has not either is empty for it, too. Of a process that is not root's any more, whose user can write any value
 * there: where systemd or root's pid file names it, what does no harm (no file: root would read it for that user), and what root gives it by the same name.
 * @throws Failure `config` where it takes some from outside and they cannot be known: it does not run, or may not be looked at.
 */
export const environmentFor = async (
  { pid, ofRoot, noted, values: roots = {} }: Pick<Haproxy, "pid" | "ofRoot" | "noted" | "values">,
  sections: readonly Section[],
  defaults = defaultsFile,
): Promise<Readonly<Record<string, string>>> => {
  const { needed, all } = variablesIn(sections);
  if (all.length === 0) return {};
  // Whoever works as its user can start another one, with values of theirs.
  const known = ofRoot || noted;
  const has = pid === undefined || !known ? undefined : await environmentOf(pid);
  if (has === undefined) {
    if (needed.length === 0) return {};
    if (pid === undefined)
      throw notKnown(
        needed,
        "and it does not run",
        "start HAProxy, then run the command again: its variables are read from the running process",
      );
    if (known) throw notKnown(needed, `and those of its process ${pid} cannot be read`, "run mailcert as root");
    throw notKnown(
      needed,
      `and its process ${pid}, which is not root's any more, is in no unit of systemd and not in ${pidFile}: anybody who works as that user could have started it`,
      `start it by its service, or with \`-p ${pidFile}\`; or give the variables a value in the file (setenv, presetenv)`,
    );
  }
  const grave = new Set<string>();
  const given = ofRoot ? {} : { ...(await valuesIn([defaults])), ...roots };
  if (!ofRoot)
    for (const some of [sections.filter(({ kind }) => !ordinary.has(kind)), withFilesOnly(sections)])
      for (const name of variablesIn(some).all) grave.add(name);
  const values: Record<string, string> = {};
  const refused: string[] = [];
  for (const name of all) {
    const value = has.get(name);
    if (value === undefined) continue;
    const rootGaveIt = Object.hasOwn(given, name) && given[name] === value;
    if (ofRoot || rootGaveIt || (!grave.has(name) && isPlain(value))) values[name] = value;
    else refused.push(name);
  }
  const missing = needed.filter((name) => refused.includes(name));
  if (missing.length === 0) return values;
  throw notKnown(
    missing,
    `and its process ${pid} is not root's any more: whoever works as that user can write any value there`,
    `run it with a master process of root's (-W), or give the variables the same value in the file (setenv, presetenv), its unit (Environment=) or ${defaultsFile}`,
  );
};
