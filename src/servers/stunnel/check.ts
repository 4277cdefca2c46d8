// Tries a configuration: stunnel has no test of its own, so that a private copy of it is started that cannot listen anywhere.
// It reads every option, certificate and key, says "Configuration successful" or what is wrong, fails to bind its socket, and ends.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { clean } from "../../domain/text.ts";
import { Failure } from "../../domain/failure.ts";
import { fileFailure, readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { sayable } from "../program.ts";
import { type Service, filesIn, headerIn, optionIn, readStunnel } from "./parse.ts";

/** What makes it a daemon, changes its rights or writes somewhere; the copy has its own. */
const leftOut: ReadonlySet<string> = new Set([
  "foreground",
  "pid",
  "output",
  "log",
  "debug",
  "syslog",
  "setuid",
  "setgid",
  "chroot",
]);

const header = ["foreground = yes", "pid =", "debug = 5", "syslog = no"];

/** Places of the copies, and what they are copies of. */
type Copies = Map<string, { readonly path: string; readonly above: number }>;

/** stunnel starts the program of such a service at once, before it listens anywhere: only the real one may. */
const startsProgram = ({ options }: Service): boolean =>
  options.some(({ name }) => name === "exec") && !options.some(({ name }) => name === "accept" || name === "sni");

/** Which services, by their place in the configuration, are left out, and how many were met so far. */
interface Walk {
  readonly leftOut: ReadonlySet<number>;
  met: number;
}

const copyFile = async (
  path: string,
  folder: string,
  copies: Copies,
  above: readonly string[],
  walk: Walk,
): Promise<string> => {
  const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
  const copy = join(folder, basename(path));
  copies.set(copy, { path, above: above.length });
  const lines: string[] = [...above];
  for (const line of text.split("\n")) {
    if (headerIn(line) !== undefined) walk.met += 1;
    const option = optionIn(line);
    if (walk.leftOut.has(walk.met) && option?.name !== "include") lines.push(";");
    else if (option?.name === "accept") lines.push(`accept = ${folder}/none/socket`);
    else if (option?.name === "include" && copies.size < 1000) {
      const inside = await mkdtemp(join(folder, "include-"));
      for (const file of await filesIn(option.value)) await copyFile(file, inside, copies, [], walk);
      lines.push(`include = ${inside}`);
    } else lines.push(option && leftOut.has(option.name) ? ";" : line);
  }
  await writeFile(copy, lines.join("\n"), { mode: 0o600 });
  return copy;
};

/** Its first complaint, with the places of the real files. */
const wordsOf = (said: string, copies: Copies): string => {
  // 5.68 says that it knows no CAs before it says what is wrong: nobody asked it to.
  const bad = said.split("\n").filter((line) => line.startsWith("[!]") && !/No trusted certificates found/.test(line));
  let words = bad[0]?.slice("[!]".length).trim() ?? said.trim().split("\n").at(-1) ?? "it said nothing";
  for (const [copy, { path, above }] of copies) {
    words = words.replaceAll(
      new RegExp(`${copy.replace(/[.+*?^${}()|[\]\\]/g, "\\$&")}(?::(\\d+))?`, "g"),
      (_all, line?: string) => (line === undefined ? path : `${path} line ${Number(line) - above}`),
    );
  }
  return clean(words, 400);
};

/** @throws Failure `config` with stunnel's words. */
export const checkStunnel = async (run: RunProgram, program: string, file: string): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-stunnel-")).catch((error: unknown) => {
    throw fileFailure(error, "make a folder in", tmpdir());
  });
  try {
    const inner = join(folder, "copy");
    await mkdir(inner, { mode: 0o700 });
    const copies: Copies = new Map();
    const { services } = await readStunnel(file);
    const leftOut = new Set(services.flatMap((service, index) => (startsProgram(service) ? [index + 1] : [])));
    const copy = await copyFile(file, inner, copies, header, { leftOut, met: 0 });
    const { stdout, stderr } = await run(program, [copy], { timeoutMs: 20_000 });
    const said = `${stderr}\n${stdout}`;
    if (/Configuration successful/.test(said)) return;
    const words = await sayable(
      wordsOf(said, copies),
      [...copies.values()].map(({ path }) => path),
    );
    throw new Failure("config", `stunnel refuses its configuration: ${words}`, {
      hints: [`mend ${file}; stunnel says the same in its log when it is reloaded`],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
