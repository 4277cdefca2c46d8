// Who holds the lock of the state folder, as its file says (store/lock.ts).
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { LockHolder } from "../../domain/doctor/lock.ts";
import { longRunMs } from "../../domain/long-run.ts";
import { clean } from "../../domain/text.ts";
import { isHeld } from "../flock.ts";
import { holdsOpen } from "../holds-open.ts";
import type { RunProgram } from "../run.ts";

const mostBytes = 400;

interface Place {
  readonly run: RunProgram;
  readonly stateDir: string;
  readonly now: Date;
  readonly proc?: string;
}

/**
 * undefined: nobody, or a run that was killed and left its line. One that is not to be seen here may be in another container: the lock itself is tried only
 * where its line is hours old, since a run that starts at that very moment is turned away.
 */
export const lockHolder = async ({ run, stateDir, now, proc = "/proc" }: Place): Promise<LockHolder | undefined> => {
  const path = join(stateDir, "lock");
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    const [line = ""] = buffer.toString("utf8", 0, bytesRead).split("\n");
    const [, pid = "", words = "", since = ""] = /^(\d+) (.*) since (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(line) ?? [];
    if (pid === "") return undefined;
    const known = { path, command: clean(words, 200), since };
    if (holdsOpen(pid, await handle.stat(), proc)) return { ...known, pid: Number(pid) };
    const isOld = now.getTime() - Date.parse(since) > longRunMs;
    return isOld && (await isHeld(run, handle.fd).catch(() => false)) ? known : undefined;
  } finally {
    await handle.close();
  }
};
