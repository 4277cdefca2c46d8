// What Cyrus says of itself: version, effective settings (cyr_info), the master process, and as whom it reads keys.
import { Failure } from "../../domain/failure.ts";
import type { RunProgram } from "../../system/run.ts";
import { commandLine } from "../command-line.ts";
import { complaint, runIfInstalled, sayable } from "../program.ts";
import { runningPid } from "../running.ts";
import { believedFile } from "../whose-words.ts";

/** In PATH, else where Debian, and builds of one's own, keep Cyrus's programs. */
const programs = [
  "cyr_info",
  "/usr/lib/cyrus/bin/cyr_info",
  "/usr/lib/cyrus-imapd/cyr_info",
  "/usr/libexec/cyrus-imapd/cyr_info",
  "/usr/cyrus/bin/cyr_info",
];

/** The master as the kernel knows it: Debian's name, Fedora's, and upstream's. */
const masterNames = ["cyrmaster", "cyrus-master", "master"];

/** imapd.conf(5) as the processes read it: keys are `tls_server_cert`, and `imaps_tls_server_cert` where a service has its own. */
export type Settings = ReadonlyMap<string, string>;

export interface Cyrus {
  readonly program: string;
  readonly version: string;
  /** Process id of the master; undefined: it does not run. */
  readonly pid: number | undefined;
  readonly imapdConf: string;
  readonly cyrusConf: string;
  readonly user: string;
  readonly group: string | undefined;
}

const parse = (text: string): Settings =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [, key, value] = /^([\w.-]+): ?(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, (value ?? "").trim()] as const];
    }),
  );

/** @throws Failure `config` with Cyrus's words: a key that stands there twice, a file that is missing. */
export const settingsOf = async (
  run: RunProgram,
  { program, imapdConf }: Pick<Cyrus, "program" | "imapdConf">,
  which: "conf" | "conf-all" = "conf",
): Promise<Settings> => {
  const result = await run(program, ["-C", imapdConf, which]);
  if (result.status === 0) return parse(result.stdout);
  const said = await sayable(complaint(result.stderr).replace(/^fatal error: /, ""), [imapdConf]);
  throw new Failure("config", `Cyrus refuses its configuration ${imapdConf}: ${said}`, {
    hints: [`mend it; \`${program} -C ${imapdConf} conf\` shows the same complaint. Cyrus lets nobody in until then`],
  });
};

/** The value behind an option of the master's command line (cyrmaster -C FILE -M FILE). */
const optionOf = (words: readonly string[], option: string): string | undefined => {
  const index = words.lastIndexOf(option);
  return index < 0 ? undefined : words[index + 1];
};

const findPid = async (pidFile: string): Promise<number | undefined> => {
  for (const name of masterNames) {
    const pid = await runningPid(pidFile, name);
    if (pid !== undefined) return pid;
  }
  return undefined;
};

/** The group that Cyrus runs as: its own setting, else its user's. */
const groupOf = async (run: RunProgram, settings: Settings, user: string): Promise<string | undefined> => {
  const named = settings.get("cyrus_group") ?? "";
  if (named !== "") return named;
  const asked = await runIfInstalled(run, "id", ["-gn", user]);
  return asked?.status === 0 ? asked.stdout.trim() : undefined;
};

/** undefined: not installed. A configuration that Cyrus refuses is no hindrance: `check` says it. */
export const findCyrus = async (run: RunProgram): Promise<Cyrus | undefined> => {
  for (const program of programs) {
    const asked = await runIfInstalled(run, program, ["version"]);
    const version = /^cyrus-imapd (\d+\.\d+(?:\.\d+)?)/m.exec(asked?.stdout ?? "")?.[1];
    if (version === undefined) continue;
    const read = (imapdConf: string): Promise<Settings> =>
      settingsOf(run, { program, imapdConf }, "conf-all").catch((): Settings => new Map());
    const usual = await read("/etc/imapd.conf");
    // An option since 3.6; before that -p of the command line.
    const pid = await findPid(usual.get("master_pid_file") || "/run/cyrus-master.pid");
    const words = pid === undefined ? [] : await commandLine(pid);
    const told = (option: string, begins: RegExp): Promise<string | undefined> =>
      believedFile(run, "cyrmaster", { path: optionOf(words, option), pid: pid ?? 0, begins });
    const imapdConf = (await told("-C", /^(?:@include:|[a-z][\w-]*:(?:\s|$))/)) ?? "/etc/imapd.conf";
    const settings = imapdConf === "/etc/imapd.conf" ? usual : await read(imapdConf);
    const user = settings.get("cyrus_user") || "cyrus";
    const cyrusConf = (await told("-M", /^\s*(?:START|SERVICES|EVENTS|DAEMON)\b/)) ?? "/etc/cyrus.conf";
    return { program, version, pid, imapdConf, cyrusConf, user, group: await groupOf(run, settings, user) };
  }
  return undefined;
};
