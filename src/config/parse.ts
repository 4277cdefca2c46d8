// YAML text -> Config with its defaults, or every problem of every file at once, each with its place.
import type { CertificateConfig, Config } from "../domain/certificate-config.ts";
import { wayOut } from "../domain/newer.ts";
import { clashOf } from "../domain/places.ts";
import { readAlike } from "./alike.ts";
import { readCertificate } from "./certificate-entry.ts";
import { type Choices, defaultChoices, schemaVersion } from "./choices.ts";
import { createTop, topKeys } from "./top.ts";
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
  | {
      readonly problems: readonly Problem[];
      /** What could be read all the same; an entry with a problem may have a default in the place of what it says. */
      readonly readable: Config;
    };

const example =
  "an entry looks like this:  certificates: { mail.example.org: { issuer: letsencrypt, email: you@example.org, agree_tos: true } }";

/** @returns false where the rest of the file must not be read: a newer mailcert wrote it. */
const readSchema = (source: Source, field: Field | undefined): boolean => {
  const schema = readWhole(source, field, "schema");
  if (schema === undefined || schema.number === schemaVersion) return true;
  if (schema.number > schemaVersion) {
    const message = `the file has schema ${schema.number}; this mailcert knows ${schemaVersion}`;
    source.report(schema.node, message, wayOut());
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
  add: (certificate: CertificateConfig, field: Field) => void,
  addTop: (fields: ReadonlyMap<string, Field>) => void,
): boolean => {
  if (source.problems.length > 0 || source.root === undefined) return false;
  const fields = readFields(source, source.root, "the file");
  if (fields === undefined || !readSchema(source, fields.get("schema"))) return false;
  // Looked for only now: in a newer file they are not unknown.
  reportUnknown(source, fields, "the file", ["schema", "certificates", ...topKeys]);
  addTop(fields);
  const certificates = fields.get("certificates");
  if (certificates === undefined) return false;
  if (isNothing(certificates.value)) source.report(certificates.key, "certificates has no entry", example);
  else {
    const entries = readFields(source, certificates.value, "certificates");
    for (const [text, field] of entries ?? []) {
      const certificate = readCertificate(source, text, field, choices);
      if (certificate !== undefined) add(certificate, field);
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
  /** What holds for all certificates, and who is told. */
  readonly top: Pick<Config, "inherited" | "notify" | "sniRows" | "clients">;
}

/** Where a certificate was found; `report` says a problem there. */
interface Found {
  readonly certificate: CertificateConfig;
  readonly place: Place;
  readonly report: (message: string, hint: string) => void;
}

/** Whether one server may be for both. */
const meet = (a: CertificateConfig["servers"], b: CertificateConfig["servers"]): boolean =>
  a === "auto" || b === "auto" ? a.length > 0 && b.length > 0 : a.some((one) => b.includes(one));

/** Two entries that cannot stand together: of one name, with one folder for their bundles, with one path for their copies, or for everybody at one entry point. */
const createKeeper = () => {
  const certificates: CertificateConfig[] = [];
  const places = new Map<string, Place>();
  const bundles = new Map<string, string>();
  const copies = new Map<string, string>();
  const placed: CertificateConfig[] = [];
  const keep = ({ certificate, place, report }: Found): void => {
    const { name, bundle, files = [], places: own } = certificate;
    const first = places.get(name);
    if (first !== undefined) {
      const hint = `the first stands in ${first.file}, line ${first.line}; rename or remove one of the two`;
      report(`a second certificate with the name ${quoted(name)}`, hint);
      return;
    }
    places.set(name, place);
    certificates.push(certificate);
    for (const path of files.flatMap(({ paths }) => Object.values(paths))) {
      const taken = copies.get(path);
      copies.set(path, name);
      if (taken !== undefined)
        report(`${quoted(name)} and ${quoted(taken)} copy a file to ${quoted(path)}`, "give each its own path");
    }
    for (const other of own ? placed : []) {
      const both = other.places && own && clashOf(other.places, own);
      if (both === undefined || !meet(other.servers, certificate.servers)) continue;
      const hint =
        "everybody gets one certificate there: leave it to one of the two, or tell them apart by addresses: and services: together";
      report(`${quoted(name)} and ${quoted(other.name)} are both for ${both}`, hint);
    }
    if (own) placed.push(certificate);
    if (bundle === undefined) return;
    const other = bundles.get(bundle);
    bundles.set(bundle, name);
    if (other === undefined) return;
    report(`${quoted(name)} and ${quoted(other)} write their bundles into one folder`, "give each its own");
  };
  return { certificates, places, keep };
};

/**
 * `files` in the order in which they count: mailcert.yaml, then conf.d/*.yaml by name. `quick`: large files of like entries need
 * not go through YAML line by line; what is read is the same.
 */
export const readConfig = (
  files: readonly ConfigFile[],
  choices: Choices = defaultChoices,
  quick = true,
): ReadConfig => {
  const { certificates, places, keep } = createKeeper();
  const problems: Problem[] = [];
  const top = createTop();
  let silent = true;
  const readOne = (text: string): readonly CertificateConfig[] | undefined => {
    const one = readConfig([{ path: "", text }], choices, false);
    return one.problems.length > 0 ? undefined : one.certificates;
  };
  const quickly = quick
    ? readAlike(
        files.map(({ text }) => text),
        readOne,
      )
    : [];
  for (const [index, file] of files.entries()) {
    const alike = quickly[index];
    const head = openSource({ path: file.path, text: alike?.head ?? "" });
    // One that is no YAML by itself is told of by the reader of whole files.
    if (alike !== undefined && head.problems.length === 0) {
      silent = false;
      if (head.root !== undefined) {
        readFile(
          head,
          choices,
          () => undefined,
          (fields) => top.read(head, fields),
        );
        problems.push(...head.problems);
      }
      for (const { certificate, line } of alike.entries) {
        const report = (message: string, hint: string): void => {
          problems.push({ file: file.path, line, column: 3, message, hint });
        };
        keep({ certificate, place: { file: file.path, line }, report });
      }
      continue;
    }
    const source = openSource(file);
    const has = readFile(
      source,
      choices,
      (certificate, { key }) => {
        const place = { file: file.path, line: source.place(key).line };
        keep({ certificate, place, report: (message, hint) => source.report(key, message, hint) });
      },
      (fields) => top.read(source, fields),
    );
    problems.push(...source.problems);
    if (has) silent = false;
  }
  return { certificates, places, problems: sortProblems(problems, files), silent, top: top.settings() };
};

export const parseConfig = (files: readonly ConfigFile[], choices: Choices = defaultChoices): ParsedConfig => {
  const { certificates: own, places, problems, silent, top } = readConfig(files, choices);
  const { inherited } = top;
  const certificates = inherited === undefined ? own : own.map((one) => ({ ...one, inherited }));
  const config = { certificates, ...top };
  if (problems.length > 0) return { problems, readable: config };
  const [main] = files;
  if (silent && main !== undefined) {
    const message = main.text.trim() === "" ? "the file is empty" : "the file names no certificate";
    return { problems: [{ file: main.path, line: 1, column: 1, message, hint: example }], readable: config };
  }
  return { config, places };
};
