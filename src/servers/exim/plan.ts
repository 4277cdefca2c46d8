// Plans what makes Exim serve a certificate: a file of macros, and for an unsplit configuration the line that reads it.
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import type { RunProgram } from "../../system/run.ts";
import { modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { type Configuration, type Options, effective } from "./configuration.ts";
import { listItems } from "./list.ts";
import { type TlsFiles, combinedFiles, includeLine, localMacros, macroFile, macrosOf, wantedFiles } from "./macros.ts";

const mode = 0o644;

export const tlsOptions: readonly string[] = ["tls_certificate", "tls_privatekey", "tls_advertise_hosts"];

const same = (a: string, b: string): boolean => listItems(a).join("\n") === listItems(b).join("\n");

/** Whether Exim will serve these files after its next reload. */
export const servesOurs = (options: Options, certificate: ServedCertificate): boolean => {
  const is = ({ certificate: chains, key }: TlsFiles): boolean =>
    same(options.get("tls_certificate") ?? "", chains) && same(options.get("tls_privatekey") ?? "", key);
  return is(wantedFiles(certificate)) || is(combinedFiles(certificate));
};

/** A value that Exim works out for each connection serves names that are not ours: it is not replaced unasked. */
export const worksOut = (options: Options): boolean => (options.get("tls_certificate") ?? "").includes("$");

/** The file of macros, as text. `snippet`: with what a person has to know. */
export const macroText = (
  render: RenderTemplate,
  certificate: ServedCertificate,
  turnOn: boolean,
  snippet?: { readonly version: string },
): string =>
  render(
    "exim.conf",
    {
      name: certificate.name,
      macros: macrosOf(certificate, turnOn),
      snippet: snippet
        ? { version: snippet.version, hosts: hostNames(certificate), ...wantedFiles(certificate) }
        : false,
    },
    "exim",
  );

/** The line behind everything else in the file of local macros; a file that does not end its last line would join it with the template's first. */
export const inclusion = async (configDir: string, line: string): Promise<readonly Change[]> => {
  const path = localMacros(configDir);
  const before = await readTextIfPresent(path);
  if (before?.split("\n").includes(line)) return [];
  if (before?.endsWith("\n")) return [{ kind: "line", path, line: 0, before: undefined, after: line }];
  const rest = before === undefined || before === "" ? "" : `${before}\n`;
  return [{ kind: "file", path, content: `${rest}${line}\n`, mode, before }];
};

/** Written after a yes, it stays until the file is removed: the effective value is our own from then on. */
const turnedOn = (present: string | undefined): boolean => /MAIN_TLS_ADVERTISE_HOSTS =/.test(present ?? "");

/** Upstream's default, and Debian's, is to offer TLS to everybody: an empty list is somebody's decision. */
const offByHand = async (
  configuration: Configuration,
  certificate: ServedCertificate,
  render: RenderTemplate,
  options: Options,
): Promise<readonly Override[]> => {
  const path = macroFile(configuration);
  if (options.get("tls_advertise_hosts") !== "" || turnedOn(await readTextIfPresent(path))) return [];
  const before = macroText(render, certificate, false);
  const edit: Change = { kind: "file", path, content: macroText(render, certificate, true), mode, before };
  return [{ scope: "everybody", path, setting: "tls_advertise_hosts is empty", edit: [edit] }];
};

/** Every edit that is still missing. */
export const macroChanges = async (
  configuration: Configuration,
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<readonly Change[]> => {
  const path = macroFile(configuration);
  const before = await readTextIfPresent(path);
  const turnOn = turnedOn(before);
  const content = macroText(render, certificate, turnOn);
  const own: readonly Change[] =
    before === content && (await modeOf(path)) === mode ? [] : [{ kind: "file", path, content, mode, before }];
  return configuration.scheme === "unsplit"
    ? [...own, ...(await inclusion(configuration.configDir, includeLine(configuration.configDir)))]
    : own;
};

export const planExim = async (
  run: RunProgram,
  configuration: Configuration,
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<ServerPlan> => {
  const options = await effective(run, configuration, tlsOptions);
  const ours = (await readTextIfPresent(macroFile(configuration))) !== undefined;
  if (configuration.scheme === "own" || (worksOut(options) && !ours)) return { changes: [], notes: [] };
  return {
    changes: await macroChanges(configuration, certificate, render),
    off: await offByHand(configuration, certificate, render, options),
    notes: [],
  };
};
