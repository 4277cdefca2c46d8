// Where /proc is not mounted, no folder can be held: its absence must not be taken for that of a folder.
import { Failure } from "../domain/failure.ts";
import { exists } from "./exists.ts";

/** The descriptors of this process as paths: what is below one of them stays in that folder, wherever its own path leads by now. */
export const ownDescriptors = "/proc/self/fd";

/** @throws Failure `unavailable` where they are not to be had. */
export const refuseWithoutProc = async (descriptors: string = ownDescriptors): Promise<void> => {
  if (await exists(descriptors)) return;
  throw new Failure(
    "unavailable",
    `${descriptors} is not there: without /proc nobody's folder can be written to safely`,
    {
      hints: ["mount it: mount -t proc proc /proc; in a chroot of your own: before mailcert is started there"],
      facts: { code: "NO_PROC" },
    },
  );
};
