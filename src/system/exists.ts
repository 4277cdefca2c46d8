// Whether something is there: a program, a folder, a process below /proc. Who may not look sees nothing.
import { access } from "node:fs/promises";

/** A link that leads nowhere is not there. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
