// Reads back what Exim will serve after its next reload, and finds the place of a setting that wins over ours.
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Change, Override } from "../server.ts";
import { effective } from "./configuration.ts";
import { filesOf } from "./files.ts";
import { macroFile, wantedFiles } from "./macros.ts";
import { type Wanted, macroChanges, mapOf, nameChanges, servesOurs, tlsOptions, worksOut } from "./plan.ts";

interface Place {
  readonly path: string;
  readonly line: number;
  readonly text: string;
  readonly name: string;
}

const assignment = /^\s*(tls_certificate|tls_privatekey|MAIN_TLS_CERTIFICATE|MAIN_TLS_CERTKEY)\s*==?\s*(\S.*)$/;

const placesIn = async (files: readonly string[]): Promise<readonly Place[]> => {
  const found: Place[] = [];
  for (const path of files) {
    const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
    for (const [index, line] of text.split("\n").entries()) {
      // Behind the main section: what a transport sets is for mail that goes out.
      if (/^begin\s/.test(line)) break;
      const [, name, value = ""] = assignment.exec(line) ?? [];
      // Debian's own lines, which hand the macros on, and its defaults for them.
      if (name === undefined || /^(MAIN_TLS_|CONFDIR\/exim\.)\w+$/.test(value.trim())) continue;
      found.push({ path, line: index + 1, text: line, name });
    }
  }
  return found;
};

/** The same line with our value; undefined where it goes on on the next line. */
const replaced = ({ path, line, text, name }: Place, value: string): Change | undefined =>
  text.trimEnd().endsWith("\\")
    ? undefined
    : { kind: "line", path, line, before: text, after: `${/^\s*/.exec(text)?.[0] ?? ""}${name} = ${value}` };

/** Where both are set once, in plain sight, each gets our value. */
const directEdit = async (places: readonly Place[], wanted: Wanted): Promise<readonly Change[]> => {
  const [chain, ...otherChains] = places.filter(({ name }) => name === "tls_certificate");
  const [key, ...otherKeys] = places.filter(({ name }) => name === "tls_privatekey");
  if (!chain || !key || otherChains.length + otherKeys.length > 0) return [];
  const files = wantedFiles(wanted.certificate, mapOf(wanted));
  const edits = [replaced(chain, files.certificate), replaced(key, files.key)].flatMap((edit) => edit ?? []);
  if (edits.length < 2) return [];
  return wanted.bySni.length > 0 ? [...(await nameChanges(wanted, true)), ...edits] : edits;
};

/** `file`: what Exim reads, for a configuration of its own. */
export const readBackExim = async (run: RunProgram, wanted: Wanted, file: string): Promise<readonly Override[]> => {
  const { configuration } = wanted;
  const options = await effective(run, configuration, tlsOptions);
  if (servesOurs(options, wanted)) return [];
  const [other] = wanted.bySni;
  const mainIsServed = other !== undefined && servesOurs(options, { ...wanted, bySni: [] });
  const scope = mainIsServed
    ? `clients that ask for a name of ${wanted.bySni.map(({ name }) => name).join(", ")}`
    : "everything";
  const whose = mainIsServed ? { certificate: other.name } : {};
  const places = await placesIn(await filesOf(configuration, file));
  const direct = places.filter(({ name }) => name.startsWith("tls_"));
  if (configuration.scheme !== "own" && worksOut(options, configuration) && direct.length === 0) {
    // Set by a macro, which ours can take the place of.
    const place = places.at(-1);
    const edit = await macroChanges(wanted);
    const where = place ? { path: place.path, line: place.line } : { path: macroFile(configuration) };
    const setting = place
      ? clean(place.text.trim(), 200)
      : `tls_certificate = ${clean(options.get("tls_certificate") ?? "", 200)}`;
    return [{ scope, ...whose, ...where, setting, edit }];
  }
  const place = direct.findLast(({ name }) => name === "tls_certificate") ?? direct.at(-1);
  if (place) {
    const { path, line, text } = place;
    return [{ scope, ...whose, path, line, setting: clean(text.trim(), 200), edit: await directEdit(direct, wanted) }];
  }
  const value = options.get("tls_certificate") ?? "";
  const setting = value === "" ? "no tls_certificate" : `tls_certificate = ${clean(value, 200)}`;
  return [{ scope, path: configuration.scheme === "own" ? file : macroFile(configuration), setting, edit: [] }];
};
