// Programs that a unit or a line for cron of ours names and that are not there any more.
import { access, readFile } from "node:fs/promises";

/** Node, and the file of the program: every absolute path of the line that starts it, up to the command's own words. */
export const programsIn = (text: string): readonly string[] => [
  ...new Set(
    text.split("\n").flatMap((line) => {
      const command = /^(?:ExecStart=|\S+ \S+ \S+ \S+ \S+ root )(.*)$/.exec(line)?.[1];
      if (command === undefined) return [];
      const program = command.split(/\s"?renew"?(?:\s|$)/)[0] ?? "";
      return (program.match(/\/[^\s"';|&]+/g) ?? []).filter((path) => !path.startsWith("/dev/"));
    }),
  ),
];

export const missingPrograms = async (paths: readonly string[]): Promise<readonly string[]> => {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
  const named = [...new Set(texts.flatMap(programsIn))];
  const there = await Promise.all(
    named.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return named.filter((_, index) => !there[index]);
};
