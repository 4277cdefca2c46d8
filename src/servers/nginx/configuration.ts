// What nginx reads, with every file that it includes: its own dump (`nginx -T`) names the files, the files have the places of the lines.
import { dirname, resolve } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { expand, matchesGlob } from "../glob.ts";
import { complaint, runIfInstalled, sayable } from "../program.ts";
import { commandLine } from "../command-line.ts";
import { runningPid } from "../running.ts";
import { believedFile } from "../whose-words.ts";
import { type Directive, parseNginx } from "./parse.ts";

export interface Nginx {
  readonly version: string;
  readonly mainFile: string;
  readonly pid: number | undefined;
}

const program = "nginx";
/** A directive; those before the first block are of the main context (nginx.org, "Core functionality"). */
const begins =
  /^\s*(?:user|worker_\w+|include|load_module|events|https?|mail|stream|pid|error_log|daemon|master_process|env|thread_pool|pcre_jit|ssl_\w+|debug_points|timer_resolution|working_directory|lock_file)(?=[\s;{]|$)/;
/** A dump of many sites is long. */
const maxOutput = 32 << 20;

/** The configuration that the master was started with, where it was told one: root's word, or root's file. A master calls itself "nginx: master process nginx -c FILE". */
const named = async (run: RunProgram, pid: number | undefined): Promise<string | undefined> => {
  if (pid === undefined) return undefined;
  const path = /\s-c\s*(\/\S+)/.exec((await commandLine(pid)).join(" "))?.[1];
  return believedFile(run, program, { path, pid, begins, home: "/etc/nginx" });
};

/** undefined: not installed. */
export const findNginx = async (run: RunProgram): Promise<Nginx | undefined> => {
  const asked = await runIfInstalled(run, program, ["-V"]);
  if (asked === undefined) return undefined;
  const said = `${asked.stderr}\n${asked.stdout}`;
  const built = /--conf-path=(\/\S+)/.exec(said)?.[1] ?? "/etc/nginx/nginx.conf";
  const text = (await readTextIfPresent(built).catch(() => undefined)) ?? "";
  const told = parseNginx(built, text).find(({ name }) => name === "pid")?.args[0];
  const pidFile = told ?? /--pid-path=(\/\S+)/.exec(said)?.[1] ?? "/run/nginx.pid";
  const pid = await runningPid(resolve(dirname(built), pidFile), program);
  return {
    version: /nginx version: \S*\/(\d+(?:\.\d+)+)/.exec(said)?.[1] ?? "of an unknown version",
    mainFile: (await named(run, pid)) ?? built,
    pid,
  };
};

const asked = ({ mainFile }: Nginx, what: string): readonly string[] => ["-c", mainFile, what];

/** @throws Failure `config` with nginx's own words. */
export const testNginx = async (run: RunProgram, nginx: Nginx): Promise<void> => {
  const result = await run(program, asked(nginx, "-t"), { maxOutput });
  if (result.status === 0) return;
  // Warnings stand before it, a summary behind it.
  const lines = result.stderr.split("\n");
  const worst = lines.find((line) => /\[(emerg|alert|crit|error)\]/.test(line));
  const words = await sayable(complaint(worst?.replace(/^nginx: \[\w+\] /, "") ?? result.stderr), [nginx.mainFile]);
  throw new Failure("config", `nginx refuses its configuration: ${words}`, {
    hints: ["mend it; `nginx -t` shows the same complaint"],
  });
};

/** Files of the dump, in the order in which nginx reads them; undefined where it refuses its configuration. */
const dumped = async (run: RunProgram, nginx: Nginx): Promise<readonly string[] | undefined> => {
  const { status, stdout } = await run(program, asked(nginx, "-T"), { maxOutput });
  if (status !== 0) return undefined;
  return [...stdout.matchAll(/^# configuration file (\/.*):$/gm)].flatMap((match) => match[1] ?? []);
};

/**
 * The whole configuration, each `include` replaced by what it includes. Where nginx refuses it, what can be read of it: whether it is for
 * mail is known all the same. `onInclude`: told of each `include`, with what it names.
 */
export const readNginx = async (
  run: RunProgram,
  nginx: Nginx,
  onInclude: (include: Directive, pattern: string) => void = () => undefined,
): Promise<readonly Directive[]> => {
  const files = await dumped(run, nginx);
  const filesOf = (pattern: string): readonly string[] | Promise<readonly string[]> =>
    files ? files.filter((file) => file === pattern || matchesGlob(pattern, file)) : expand(pattern);

  const included = async (directives: readonly Directive[], depth: number): Promise<readonly Directive[]> => {
    const all: Directive[] = [];
    for (const one of directives) {
      const [pattern] = one.args;
      if (one.name === "include" && pattern !== undefined) {
        const named = resolve(dirname(nginx.mainFile), pattern);
        onInclude(one, named);
        for (const file of await filesOf(named)) all.push(...(await read(file, depth + 1)));
      } else all.push(one.children ? { ...one, children: await included(one.children, depth) } : one);
    }
    return all;
  };
  const read = async (path: string, depth: number): Promise<readonly Directive[]> => {
    const text = depth > 16 ? undefined : await readTextIfPresent(path).catch(() => undefined);
    return text === undefined ? [] : included(parseNginx(path, text), depth);
  };
  return read(nginx.mainFile, 0);
};

/** Where a file is included by its name, without which nginx would not start; a pattern may match nothing. */
export const includedBy = async (run: RunProgram, path: string): Promise<string | undefined> => {
  const nginx = await findNginx(run);
  const found: string[] = [];
  if (nginx)
    await readNginx(run, nginx, (include, named) => {
      if (named === path) found.push(`${include.path} line ${include.line}`);
    });
  return found[0];
};
