// Whether a server's own user can really read our files: modes, groups, access lists and every folder above them count.
import { dirname } from "node:path";
import { Failure } from "../domain/failure.ts";
import type { Slot } from "../domain/keys.ts";
import { type Reader, openAs } from "../system/open-as.ts";
import type { RunProgram } from "../system/run.ts";

/** `name`: the server, as people call it: `Exim`. */
type NamedReader = Reader & { readonly name: string };

/** Files behind `live`, as SlotPaths has them: what else a server names is not ours to judge. */
export const isOurs = (path: string): boolean => /\/live\/(ecdsa|rsa)\/[a-z]+\.pem$/.test(path);

/** The slot whose files a setting names, where they are ours. */
export const slotIn = (path: string): Slot | undefined =>
  isOurs(path) ? (/\/live\/(ecdsa|rsa)\//.exec(path)?.[1] as Slot) : undefined;

/** @throws Failure `config` naming the first file that the reader cannot read, and what to look at. */
export const refuseUnreadable = async (
  run: RunProgram,
  { name, user, group }: NamedReader,
  files: readonly string[],
): Promise<void> => {
  const tried = await openAs(run, { user, group }, files);
  for (const [index, opened] of tried.entries()) {
    const path = files[index] ?? "";
    if (opened.kind === "open" || opened.kind === "unknown") continue;
    const closed = opened.kind === "closed" ? opened.folder : undefined;
    throw new Failure("config", `${name} reads keys as ${user}, which cannot read ${path}`, {
      hints: [
        closed === undefined
          ? `it must be readable for the group ${group}: look with \`ls -lL ${dirname(path)}\`, then run: mailcert deploy`
          : `the folder ${closed} is closed to it: open it (chmod o+x ${closed}), or keep the state elsewhere (--state)`,
        "`mailcert doctor` tries every file as every server's user",
      ],
      facts: { code: "UNREADABLE", path },
    });
  }
};
