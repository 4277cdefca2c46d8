// The rows about a list of thousands of targets: against a loop of Node alone over the same list, with the same trust, as many connections at once.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFleet } from "./lab.mjs";
import { compare, runOnce } from "./measure.mjs";

const atOnce = 32;
const mostMiB = 200;

/** A tenth of the list: its peak memory shows whether that grows with the list. */
const tenth = (list, folder) => {
  const lines = readFileSync(list, "utf8").split("\n");
  const short = join(folder, "tenth.txt");
  writeFileSync(short, lines.slice(0, lines.length / 10).join("\n"));
  return short;
};

export const fleet = async ({ wanted, record, check, folder, mailcert, script, pairs, quick, env }) => {
  const names = { sessions: "verify, 10,000 targets", handshakes: "the same, against handshakes alone" };
  if (!Object.values(names).some(wanted)) return;
  const { targets, list, caFile, stop } = await startFleet(folder, quick ? 250 : 1250);
  const output = join(folder, "results.ndjson");
  const ours = (of) => ({
    ...mailcert("verify", "--quick", "--ca-file", caFile, "--file", of, "--format", "ndjson", "--output", output),
    // A finished report is written anew; a part of one would be gone on with.
    before: () => rmSync(output, { force: true }),
  });
  const bare = (how) => script("bare-fleet.mjs", caFile, list, String(atOnce), how);
  const summary = () => JSON.parse(readFileSync(output, "utf8").trim().split("\n").at(-1));
  const peak = async (of) => {
    const { argv, before } = ours(of);
    const watched = [argv[0], "--require", join(import.meta.dirname, "watch.cjs"), ...argv.slice(1)];
    const { stderr } = await runOnce({ argv: watched, before }, env);
    return Math.round(JSON.parse(/^watched:(.*)$/m.exec(stderr)[1]).maxRSS / 1024);
  };
  try {
    // Tens of seconds each: a few pairs do.
    const few = Math.min(pairs, 3);
    record(names.sessions, await compare(bare("session"), ours(list), few, env), 1 / 0.8);
    const { targets: told, faulty } = summary();
    check(names.sessions, told === targets && faulty === 0, `${told} of ${targets} told, ${faulty} with faults`);
    const [little, much] = [await peak(tenth(list, folder)), await peak(list)];
    check(names.sessions, much < mostMiB, `${much} MiB (bound ${mostMiB}; for a tenth of the list ${little})`);
    record(names.handshakes, await compare(bare("handshake"), ours(list), few, env), undefined);
  } finally {
    stop();
  }
};
