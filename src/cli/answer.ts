// Answers a shell that asks what may stand on a command line: candidates on stdout, and nothing else whatever happens. Reads the configuration, takes no lock.
import { dnsName } from "../domain/certificate-defaults.ts";
import { certificateNameProblem } from "../domain/certificate-name.ts";
import { canonicalName } from "../domain/names.ts";
import { clean } from "../domain/text.ts";
import type { World } from "../usecases/world.ts";
import { type Candidates, complete } from "./complete.ts";
import type { Globals } from "./command.ts";
import type { ProgramOptions } from "./program.ts";
import type { OwnNames, Word } from "./takes.ts";

export interface AnswerOptions extends Pick<ProgramOptions, "host" | "commands"> {
  readonly world: (globals: Globals) => Promise<Pick<World, "config" | "completing">>;
}

/** Whoever types does not wait longer for names; commands and options need none. */
const patienceMs = 1500;

/** Whatever a configuration or a folder has: what is no name goes onto nobody's command line. */
const isName = (text: string): boolean => certificateNameProblem(text) === undefined;

const isHost = (text: string): boolean => {
  try {
    return canonicalName(text) === text && !text.startsWith("*");
  } catch {
    return false;
  }
};

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)];

const namesFrom = async (
  { config, completing }: Pick<World, "config" | "completing">,
  what: OwnNames,
): Promise<readonly Word[]> => {
  if (what === "updaters")
    return (await completing()).updaters().then((names) => names.filter((name) => dnsName.test(name)));
  const { certificates } = await config.readable();
  switch (what) {
    case "certificates":
      return certificates
        .filter(({ name }) => isName(name))
        .map(({ name, names }) => [name, names.join(" ") === name ? "" : names.join(" ")]);
    case "hosts":
      return unique(certificates.flatMap(({ names }) => names.filter(isHost)));
    case "private CAs":
      return unique([
        "default",
        ...certificates.flatMap(({ issuer }) => (issuer.kind === "private-ca" && isName(issuer.ca) ? [issuer.ca] : [])),
      ]);
  }
};

/** One line each: kind, word, meaning, with tabs between them. */
const written = ({ candidates, files }: Candidates): string => {
  const lines = candidates.map(({ kind, word, meaning }) => [kind, clean(word, 1000), clean(meaning)].join("\t"));
  return [...lines, ...(files === undefined ? [] : [files === "folders" ? "folders" : "files"]), ""].join("\n");
};

/** `host.argv`: `__complete`, then the words behind the program's name as they were typed, the last one up to the cursor. Always ends with 0. */
export const answer = async ({ host, commands, world }: AnswerOptions): Promise<number> => {
  const enough = new AbortController();
  try {
    const found = await complete({ host, commands }, host.argv.slice(1), (globals, what) =>
      Promise.race([
        // A configuration that is not there, broken, or not this user's to read has no names.
        world(globals)
          .then((here) => namesFrom(here, what))
          .catch(() => []),
        host.sleep(patienceMs, enough.signal).then(() => []),
      ]),
    );
    host.stdout.write(written(found));
  } catch {
    // Nothing is known, and nothing is to be written over what is being typed.
  } finally {
    enough.abort();
  }
  return 0;
};
