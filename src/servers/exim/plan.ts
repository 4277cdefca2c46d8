// Plans what makes Exim serve a certificate: a file of macros, and for an unsplit configuration the line that reads it.
import { isWildcard } from "../../domain/names.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import type { RunProgram } from "../../system/run.ts";
import { modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { type Configuration, type Options, effective } from "./configuration.ts";
import { foreignLookUp } from "./files.ts";
import { listItems } from "./list.ts";
import {
  type TlsFiles,
  combinedFiles,
  includeLine,
  listOf,
  localMacros,
  macroFile,
  macrosOf,
  wantedFiles,
} from "./macros.ts";
import { type NamedList, mapChanges, mapEntries, mapFile } from "./names.ts";

const mode = 0o644;

export const tlsOptions: readonly string[] = ["tls_certificate", "tls_privatekey", "tls_advertise_hosts"];

const same = (a: string, b: string): boolean => listItems(a).join("\n") === listItems(b).join("\n");

/** What Exim is to serve, and where. */
export interface Wanted {
  readonly configuration: Configuration;
  readonly certificate: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
  readonly render: RenderTemplate;
}

/** The map that certificates by name stand in; undefined: there are none. */
export const mapOf = ({ configuration, bySni }: Pick<Wanted, "configuration" | "bySni">): string | undefined =>
  bySni.length === 0 ? undefined : mapFile(configuration.configDir);

/** Our map is looked into, whether there is still anything in it or not. */
const looksUpOurs = (options: Options, { configDir }: Configuration): boolean =>
  (options.get("tls_certificate") ?? "").includes(`{${mapFile(configDir)}}`);

/** Whether Exim will serve these files after its next reload. */
export const servesOurs = (options: Options, wanted: Wanted): boolean => {
  const { configuration, certificate } = wanted;
  // A line of theirs that looks into our map may stay when the map is empty.
  const theirs = configuration.scheme === "own" && looksUpOurs(options, configuration);
  const map = theirs ? mapFile(configuration.configDir) : mapOf(wanted);
  const is = ({ certificate: chains, key }: TlsFiles): boolean =>
    same(options.get("tls_certificate") ?? "", chains) && same(options.get("tls_privatekey") ?? "", key);
  return is(wantedFiles(certificate, map)) || is(combinedFiles(certificate, map));
};

/** A value that Exim works out for each connection serves names that are not ours: it is not replaced unasked. */
export const worksOut = (options: Options, configuration: Configuration): boolean =>
  (options.get("tls_certificate") ?? "").includes("$") && !looksUpOurs(options, configuration);

const linesOf = ({ certificate, bySni }: Wanted): readonly NamedList[] =>
  mapEntries(certificate, bySni, (one) => listOf(one, "combined"));

/** Every edit of the map that is still missing. `inUse`: lines that look into it stay. */
export const nameChanges = (wanted: Wanted, inUse: boolean): Promise<readonly Change[]> =>
  mapChanges(wanted.configuration.configDir, linesOf(wanted), inUse);

/** The file of macros, as text. `snippet`: with what a person has to know. */
export const macroText = (wanted: Wanted, turnOn: boolean, snippet?: { readonly version: string }): string => {
  const { certificate, render } = wanted;
  const macros = macrosOf(certificate, turnOn, mapOf(wanted)).map((macro) => ({ ...macro, map: macro.map ?? false }));
  const view = { name: certificate.name, macros, snippet: false };
  if (!snippet) return render("exim.conf", view, "exim");
  const of = (name: string) => macros.find((macro) => macro.name === name);
  return render(
    "exim.conf",
    {
      ...view,
      snippet: {
        ...snippet,
        hosts: hostNames(certificate),
        options: [
          { ...of("MAIN_TLS_CERTIFICATE"), name: "tls_certificate" },
          { ...of("MAIN_TLS_PRIVATEKEY"), name: "tls_privatekey" },
        ],
        byName: mapOf(wanted) === undefined ? false : { map: mapOf(wanted) },
        lines: linesOf(wanted).map(({ name, files }) => ({
          files,
          ...(isWildcard(name) ? { below: name.slice(2).split("."), name: false } : { below: [], name }),
        })),
      },
    },
    "exim",
  );
};

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
const offByHand = async (wanted: Wanted, options: Options): Promise<readonly Override[]> => {
  const path = macroFile(wanted.configuration);
  if (options.get("tls_advertise_hosts") !== "" || turnedOn(await readTextIfPresent(path))) return [];
  const before = macroText(wanted, false);
  const edit: Change = { kind: "file", path, content: macroText(wanted, true), mode, before };
  return [{ scope: "everybody", path, setting: "tls_advertise_hosts is empty", edit: [edit] }];
};

/** Every edit that is still missing: the map before who looks into it, and gone after. */
export const macroChanges = async (wanted: Wanted): Promise<readonly Change[]> => {
  const { configuration } = wanted;
  const path = macroFile(configuration);
  const before = await readTextIfPresent(path);
  const turnOn = turnedOn(before);
  const content = macroText(wanted, turnOn);
  const own: readonly Change[] =
    before === content && (await modeOf(path)) === mode ? [] : [{ kind: "file", path, content, mode, before }];
  // Somebody's own line that looks into it goes on finding a map there.
  const names = await nameChanges(wanted, (await foreignLookUp(configuration, "")) !== undefined);
  const macros =
    configuration.scheme === "unsplit"
      ? [...own, ...(await inclusion(configuration.configDir, includeLine(configuration.configDir)))]
      : own;
  return wanted.bySni.length > 0 ? [...names, ...macros] : [...macros, ...names];
};

export const planExim = async (run: RunProgram, wanted: Wanted): Promise<ServerPlan> => {
  const { configuration } = wanted;
  const options = await effective(run, configuration, tlsOptions);
  if (configuration.scheme === "own") {
    // Lines of theirs that look into our map: what it says is ours to keep.
    return { changes: looksUpOurs(options, configuration) ? await nameChanges(wanted, true) : [], notes: [] };
  }
  const ours = (await readTextIfPresent(macroFile(configuration))) !== undefined;
  if (worksOut(options, configuration) && !ours) return { changes: [], notes: [] };
  return { changes: await macroChanges(wanted), off: await offByHand(wanted, options), notes: [] };
};
