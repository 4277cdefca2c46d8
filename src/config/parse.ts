// YAML text -> Config with its defaults, or every problem of every file at once, each with its place.
import type { CertificateConfig, Config } from "../domain/certificate-config.ts";
import { entryName, readCertificate } from "./certificate-entry.ts";
import { type Choices, defaultChoices, schemaVersion } from "./choices.ts";
import { type ConfigFile, type Problem, quoted, sortProblems } from "./problem.ts";
import { type Field, type Source, isNothing, openSource, readFields, readWhole, reportUnknown } from "./source.ts";

export interface Place {
  readonly file: string;
  readonly line: number;
}

export type ParsedConfig =
  | {
      readonly config: Config;
      /** Where each certificate stands, by its name. */
      readonly places: ReadonlyMap<string, Place>;
    }
  | { readonly problems: readonly Problem[] };

const example =
  "an entry looks like this:  certificates: { mail.example.org: { issuer: letsencrypt, email: you@example.org } }";

/** @returns false where the rest of the file must not be read: a newer mailcert wrote it. */
const readSchema = (source: Source, field: Field | undefined): boolean => {
  const schema = readWhole(source, field, "schema");
  if (schema === undefined || schema.number === schemaVersion) return true;
  if (schema.number > schemaVersion) {
    const message = `the file has schema ${schema.number}; this mailcert knows ${schemaVersion}`;
    source.report(schema.node, message, "it was written for a newer mailcert: update the program");
  } else
    source.report(
      schema.node,
      `there is no schema ${schema.number}`,
      `write schema: ${schemaVersion}, or remove the line`,
    );
  return false;
};

/** Calls `add` for each entry. @returns whether the file has a `certificates:` at all. */
const readFile = (
  source: Source,
  choices: Choices,
  add: (certificate: CertificateConfig, text: string, field: Field) => void,
): boolean => {
  if (source.problems.length > 0 || source.root === undefined) return false;
  const fields = readFields(source, source.root, "the file");
  if (fields === undefined || !readSchema(source, fields.get("schema"))) return false;
  // Looked for only now: in a newer file they are not unknown.
  reportUnknown(source, fields, "the file", ["schema", "certificates"]);
  const certificates = fields.get("certificates");
  if (certificates === undefined) return false;
  if (isNothing(certificates.value)) source.report(certificates.key, "certificates has no entry", example);
  else {
    const entries = readFields(source, certificates.value, "certificates");
    for (const [text, field] of entries ?? []) {
      const certificate = readCertificate(source, text, field, choices);
      if (certificate !== undefined) add(certificate, text, field);
    }
  }
  return true;
};

export interface ReadConfig {
  readonly certificates: readonly CertificateConfig[];
  /** Where each certificate stands, by its name. */
  readonly places: ReadonlyMap<string, Place>;
  /** The certificates are only good when there are none. */
  readonly problems: readonly Problem[];
  /** No file says anything about certificates. */
  readonly silent: boolean;
}

/** `files` in the order in which they count: mailcert.yaml, then conf.d/*.yaml by name. */
export const readConfig = (files: readonly ConfigFile[], choices: Choices = defaultChoices): ReadConfig => {
  const certificates: CertificateConfig[] = [];
  const places = new Map<string, Place>();
  const bundles = new Map<string, string>();
  let silent = true;
  const sources = files.map((file) => openSource(file));
  for (const source of sources) {
    const has = readFile(source, choices, (certificate, text, field) => {
      const name = entryName(text);
      const first = places.get(name);
      if (first !== undefined) {
        const hint = `the first stands in ${first.file}, line ${first.line}; rename or remove one of the two`;
        source.report(field.key, `a second certificate with the name ${quoted(name)}`, hint);
        return;
      }
      places.set(name, { file: source.file, line: source.place(field.key).line });
      certificates.push(certificate);
      const { bundle } = certificate;
      if (bundle === undefined) return;
      const other = bundles.get(bundle);
      bundles.set(bundle, name);
      if (other !== undefined) {
        source.report(
          field.key,
          `${quoted(name)} and ${quoted(other)} write their bundles into one folder`,
          "give each its own",
        );
      }
    });
    if (has) silent = false;
  }
  const problems = sources.flatMap((source) => source.problems);
  return { certificates, places, problems: sortProblems(problems, files), silent };
};

export const parseConfig = (files: readonly ConfigFile[], choices: Choices = defaultChoices): ParsedConfig => {
  const { certificates, places, problems, silent } = readConfig(files, choices);
  if (problems.length > 0) return { problems };
  const [main] = files;
  if (silent && main !== undefined) {
    const message = main.text.trim() === "" ? "the file is empty" : "the file names no certificate";
    return { problems: [{ file: main.path, line: 1, column: 1, message, hint: example }] };
  }
  return { config: { certificates }, places };
};
