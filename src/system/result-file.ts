// A file that results are appended to as they come, and that a later run goes on with: what a stopped run left half written is taken off.
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { type FleetRemains, type FleetRun, type ToldTarget, noRemains, readFleetLine } from "../domain/fleet-lines.ts";
import { newerFailure } from "../domain/newer.ts";
import { fileFailure } from "./files.ts";
import { gatherWrites } from "./gather-writes.ts";
import { flock } from "./flock.ts";
import type { RunProgram } from "./run.ts";

export interface ResultFile {
  readonly remains: FleetRemains;
  /** What is there goes with the first line that is appended, not before. */
  startAnew(): void;
  /** Whole lines, in the order of the calls; they stand in the file a moment later. @throws Failure where these, or earlier ones, could not be written */
  append(text: string): Promise<void>;
  /** When all of it is written. @throws Failure */
  close(): Promise<void>;
}

const chunkBytes = 1 << 16;

interface Read {
  readonly remains: FleetRemains;
  /** Up to here everything is whole. */
  readonly end: number;
}

/** @throws Failure where the file holds something else: it is not ours to append to. */
const readRemains = async (file: FileHandle, path: string): Promise<Read> => {
  const targets = new Map<string, ToldTarget>();
  let run: FleetRun | undefined;
  let [end, offset, ended] = [0, 0, false];
  let rest: Buffer = Buffer.alloc(0);
  const foreign = new Failure(
    "cannot-create",
    `${path} holds something else than results of verify: nothing is written there`,
    {
      hints: ["name another file with --output; a file of `verify --file --format ndjson` is gone on with"],
      facts: { path },
    },
  );
  const chunk = Buffer.alloc(chunkBytes);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, undefined);
    if (bytesRead === 0) break;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let feed = rest.indexOf(10); feed >= 0; feed = rest.indexOf(10, start)) {
      const line = readFleetLine(rest.toString("utf8", start, feed));
      offset += feed + 1 - start;
      start = feed + 1;
      if (!line) throw foreign;
      if (line.kind === "newer")
        throw newerFailure({ path, schema: line.schema, known: line.schema.replace(/\d+$/, "1") });
      ended = line.kind === "summary";
      if (line.kind === "run") run = line.run;
      if (line.kind !== "target") continue;
      targets.set(line.target, line.told);
      end = offset;
    }
    rest = rest.subarray(start);
    if (rest.length > 1 << 24) throw foreign;
  }
  // A run that came to its end is a report: the next run writes a new one.
  if (ended && rest.length === 0) return { remains: noRemains, end: 0 };
  if (offset === 0 && rest.length > 0 && !rest.toString("utf8", 0, 32).startsWith('{"schema":"mailcert.verify-'))
    throw foreign;
  return { remains: { targets, ...(run ? { run } : {}) }, end };
};

/** Two runs would cut off each other's lines. Where there is no flock, nothing is locked. */
const lock = async (file: FileHandle, path: string, run: RunProgram): Promise<void> => {
  const free = await flock(run, file.fd, path).catch((error: unknown) => {
    if (error instanceof Failure && error.facts?.["code"] === "ENOENT") return true;
    throw error;
  });
  if (free) return;
  throw new Failure("try-later", `another mailcert is writing its results to ${path}`, {
    hints: ["wait until it has ended, or name another file with --output"],
    facts: { path },
  });
};

/** Mode 0644; never through a symbolic link. @throws Failure */
export const openResultFile = async (path: string, run: RunProgram): Promise<ResultFile> => {
  const present = await lstat(path).catch(() => undefined);
  if (present !== undefined && !present.isFile()) {
    const what = present.isSymbolicLink() ? "a symbolic link" : "no plain file";
    throw new Failure("cannot-create", `${path} is ${what}: no results are written there`, {
      hints: ["name a file with --output, or leave it out: the results go to standard output"],
      facts: { path },
    });
  }
  const file = await open(
    path,
    constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
    0o644,
  ).catch((error: unknown) => {
    throw fileFailure(error, "write", path);
  });
  try {
    await lock(file, path, run);
    const read = await readRemains(file, path);
    let keep = read.end;
    let cut = false;
    // A finished report stays until there is the first line of the next.
    const write = async (bytes: Buffer): Promise<void> => {
      try {
        if (!cut) await file.truncate(keep);
        cut = true;
        for (let done = 0; done < bytes.length;) {
          done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
        }
      } catch (error) {
        throw fileFailure(error, "write", path);
      }
    };
    const writes = gatherWrites(write);
    return {
      remains: read.remains,
      startAnew: () => {
        keep = 0;
      },
      append: (text) => writes.append(text),
      close: async () => {
        try {
          await writes.end();
        } finally {
          await file.close();
        }
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
};
