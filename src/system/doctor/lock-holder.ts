// Who holds the lock of the state folder, as its file says (store/lock.ts). It is not tried: a run that starts at that moment would be turned away.
import { access, open } from "node:fs/promises";
import { join } from "node:path";
import type { LockHolder } from "../../domain/doctor/lock.ts";
import { clean } from "../../domain/text.ts";

const mostBytes = 400;

/** undefined: nobody, or a run that was killed and left its line. */
export const lockHolder = async (stateDir: string, proc = "/proc"): Promise<LockHolder | undefined> => {
  const handle = await open(join(stateDir, "lock"), "r").catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    const [line = ""] = buffer.toString("utf8", 0, bytesRead).split("\n");
    const [, pid = "", command = "", since = ""] = /^(\d+) (.*) since (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(line) ?? [];
    if (pid === "") return undefined;
    const alive = await access(join(proc, pid)).then(
      () => true,
      () => false,
    );
    return alive ? { pid: Number(pid), command: clean(command, 200), since } : undefined;
  } finally {
    await handle.close();
  }
};
