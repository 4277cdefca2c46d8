// The script that an interpreter is told to run, or the program behind one that starts others: whoever can change it says what is done.
import { open } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { behindOptions, isReader, modeOf } from "./option-scripts.ts";
import { runsAsOther } from "./other-user.ts";

interface Interpreter {
  readonly name: RegExp;
  /** Letters of short options behind which no file comes, but the work itself: `sh -c 'COMMANDS'`, `python3 -m MODULE`. */
  readonly inline: string;
  /** Letters that take the rest of their word, or the next one, as a value: `perl -MSocket` is no `-e`. */
  readonly valued: string;
}

const interpreters: readonly Interpreter[] = [
  { name: /^(?:[abckz]|ba|da|fi|mk|tc)?sh(?:\d[\d.]*)?$/, inline: "c", valued: "oO" },
  { name: /^(?:python|pypy)[\d.]*$/, inline: "cm", valued: "WX" },
  { name: /^(?:perl|ruby)[\d.]*$/, inline: "eE", valued: "MmIFCxrKWD0il" },
  { name: /^(?:node|nodejs|bun|deno)$/, inline: "ep", valued: "rC" },
  { name: /^php[\d.]*$/, inline: "r", valued: "dcfFBRE" },
  { name: /^lua[\d.]*$/, inline: "e", valued: "l" },
  { name: /^(?:tclsh[\d.]*|expect)$/, inline: "", valued: "f" },
];

/** Programs that start the one behind their own options. */
const starters =
  /^(?:env|nice|ionice|chrt|taskset|timeout|setsid|nohup|stdbuf|busybox|flock|runuser|su|sudo|doas|setpriv|systemd-run|systemd-inhibit|chroot|xargs|unshare|nsenter|ip|time|chpst|softlimit|prlimit|s6-setuidgid|setuidgid|gosu|su-exec)$/;

/** Options whose value is a script, too: `node --require FILE`. */
const loads = /^(?:-[rfF]|--(?:require|import|loader|experimental-loader|file|rcfile|init-file))$/;

/** `-eu`: none of its letters starts the work itself. What stands behind one that takes a value is its value. */
const isInline = (word: string, { inline, valued }: Interpreter): boolean => {
  if (/^--(?:eval|print)(?:=|$)/.test(word)) return true;
  const letters = /^-([^-].*)$/.exec(word)?.[1] ?? "";
  const first = letters.split("").find((letter) => inline.includes(letter) || valued.includes(letter));
  return first !== undefined && inline.includes(first);
};

const behindInterpreter = async (
  interpreter: Interpreter,
  words: readonly string[],
  base: string,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word === "") continue;
    if (word.startsWith("-")) {
      if (isInline(word, interpreter)) return found;
      const value = /^--[a-z-]+=(.+)$/.exec(word)?.[1] ?? /^-[rfF](.+)$/.exec(word)?.[1];
      if (value !== undefined && (await modeOf(resolve(base, value))) !== undefined) found.push(resolve(base, value));
      continue;
    }
    const path = resolve(base, word);
    if ((await modeOf(path)) === undefined) continue;
    found.push(path);
    // What comes behind the script is its own to read.
    if (!loads.test(words[index - 1] ?? "")) return found;
  }
  return found;
};

/** `env -C DIR ./x`, `env -S 'sh /opt/x.sh'`: where the rest starts, and words that are in one. */
const folderOf = (words: readonly string[], index: number): string | undefined => {
  const word = words[index] ?? "";
  if (/^(?:-C|-D|--chdir|--working-directory)$/.test(word)) return words[index + 1];
  return /^(?:-C|-D|--chdir=|--working-directory=)(\/.*)$/.exec(word)?.[1];
};

const behindStarter = async (words: readonly string[], from: string): Promise<readonly string[]> => {
  let base = from;
  for (const [index, word] of words.entries()) {
    base = folderOf(words, index) ?? base;
    const split =
      /^(?:-S|--split-string=)(.+)$/s.exec(word)?.[1] ?? (/^(?:-S|--split-string)$/.test(word) ? "" : undefined);
    if (split !== undefined) {
      const [next = "", ...rest] = words.slice(index + 1);
      const whole = split === "" ? [...next.split(/\s+/), ...rest] : [...split.split(/\s+/), next, ...rest];
      return behindStarter(
        whole.filter((part) => part !== ""),
        base,
      );
    }
    if (word.startsWith("-") || word === "") continue;
    // `env NAME=value python3 /opt/x.py`: one without a path is found where only root puts programs.
    const known =
      !word.includes("/") &&
      (starters.test(word) || isReader(word) || interpreters.some(({ name }) => name.test(word)));
    if (known) return scriptsBehind(words.slice(index), base);
    const path = resolve(base, word);
    const mode = await modeOf(path);
    // A lock or a data file on the way is not run.
    if (mode !== undefined && (mode & 0o111) !== 0) return [path, ...(await scriptsBehind(words.slice(index), base))];
  }
  return [];
};

/**
 * Absolute paths of the files behind the program (`words[0]`) that are run: `[/usr/bin/env, python3, /opt/x.py]` -> `/opt/x.py`. Relative ones count from
 * `base`, the root folder, in which all are started. What a script itself reads or starts is not looked at, nor what another user than root runs.
 */
export const scriptsBehind = async (words: readonly string[], base = "/"): Promise<readonly string[]> => {
  const [program = "", ...rest] = words;
  if (await runsAsOther(words)) return [];
  if (starters.test(basename(program))) return behindStarter(rest, base);
  if (isReader(program)) return behindOptions(words, base);
  const interpreter = interpreters.find(({ name }) => name.test(basename(program)));
  return interpreter ? behindInterpreter(interpreter, rest, base) : [];
};

/** `#!/opt/venv/bin/python` -> `/opt/venv/bin/python`; undefined where there is no such line, or it cannot be read. Linux reads 256 bytes of it (execve(2)). */
export const interpreterOf = async (path: string): Promise<string | undefined> => {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return /^#![ \t]*(\/[^\s]+)/.exec(buffer.toString("utf8", 0, bytesRead))?.[1];
  } finally {
    await handle.close();
  }
};
