// Whether Exim, as its own user, can really read our files: modes, groups, access lists and every folder above them count.
import { dirname } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { openAs } from "../../system/open-as.ts";
import type { RunProgram } from "../../system/run.ts";
import { type Configuration, type Options, effective, identity } from "./configuration.ts";
import { listItems } from "./list.ts";
import { tlsOptions } from "./plan.ts";

/** Files behind `live`, as SlotPaths has them: what else an Exim names is not ours to judge. */
const isOurs = (path: string): boolean => /\/live\/(ecdsa|rsa)\/[a-z]+\.pem$/.test(path);

const ourFiles = (options: Options): readonly string[] =>
  ["tls_certificate", "tls_privatekey"].flatMap((name) => listItems(options.get(name) ?? "")).filter(isOurs);

/** @throws Failure `config` naming the file, and what to look at. */
export const checkReadable = async (run: RunProgram, configuration: Configuration): Promise<void> => {
  const files = ourFiles(await effective(run, configuration, tlsOptions));
  if (files.length === 0) return;
  const { user, group } = await identity(run, configuration.program);
  if (user === undefined || group === undefined) return;
  for (const path of files) {
    const opened = await openAs(run, { user, group }, path);
    if (opened.kind === "open" || opened.kind === "unknown") continue;
    const closed = opened.kind === "closed" ? opened.folder : undefined;
    throw new Failure("config", `Exim reads keys as ${user}, which cannot read ${path}`, {
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
