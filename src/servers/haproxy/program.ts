// The HAProxy of this host: its files are those of its command line, else those that Debian's service gives it.
import type { RunProgram } from "../../system/run.ts";
import { runIfInstalled } from "../program.ts";
import { daemonsCalled } from "../daemons.ts";
import { listens } from "../listening.ts";
import { runningPid } from "../running.ts";
import type { Doubt } from "../whose-words.ts";
import { type Haproxy, believed, pidFile, program } from "./believed.ts";
import { bindsOf } from "./binds.ts";
import { ofDebian, readHaproxy } from "./configuration-files.ts";
import { isServed, mailPorts } from "./listeners.ts";

/** undefined: not installed. */
export const findHaproxy = async (run: RunProgram): Promise<Haproxy | undefined> => {
  const asked = await runIfInstalled(run, program, ["-v"]);
  if (asked === undefined) return undefined;
  const version = /^HA-?Proxy version (\d+(?:\.\d+)+)/m.exec(asked.stdout)?.[1] ?? "of an unknown version";
  const inFile = await runningPid(pidFile, program);
  if (inFile !== undefined) {
    const found = await believed(run, [inFile]);
    if (found) return { ...found, version, noted: true };
  }
  // That file may be of one that ended long ago, whose number is somebody else's now.
  const doubts: Doubt[] = [];
  const found = await believed(run, (await daemonsCalled(program)).toReversed(), doubts);
  if (found) return { ...found, version };
  const names = await ofDebian();
  const doubt = await thatServes(names, doubts);
  return { version, names, pid: doubt?.pid, ofRoot: doubt === undefined, noted: false, ...(doubt ? { doubt } : {}) };
};

/** Anybody may start one by that name: one that serves listens at the ports that the configuration names for mail. */
const thatServes = async (names: readonly string[], doubts: readonly Doubt[]): Promise<Doubt | undefined> => {
  if (doubts.length === 0) return undefined;
  const ports = bindsOf(await readHaproxy({ names }))
    .filter(isServed)
    .flatMap(mailPorts);
  for (const doubt of doubts) if (await listens(doubt.pid, ports)) return doubt;
  return undefined;
};

/** Where a file is named, without which it would not start. */
export const namedBy = async (run: RunProgram, path: string): Promise<string | undefined> => {
  const haproxy = await findHaproxy(run);
  const lines = haproxy ? (await readHaproxy(haproxy)).flatMap((section) => section.lines) : [];
  const found = lines.find(({ words }) => words.some(({ text }) => text === path));
  return found && `${found.path} line ${found.line}`;
};
