// Writes one certificate's entry into a configuration file, keeping its comments and everything else in it.
import { isDeepStrictEqual } from "node:util";
import { Document, YAMLMap, isMap, isScalar, parseDocument } from "yaml";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type RawEntry, effectiveSettings, rawEntry } from "../domain/certificate-settings.ts";
import { Failure } from "../domain/failure.ts";
import { entryName } from "./certificate-entry.ts";
import { type Choices, defaultChoices, schemaVersion } from "./choices.ts";
import { readConfig } from "./parse.ts";
import { configFailure } from "./problem.ts";

const header = ` mailcert's configuration. "mailcert config check" reads it with line numbers, "mailcert config show" adds the defaults.
 One entry for each certificate; "mailcert config --help" lists the settings.`;

const certificatesOf = (text: string, path: string, choices: Choices): readonly CertificateConfig[] => {
  const { certificates, problems } = readConfig([{ path, text }], choices);
  if (problems.length > 0) throw configFailure(problems);
  return certificates;
};

const onlyComments = /^(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t\r]*(?:#[^\n]*)?$/;

/** Sets what the entry needs and removes what it must not have; a default that the file spells out stays. */
const update = (
  document: Document,
  entry: YAMLMap,
  certificate: CertificateConfig,
  existing: CertificateConfig,
): void => {
  const [raw, before] = [rawEntry(certificate), rawEntry(existing)];
  const meaningful = new Set(effectiveSettings(certificate).map(({ key }) => key));
  const gone = entry.items.filter((pair) => {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    const spelledDefault = !before.has(key) && meaningful.has(key);
    return !raw.has(key) && !spelledDefault;
  });
  for (const { key } of gone) entry.delete(key);
  for (const [key, value] of raw) {
    if (!isDeepStrictEqual(before.get(key), value)) entry.set(key, document.createNode(value));
  }
};

const newFile = (text: string | undefined, name: string, raw: RawEntry): string => {
  const document = new Document({ schema: schemaVersion, certificates: { [name]: Object.fromEntries(raw) } });
  const comments = text?.trim() ?? "";
  if (comments === "") document.commentBefore = header;
  return (comments === "" ? "" : `${comments}\n\n`) + document.toString({ lineWidth: 0 });
};

const changedFile = (text: string, certificate: CertificateConfig, existing: CertificateConfig | undefined): string => {
  const document: Document = parseDocument(text, { uniqueKeys: false });
  const found = document.get("certificates");
  const entries = isMap(found) ? found : new YAMLMap();
  if (entries !== found) document.set("certificates", entries);
  const pair = entries.items.find(({ key }) => isScalar(key) && entryName(String(key.value)) === certificate.name);
  if (pair !== undefined && isMap(pair.value) && existing !== undefined) {
    update(document, pair.value, certificate, existing);
  } else {
    const entry = document.createNode(Object.fromEntries(rawEntry(certificate)));
    if (pair === undefined) entries.set(certificate.name, entry);
    else pair.value = entry;
  }
  return document.toString({ lineWidth: 0 });
};

/** Nothing is written that does not read back: the entry as asked for, and every other one as it was. */
const proveEdit = (
  edited: string,
  certificate: CertificateConfig,
  old: readonly CertificateConfig[],
  path: string,
  choices: Choices,
): void => {
  const { certificates, problems } = readConfig([{ path, text: edited }], choices);
  const others = (all: readonly CertificateConfig[]): readonly CertificateConfig[] =>
    all.filter(({ name }) => name !== certificate.name);
  const written = certificates.find(({ name }) => name === certificate.name);
  if (
    problems.length === 0 &&
    isDeepStrictEqual(written, certificate) &&
    isDeepStrictEqual(others(certificates), others(old))
  ) {
    return;
  }
  // The text that was there had none: what was asked for is wrong, not the file.
  const [problem, ...more] = problems;
  if (problem !== undefined)
    throw new Failure(
      "usage",
      `${certificate.name} cannot be configured so: ${[problem, ...more.slice(0, 2)].map(({ message }) => message).join("; ")}`,
      { hints: [...new Set(problems.flatMap(({ hint }) => hint ?? []))].slice(0, 3) },
    );
  throw new Failure("config", `${path} cannot be edited safely: the entry of ${certificate.name} would not read back`, {
    hints: ["edit the entry by hand, then run the command again"],
  });
};

/**
 * The file's text with the entry of `certificate` made or changed so that it reads back as that very certificate.
 * Writing the same certificate again gives the same text. `path` is for messages.
 * @throws Failure `config` when the text has problems of its own or cannot be edited safely.
 */
export const editConfig = (
  text: string | undefined,
  { inherited: _ofAll, ...certificate }: CertificateConfig,
  path = "mailcert.yaml",
  choices: Choices = defaultChoices,
): string => {
  const old = text === undefined ? [] : certificatesOf(text, path, choices);
  const existing = old.find(({ name }) => name === certificate.name);
  if (text !== undefined && isDeepStrictEqual(existing, certificate)) return text;
  const edited =
    text === undefined || onlyComments.test(text)
      ? newFile(text, certificate.name, rawEntry(certificate))
      : changedFile(text, certificate, existing);
  proveEdit(edited, certificate, old, path, choices);
  return edited;
};
