// `verify --file LIST --format ndjson`: thousands of targets, each told as it is done.
import type { Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { createProgress } from "../cli/progress.ts";
import { ownPath } from "../domain/own-path.ts";
import { Failure } from "../domain/failure.ts";
import { noRemains, notGoneOnWith } from "../domain/fleet-lines.ts";
import { type ListedTarget, readTargetList } from "../domain/target-list.ts";
import { fleetRunLine, fleetSummaryLine, fleetTargetLines } from "../reports/verify-ndjson.ts";
import { verifyFleet } from "../usecases/verify-fleet.ts";
import { type VerifyWords, fleetRequests } from "../usecases/verify-request.ts";
import type { VerifyDeps } from "../usecases/verify.ts";
import type { World } from "../usecases/world.ts";

/** Where a target stands, in front of what is wrong with it. */
export const placeIn =
  ({ name, targets }: Listed) =>
  (target: string): string => {
    const line = targets.find(({ text }) => text === target)?.line;
    return line === undefined ? "" : `${name}, line ${line}: `;
  };

interface Listed {
  readonly name: string;
  readonly targets: readonly ListedTarget[];
}

/** undefined: there is no --file. @throws Failure */
export const listedTargets = async ({ options, host }: Context, world: World): Promise<Listed | undefined> => {
  const name = options["file"] as string | undefined;
  if (name === undefined) return undefined;
  const fromInput = name === "-";
  const text = fromInput ? await host.readInput() : await (await world.verifying()).readList(ownPath(host, name));
  const targets = readTargetList(text);
  const shown = fromInput ? "standard input" : name;
  if (targets.length > 0) return { name: shown, targets };
  throw new Failure("data", `there is no target in ${shown}`, {
    hints: ["write one target a line, as on the command line: a host name or a URL; # begins a comment"],
  });
};

/** Forms other than ndjson are made of all results at once. */
const mostAtOnce = 1000;

export const withListed = (words: VerifyWords, listed: Listed | undefined, format: string): VerifyWords => {
  if (!listed) return words;
  const domains = [words.mx && "--mx", words.srv && "--srv"].find((option) => option);
  if (domains !== undefined && format === "ndjson") {
    throw new Failure(
      "usage",
      `${domains} does not go with --file and --format ndjson, which tells of hosts one by one`,
      {
        hints: [`look at the domain in a run of its own: mailcert verify ${domains} DOMAIN`],
      },
    );
  }
  const targets = [...new Set([...words.targets, ...listed.targets.map(({ text }) => text)])];
  if (format !== "ndjson" && targets.length > mostAtOnce) {
    throw new Failure("usage", `${targets.length} targets are too many for --format ${format}`, {
      hints: [`--format ndjson tells each as it is done; the other forms take ${mostAtOnce} targets at most`],
    });
  }
  return { ...words, targets };
};

/** What decides what a target is found to be: a stopped run is gone on with by the same question alone. */
const askedOf = ({
  targets: _targets,
  concurrency: _concurrency,
  timeoutSeconds: _timeout,
  ...asked
}: VerifyWords): object =>
  Object.fromEntries(Object.entries(asked).toSorted(([one], [other]) => (one < other ? -1 : 1)));

export const verifyList = async (
  { options, globals, output, host }: Context,
  world: World,
  deps: VerifyDeps,
  words: VerifyWords,
  { name: list, targets: listed }: Listed,
): Promise<number> => {
  const now = world.now();
  const lines = new Map(listed.map(({ text, line }) => [text, line]));
  const { requestFor, concurrency } = await fleetRequests(world, words, (target) =>
    lines.has(target) ? `${list}, line ${lines.get(target)}: ` : "",
  );
  const name = options["output"] as string | undefined;
  const file = name === undefined ? undefined : await (await world.verifying()).openResults(ownPath(host, name));
  const progress = createProgress(host, globals.quiet || globals.verbose);
  const asked = askedOf(words);
  const anew = file && notGoneOnWith(file.remains, JSON.stringify(asked), now);
  if (anew !== undefined) {
    file?.startAnew();
    output.step(`${name} is begun anew: ${anew}`);
  }
  const remains = anew === undefined && file ? file.remains : noRemains;
  const startedAt = remains.run?.startedAt ?? now;
  let head = remains.targets.size > 0 ? "" : fleetRunLine(startedAt, asked);
  const write = async (lines: string): Promise<void> => {
    const text = head + lines;
    head = "";
    if (file) return file.append(text);
    progress.clear();
    output.text(text);
  };
  try {
    const { targets } = words;
    const counts = await verifyFleet(
      deps,
      { targets, requestFor, concurrency, remains },
      async (target, result, soFar) => {
        await write(fleetTargetLines(target, result));
        const faults = soFar.faulty === 0 ? "" : `, ${soFar.faulty} with faults`;
        progress.show(`verify: ${soFar.targets} of ${targets.length} targets${faults}`);
      },
    );
    await write(fleetSummaryLine(counts, startedAt, world.now()));
    progress.clear();
    if (counts.kept > 0) output.step(`${counts.kept} targets were looked at by an earlier run`);
    return counts.faulty === 0 ? exitStatus.done : exitStatus.findings;
  } finally {
    progress.clear();
    await file?.close();
  }
};
