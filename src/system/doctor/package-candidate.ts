// Which version of a Debian package the next upgrade would install: asked of apt-cache, which reads this host's own lists and nothing else.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { RunProgram } from "../run.ts";

export interface PackageFacts {
  /** Upstream version, without epoch and revision: `2.4.1+dfsg1`. undefined: none. */
  readonly candidate: string | undefined;
  /** Release names that the sources of packages say: `trixie`, `trixie-security`. */
  readonly suites: readonly string[];
}

/** deb-version(7): `1:2.3.19.1+dfsg1-2.1+deb12u1` -> `2.3.19.1+dfsg1`. */
const upstream = (version: string | undefined): string | undefined =>
  version === undefined || version === "(none)" ? undefined : version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** sources.list(5): `deb [options] URI suite component...`, and `Suites:` of the deb822 form. */
export const suitesIn = (text: string): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const oneLine = /^\s*deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)/.exec(line)?.[1];
    const listed = /^Suites:\s*(.*)$/i.exec(line)?.[1];
    return oneLine === undefined ? (listed?.split(/\s+/).filter((word) => word !== "") ?? []) : [oneLine];
  });

/** undefined where there is no apt. */
export const packageFacts = async (
  run: RunProgram,
  name: string,
  apt = "/etc/apt",
): Promise<PackageFacts | undefined> => {
  try {
    const { status, stdout } = await run("apt-cache", ["policy", name], { timeoutMs: 10_000 });
    if (status !== 0) return undefined;
    const candidate = upstream(/^ {2}Candidate: (\S+)$/m.exec(stdout)?.[1]);
    const folder = join(apt, "sources.list.d");
    const names = await readdir(folder).catch(() => []);
    const files = names.filter((file) => /\.(list|sources)$/.test(file)).map((file) => join(folder, file));
    const texts = await Promise.all([join(apt, "sources.list"), ...files].map(textOf));
    return { candidate, suites: [...new Set(texts.flatMap(suitesIn))] };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};
