// The group that reads a server's keys, where it was started as somebody else than root: nobody reads them for it.
import type { RunProgram } from "../system/run.ts";
import { identityOf } from "./daemons.ts";

/** Of a process; undefined: root's, or of a group that has no name. */
export const groupOf = async (run: RunProgram, pid: number): Promise<string | undefined> => {
  const identity = await identityOf(pid);
  if (identity === undefined || identity.uid === 0) return undefined;
  const found = await run("getent", ["group", String(identity.gid)]);
  return /^([^:]+):/.exec(found.stdout)?.[1];
};
