// What is wrong in a list of targets, told all at once, each with its place, before anything is connected to.
import { Failure } from "../domain/failure.ts";

/** So many are shown. */
const mostWrong = 20;

/** All that is wrong in a list, at once. @throws Failure `usage` */
export const refuseWrong = async (
  targets: readonly string[],
  where: (target: string) => string,
  read: (target: string) => Promise<unknown>,
): Promise<void> => {
  const wrong: Failure[] = [];
  for (const target of targets) {
    try {
      await read(target);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      wrong.push(new Failure(error.kind, `${where(target)}${error.message}`, { cause: error, hints: error.hints }));
    }
  }
  const [first] = wrong;
  if (!first) return;
  if (wrong.length === 1) throw first;
  const shown = wrong.slice(0, mostWrong).map(({ message }) => `  ${message}`);
  const rest = wrong.length - shown.length;
  throw new Failure(
    first.kind,
    [`${wrong.length} targets are wrong:`, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join("\n"),
    { cause: first, hints: [...new Set(wrong.flatMap(({ hints }) => hints))].slice(0, 3) },
  );
};
