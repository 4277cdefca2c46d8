// An installation as a change of its own describes it: a proxy that serves no mail any more is not detected, and undoing must not depend on that.
import { dirname } from "node:path";
import type { Change, Installation } from "./server.ts";

/** Taken for one that does not run: there is nothing of mail's left to be tested or reloaded. */
export const recalled = (server: string, id: string, change: Change): Installation | undefined =>
  change.kind === "file" || change.kind === "line"
    ? { server, id, version: "", configDir: dirname(change.path), running: false }
    : undefined;
