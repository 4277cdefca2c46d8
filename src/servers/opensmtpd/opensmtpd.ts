// OpenSMTPD 6.6 and later: pki entries set in files of ours that smtpd.conf includes, by name for listeners that list them, restarted after every switch.
import { isAtLeast } from "../version.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { exists } from "../../system/exists.ts";
import { commandLine } from "../command-line.ts";
import { startedAt } from "../daemons.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { applyEdit, revertEdit, revertFile } from "../edits.ts";
import { runIfInstalled, sayable } from "../program.ts";
import type { RunProgram } from "../../system/run.ts";
import { restart } from "../restart.ts";
import { runningPid } from "../running.ts";
import { believedFile } from "../whose-words.ts";
import type { Installation, Server } from "../server.ts";
import { smtpdListeners } from "./listeners.ts";
import { isStillRead, planSmtpd, presentOf, readBackSmtpd, snippetOf } from "./plan.ts";
import { isUpToDate } from "./up-to-date.ts";

/** Before 6.4 the language was another one; 6.6 is the oldest that is free of the holes of 2020. */
const supported = (version: string): boolean => isAtLeast(version, [6, 6]);

/** Debian, OpenBSD, Fedora, Arch and Alpine. */
const usual = ["/etc/smtpd.conf", "/etc/mail/smtpd.conf", "/etc/opensmtpd/smtpd.conf", "/etc/smtpd/smtpd.conf"];

const pidFile = "/run/smtpd.pid";

const pidOf = (): Promise<number | undefined> => runningPid(pidFile, "smtpd");

/** A keyword of smtpd.conf(5), or a macro. */
const begins =
  /^\s*(?:(?:action|admd|bounce|ca|filter|include|listen|match|mda|mta|pki|proc|queue|smtp|srs|table|tls)(?=\s|$)|[A-Za-z]\w*\s*=\s*")/;

const confOf = async (run: RunProgram, pid: number | undefined): Promise<string> => {
  const words = pid === undefined ? [] : await commandLine(pid);
  const named = words[words.lastIndexOf("-f") + 1 || words.length];
  const told = pid === undefined ? undefined : await believedFile(run, "smtpd", { path: named, pid, begins });
  if (told !== undefined) return told;
  for (const path of usual) if (await exists(path)) return path;
  return "/etc/smtpd.conf";
};

/** What smtpd -n said, without the words that every line has. */
const words = (stderr: string): string =>
  clean(
    stderr
      .split("\n")
      .map((line) => line.replace(/^(smtpd|warn): */, "").trim())
      .filter((line) => line !== "" && line !== "smtpd")
      .slice(0, 3)
      .join("; "),
    400,
  ) || "it said nothing";

export const createOpensmtpd = (dependencies: ServerDependencies): Server => {
  const { run, render } = dependencies;
  const look = async () => presentOf(await confOf(run, await pidOf()));

  const detect = async (): Promise<readonly Installation[]> => {
    // Ends with 1, as it has no such option, and says its version.
    const asked = await runIfInstalled(run, "smtpd", ["-h"]);
    const version = /^version: OpenSMTPD (\d+\.\d+(?:\.\d+)?)/m.exec(
      `${asked?.stdout ?? ""}\n${asked?.stderr ?? ""}`,
    )?.[1];
    if (version === undefined) return [];
    if (!supported(version)) {
      throw new Failure("config", `OpenSMTPD ${version} is installed; mailcert needs 6.6 or later`, {
        hints: ["nothing was changed; upgrade OpenSMTPD, or leave it out: servers: dovecot (--server dovecot)"],
      });
    }
    const pid = await pidOf();
    const conf = await confOf(run, pid);
    return [
      {
        server: "opensmtpd",
        id: "opensmtpd",
        version,
        configDir: conf.slice(0, conf.lastIndexOf("/")) || "/",
        running: pid !== undefined,
        restarts: "it reads certificates only when it starts",
      },
    ];
  };

  return {
    sni: true,
    asksFirst: true,
    detect,
    listeners: async () => {
      const { listens, pkis, installed } = await look();
      return smtpdListeners(dependencies, listens, pkis, installed);
    },
    plan: async ({ version }, certificate, bySni = []) =>
      planSmtpd(await look(), { certificate, bySni, version, render }),
    apply: (_installation, change) => applyEdit(change),
    revert: async (_installation, change) => {
      if (change.kind !== "file") return revertEdit(change);
      if (change.before === undefined && (await isStillRead(change))) {
        throw new Failure("config", `${change.path} is still included: OpenSMTPD would not start without it`, {
          hints: ["take that line out of smtpd.conf"],
        });
      }
      return revertFile(change);
    },
    readBack: async ({ version }, certificate, bySni = []) =>
      readBackSmtpd(await look(), { certificate, bySni, version, render }),
    check: async () => {
      const { conf } = await look();
      const { status, stdout, stderr } = await run("smtpd", ["-n", "-f", conf]);
      if (status === 0) return;
      const said = await sayable(words(`${stderr}\n${stdout}`), [conf]);
      throw new Failure("config", `OpenSMTPD refuses its configuration ${conf}: ${said}`, {
        hints: [`mend it; \`smtpd -n -f ${conf}\` shows the same complaint`],
      });
    },
    reload: async () => {
      // A run that tries again and again ends no sessions for what was read long ago. The file that was taken away leaves a changed smtpd.conf.
      // When it started is asked of the kernel, which counts from boot: the pid file of a host whose clock was ahead then is dated ahead, too.
      const pid = await pidOf();
      if (pid !== undefined && (await isUpToDate(await confOf(run, pid), await startedAt(pid)))) return;
      await restart(run, {
        name: "OpenSMTPD",
        scripts: ["opensmtpd", "smtpd"],
        pid: pidOf,
        log: "/var/log/mail.log",
      });
    },
    snippet: (certificate, version, bySni = []) => {
      if (!/^\d+\.\d+/.test(version) || !supported(version)) {
        throw new Failure("usage", `the settings of OpenSMTPD ${version.slice(0, 20)} are not known`, {
          hints: ["give --server-version 6.6 or later (`smtpd -h` tells which)"],
        });
      }
      return snippetOf({ render, certificate, bySni, version });
    },
  };
};
