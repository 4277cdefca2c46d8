// What an upgrade (or downgrade) of Dovecot leaves behind: our files, certificate and TLS policy, in the words of the other generation, and a server that did not start.
import { isStamped, restamped } from "../../domain/stamp.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { packagesSettled } from "../../system/packages.ts";
import { reviveService } from "../../system/revive-service.ts";
import type { RunProgram } from "../../system/run.ts";
import { runIfInstalled } from "../program.ts";
import { isRunning } from "../running.ts";
import type { Change, Upgrade } from "../server.ts";
import { knownGeneration } from "./generation.ts";
import { isPolicyText, rewordedPolicy } from "./policy-file.ts";
import { essentials, translate } from "./translate.ts";

/** As packages and its own Makefile install it; where there is none, one may come. */
const programs = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"];

const rewritten = async (path: string, version: "2.3" | "2.4", least: boolean): Promise<readonly Change[]> => {
  const before = await readTextIfPresent(path);
  if (before !== undefined && isPolicyText(before)) return rewordedPolicy(path, before, version, least);
  const rewrite = (text: string): string => (least ? essentials : translate)(text, version);
  // Where it is gone, or was replaced by somebody, there is nothing of ours.
  if (before === undefined || !before.startsWith("# Written by mailcert")) return [];
  const content = restamped(before, rewrite);
  const shared = isStamped(before) ? { shared: true as const } : {};
  return content === before ? [] : [{ kind: "file", path, content, mode: 0o644, before, ...shared }];
};

/** Without `doveconf`: it refuses the configuration as long as there is anything to mend. */
export const createDovecotUpgrade = (run: RunProgram): Upgrade => ({
  programs,
  outgrown: async (paths, least = false) => {
    const asked = await runIfInstalled(run, "dovecot", ["--version"]);
    if (asked === undefined) return { changes: [] };
    const version = /^(\d+\.\d+(?:\.\d+)*)/.exec(asked.stdout.trim())?.[1];
    // Half unpacked: its libraries are another version's.
    if (asked.status !== 0 || version === undefined) return "unready";
    const generation = knownGeneration(version).version;
    const changes: Change[] = [];
    for (const path of paths) changes.push(...(await rewritten(path, generation, least)));
    return { version, changes };
  },
  settled: () => packagesSettled(run, "dovecot-*"),
  revive: (ranBefore) =>
    reviveService(run, {
      service: "dovecot",
      ranBefore,
      runs: () => isRunning("/run/dovecot/master.pid", "dovecot"),
    }),
});
