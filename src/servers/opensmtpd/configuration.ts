// Reads smtpd.conf as far as certificates and listeners go: no program of OpenSMTPD prints what it understood.
import { readTextIfPresent } from "../../system/files.ts";

/** One word of a directive, macros replaced, quotes taken away. */
type Word = string;

export interface Directive {
  readonly words: readonly Word[];
  readonly path: string;
  readonly line: number;
  /** The last of its lines, where it goes on behind a backslash. */
  readonly lastLine: number;
  /** As it stands there, on one line. */
  readonly text: string;
}

const deepest = 8;
const tokens = /"((?:[^"\\]|\\.)*)"|(#.*)|([{}(),<>=])|([^\s"{}(),<>=#]+)/g;

/** A line may go on behind a backslash; `#` begins a comment. */
const logicalLines = (text: string): readonly Pick<Directive, "text" | "line" | "lastLine">[] => {
  const found: { text: string; line: number; lastLine: number }[] = [];
  let open: (typeof found)[number] | undefined;
  for (const [index, one] of text.split("\n").entries()) {
    const line: (typeof found)[number] = open ?? { text: "", line: index + 1, lastLine: index + 1 };
    line.lastLine = index + 1;
    const goesOn = one.endsWith("\\");
    line.text += goesOn ? `${one.slice(0, -1)} ` : one;
    if (!goesOn) found.push(line);
    open = goesOn ? line : undefined;
  }
  return open ? [...found, open] : found;
};

const wordsOf = (text: string, macros: ReadonlyMap<string, string>): readonly Word[] =>
  [...text.matchAll(tokens)].flatMap(([all, quoted, comment]) => {
    if (comment !== undefined) return [];
    if (quoted !== undefined) return [quoted.replace(/\\(["\\])/g, "$1")];
    // What a macro stands for is read like what stands there: it may be several words.
    const value = all.startsWith("$") ? macros.get(all.slice(1)) : undefined;
    return value === undefined ? [all] : wordsOf(value, new Map());
  });

/** Every directive of a configuration with what it includes, in order; `include` itself comes before what it reads. `without`: a file that is passed over. */
export const directivesOf = async (path: string, without?: string): Promise<readonly Directive[]> => {
  const macros = new Map<string, string>();
  const read = async (file: string, depth: number): Promise<readonly Directive[]> => {
    if (file === without || depth > deepest) return [];
    const found: Directive[] = [];
    for (const { text, line, lastLine } of logicalLines((await readTextIfPresent(file)) ?? "")) {
      const words = wordsOf(text, macros);
      const [first, second, third] = words;
      if (first === undefined) continue;
      if (second === "=" && third !== undefined) macros.set(first, third);
      else found.push({ words, path: file, line, lastLine, text: text.trim().replace(/\s+/g, " ") });
      if (first === "include" && second !== undefined) found.push(...(await read(second, depth + 1)));
    }
    return found;
  };
  return read(path, 0);
};

export interface Setting {
  readonly value: string;
  readonly path: string;
  readonly line: number;
}

export interface Pki {
  readonly cert?: Setting;
  readonly key?: Setting;
}

/** By name, in lower case as smtpd keeps it; of two settings the later one holds. */
export const pkisOf = (directives: readonly Directive[]): ReadonlyMap<string, Pki> => {
  const found = new Map<string, Pki>();
  for (const { words, path, line } of directives) {
    const [what, name = "", field, value] = words;
    if (what !== "pki" || value === undefined || (field !== "cert" && field !== "key")) continue;
    const id = name.toLowerCase();
    found.set(id, { ...found.get(id), [field]: { value, path, line } });
  }
  return found;
};

export interface Listen {
  readonly interface: string;
  readonly family: 4 | 6 | undefined;
  readonly port: string;
  readonly tls: "implicit" | "starttls" | undefined;
  /** Clients must authenticate, or may: people send mail there. */
  readonly auth: boolean;
  readonly proxied: boolean;
  readonly pkis: readonly string[];
  readonly directive: Directive;
}

/** `listen on INTERFACE [family] [options]`, sockets left out. */
export const listensOf = (directives: readonly Directive[]): readonly Listen[] =>
  directives.flatMap((directive) => {
    const [listen, on, where, ...options] = directive.words;
    if (listen !== "listen" || on !== "on" || where === undefined || where === "socket") return [];
    const after = (word: string): readonly string[] =>
      options.flatMap((option, index) => (option === word ? (options[index + 1] ?? []) : []));
    const implicit = options.includes("smtps");
    const starttls = options.includes("tls") || options.includes("tls-require");
    const [port = implicit ? "465" : "25"] = after("port");
    return [
      {
        interface: where,
        family: options.includes("inet4") ? (4 as const) : options.includes("inet6") ? (6 as const) : undefined,
        port,
        tls: implicit ? ("implicit" as const) : starttls ? ("starttls" as const) : undefined,
        auth: options.includes("auth") || options.includes("auth-optional"),
        proxied: options.includes("proxy-v2"),
        pkis: after("pki").map((name) => name.toLowerCase()),
        directive,
      },
    ];
  });
