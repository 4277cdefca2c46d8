// Exim 4.92 and later: Debian's macros in a file of ours (split and unsplit), another configuration edited after a yes, certificates by name in a map, SIGHUP after every switch.
import { isAtLeast } from "../version.ts";
import { Failure } from "../../domain/failure.ts";
import { sendSignal } from "../../system/signal.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertEdit, revertFile, revertLine, revertUnlessRead } from "../edits.ts";
import type { Installation, Server } from "../server.ts";
import {
  type Configuration,
  checkConfiguration,
  configurationOf,
  effective,
  findProgram,
  generate,
  identity,
} from "./configuration.ts";
import { daemonPid } from "./daemon.ts";
import { refuseCiphers } from "./ciphers.ts";
import { lookUpOfMap } from "./files.ts";
import { hardenExim } from "./harden.ts";
import { eximListeners } from "./listeners.ts";
import { includeLine, localMacros } from "./macros.ts";
import { mapFile } from "./names.ts";
import { macroText, planExim } from "./plan.ts";
import { checkReadable } from "./readable.ts";
import { readBackExim } from "./read-back.ts";

/** Lists of certificates with GnuTLS are older; 4.92 is the oldest that was looked at. */
const supported = (version: string): boolean => isAtLeast(version, [4, 92]);

const nameOf = (program: string): string => program.replace(/^.*\//, "");

export const createExim = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;

  /** Asked anew each time: somebody may have given Exim another configuration. */
  const here = async () => {
    const found = await findProgram(run);
    if (found === undefined) return undefined;
    const { program, said } = found;
    const file = /^Configuration file is (\/\S+)$/m.exec(said)?.[1];
    return {
      version: /^Exim version (\S+)/m.exec(said)?.[1] ?? "of an unknown version",
      file: file ?? "its configuration",
      configuration: await configurationOf(program, file),
    };
  };

  const look = async (): Promise<NonNullable<Awaited<ReturnType<typeof here>>>> => {
    const found = await here();
    if (found) return found;
    throw new Failure("try-later", "Exim is not installed any more", { hints: ["run the command again"] });
  };
  const pidOf = async ({ program }: Configuration): Promise<number | undefined> =>
    daemonPid((await identity(run, program)).pidFile, nameOf(program));

  const detect = async (): Promise<readonly Installation[]> => {
    const found = await here();
    if (found === undefined) return [];
    const { version, configuration } = found;
    if (!supported(version)) {
      throw new Failure("config", `Exim ${version} is installed; mailcert needs 4.92 or later`, {
        hints: ["nothing was changed; upgrade Exim, or leave it out: servers: dovecot (--server dovecot)"],
      });
    }
    const { program } = configuration;
    const { user, group, pidFile } = await identity(run, program);
    return [
      {
        server: "exim",
        id: "exim",
        version,
        configDir: configuration.configDir,
        // update-exim4.conf makes its file there; Exim notes there what is wrong with a configuration.
        ...(configuration.scheme === "own" ? {} : { writes: ["/var/lib/exim4", "/var/log/exim4"] }),
        ...(group === undefined ? {} : { keyGroup: group }),
        ...(user === undefined || group === undefined ? {} : { reader: { user, group } }),
        running: (await daemonPid(pidFile, nameOf(program))) !== undefined,
      },
    ];
  };

  return {
    sni: true,
    detect,
    listeners: async () => {
      const { configuration } = await look();
      return eximListeners(dependencies, configuration, await pidOf(configuration));
    },
    plan: async (_installation, certificate, bySni = []) =>
      planExim(run, { configuration: (await look()).configuration, certificate, bySni, render }),
    apply: (_installation, change) => applyEdit(change),
    revert: async ({ configDir }, change) => {
      if (change.kind !== "file") return revertEdit(change);
      if (change.path === mapFile(configDir)) {
        const { configuration, file } = await look();
        return revertUnlessRead(change, "Exim", () => lookUpOfMap(run, configuration, file), {
          harm: "Exim would have no certificate for anybody",
          mend: "take that look-up out",
        });
      }
      const path = localMacros(configDir);
      const outcome = await revertFile(change);
      if (outcome === "reverted" || change.path !== path) return outcome;
      // Somebody added macros to the file that we began: the line that is ours goes, theirs stay.
      const after = change.content?.trimEnd().split("\n").at(-1) ?? includeLine(configDir);
      return revertLine({ kind: "line", path, line: 0, before: undefined, after });
    },
    readBack: async (_installation, certificate, bySni = []) => {
      const { configuration, file } = await look();
      return readBackExim(run, { configuration, certificate, bySni, render }, file);
    },
    check: async () => {
      const { configuration } = await look();
      await checkConfiguration(run, configuration);
      await checkReadable(run, configuration);
      const ciphers = (await effective(run, configuration, ["tls_require_ciphers"])).get("tls_require_ciphers") ?? "";
      await refuseCiphers(run, configuration.program, ciphers);
    },
    harden: async (_installation, profile) => {
      const { configuration } = await look();
      const listeners = await eximListeners(dependencies, configuration, await pidOf(configuration));
      return hardenExim({ run, render, configuration, listeners }, profile);
    },
    reload: async () => {
      const { configuration } = await look();
      const pid = await pidOf(configuration);
      if (pid === undefined) return;
      await generate(run, configuration);
      // Its own watch of the files looks at their folder and does not see `live` move.
      sendSignal(pid, "SIGHUP");
    },
    snippet: (certificate, version, bySni = []) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of Exim ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 4.92 or later (`exim4 -bV` tells which)"],
        });
      }
      const configuration = { program: "exim4", scheme: "split", configDir: "/etc/exim4" } as const;
      return macroText({ configuration, certificate, bySni, render }, false, { version });
    },
  };
};
