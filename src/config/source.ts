// One configuration file as YAML nodes that know their line: syntax problems, and typed reading of mappings, texts and lists.
import { LineCounter, type Node, type YAMLMap, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import { clean } from "../domain/text.ts";
import { didYouMean } from "../domain/nearest.ts";
import { type ConfigFile, type Problem, quoted } from "./problem.ts";

/** A value where it stands; `at` is the value, or its key where the value is missing. */
export interface Field {
  readonly key: Node;
  readonly value: Node | null;
}

export interface Text {
  readonly text: string;
  readonly node: Node;
}

export interface Source {
  readonly file: string;
  /** undefined: the file says nothing (empty, or comments only). */
  readonly root: Node | undefined;
  readonly problems: readonly Problem[];
  place(node: Node | undefined): { readonly line: number; readonly column: number };
  report(node: Node | undefined, message: string, hint?: string): void;
}

/** More than any person writes; keeps a hostile or broken file from costing more than it is worth. */
const mostCharacters = 4 << 20;
const mostItems = 1000;

/** Reads a file's syntax. Where that is wrong, `problems` says so and `root` must not be looked at. */
export const openSource = ({ path, text }: ConfigFile): Source => {
  const counter = new LineCounter();
  const problems: Problem[] = [];
  const placeOf = (offset: number): { line: number; column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const place = (node: Node | undefined): { line: number; column: number } => placeOf(node?.range?.[0] ?? 0);
  const report = (node: Node | undefined, message: string, hint?: string): void => {
    problems.push({ file: path, ...place(node), message, ...(hint === undefined ? {} : { hint }) });
  };
  const source = (root: Node | undefined): Source => ({ file: path, root, problems, place, report });
  if (text.length > mostCharacters) {
    report(undefined, `the file is larger than ${mostCharacters >> 20} MiB`, "split it into conf.d/*.yaml");
    return source(undefined);
  }
  // Duplicate keys are ours to find: yaml compares every key with every other.
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: false, prettyErrors: false });
  for (const error of [...document.errors, ...document.warnings]) {
    const deep = error.code === "RESOURCE_EXHAUSTION";
    const hint = hints[error.code];
    problems.push({
      file: path,
      ...placeOf(error.pos[0]),
      message: deep ? "it is nested too deeply" : (says[error.code] ?? `not valid YAML: ${clean(error.message, 200)}`),
      ...(hint === undefined ? {} : { hint }),
    });
    // What follows one syntax error is mostly its echo.
    if (deep || problems.length >= 5) break;
  }
  const root = document.contents;
  return source(root === null || (isScalar(root) && root.value === null) ? undefined : root);
};

const says: Partial<Record<string, string>> = {
  TAB_AS_INDENT: "not valid YAML: a tab is used to indent",
  MULTIPLE_DOCS: "a second YAML document begins here",
};

const hints: Partial<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces",
  MULTIPLE_DOCS: "remove the line ---, or put the rest into conf.d/*.yaml",
  BLOCK_AS_IMPLICIT_KEY: "indent the line as its neighbours are, or put a value with a colon and a space into quotes",
  MULTILINE_IMPLICIT_KEY: "indent the line as its neighbours are, or put a value with a colon and a space into quotes",
  TAG_RESOLVE_FAILED: "tags (!name) mean nothing here; put a text that begins with ! into quotes",
};

const kindOf = (node: Node | null): string => {
  if (node === null || (isScalar(node) && node.value === null)) return "nothing";
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node)) return "something else";
  if (typeof node.value === "boolean") return `${node.value} (true or false)`;
  return typeof node.value === "number" || typeof node.value === "bigint" ? "a number" : "a text";
};

/** Aliases are refused: one line of them can stand for millions, and a file of this size does not need them. */
const refusesAlias = (source: Source, node: Node | null): boolean => {
  if (!isAlias(node)) return false;
  if (node.source.startsWith(".")) {
    const wildcard = clean(`*${node.source}`, 60);
    source.report(node, `${wildcard} without quotes is no name for YAML`, `put it in quotes: "${wildcard}"`);
    return true;
  }
  source.report(node, `the alias *${clean(node.source, 40)} is not supported`, "write the value out");
  return true;
};

export const isNothing = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null);

/** The fields of a mapping by key. `where` names the place in messages: `the file`. */
export const readFields = (
  source: Source,
  node: Node | null,
  where: string,
): ReadonlyMap<string, Field> | undefined => {
  if (refusesAlias(source, node)) return undefined;
  if (!isMap(node)) {
    source.report(node ?? undefined, `${where} must be a mapping (key: value), not ${kindOf(node)}`);
    return undefined;
  }
  const fields = new Map<string, Field>();
  for (const pair of (node as YAMLMap<Node, Node | null>).items) {
    const { key } = pair;
    const value = pair.value ?? null;
    if (refusesAlias(source, key)) continue;
    if (!isScalar(key) || key.value === null) {
      source.report(isNode(key) ? key : node, `a key in ${where} must be a plain word`);
      continue;
    }
    const name = typeof key.value === "string" ? key.value : (key.source ?? "");
    const first = fields.get(name);
    if (first !== undefined) {
      const hint = `it stands already in line ${source.place(first.key).line}; keep one of the two`;
      source.report(key, `duplicate key ${quoted(name)} in ${where}`, hint);
    } else fields.set(name, { key, value });
  }
  return fields;
};

export const reportUnknown = (
  source: Source,
  fields: ReadonlyMap<string, Field>,
  where: string,
  known: readonly string[],
): void => {
  for (const [name, { key }] of fields) {
    if (!known.includes(name)) source.report(key, `unknown key ${quoted(name)} in ${where}`, didYouMean(name, known));
  }
};

/** @returns false after reporting a key without a value. */
const hasValue = (source: Source, { key, value }: Field, name: string): boolean => {
  if (!isNothing(value)) return !refusesAlias(source, value);
  source.report(key, `${name} has no value`, "give it one, or remove the line to get the default");
  return false;
};

export const readText = (source: Source, field: Field | undefined, name: string): Text | undefined => {
  if (field === undefined || !hasValue(source, field, name)) return undefined;
  return textOf(source, field.value, name, "a text");
};

const textOf = (source: Source, node: Node | null, name: string, wanted: string): Text | undefined => {
  if (node === null || refusesAlias(source, node)) return undefined;
  if (isScalar(node) && typeof node.value === "string") return { text: node.value, node };
  const hint = isScalar(node) && node.value !== null ? "put it into quotes if it is meant as text" : undefined;
  source.report(node, `${name} must be ${wanted}, not ${kindOf(node)}`, hint);
  return undefined;
};

/** A list of texts; a single text stands for a list of one. undefined where it is absent or wrong. */
export const readTexts = (source: Source, field: Field | undefined, name: string): readonly Text[] | undefined => {
  if (field === undefined || !hasValue(source, field, name)) return undefined;
  const { value } = field;
  if (!isSeq(value)) {
    const one = textOf(source, value, name, "a text or a list of texts");
    return one === undefined ? undefined : [one];
  }
  if (value.items.length > mostItems) {
    source.report(value, `${name} has ${value.items.length} items; ${mostItems} is the most`);
    return undefined;
  }
  if (value.items.length === 0) {
    source.report(value, `${name} is an empty list`, "name at least one, or remove the line to get the default");
    return undefined;
  }
  return value.items.flatMap((item) => {
    const node = isNode(item) ? item : null;
    if (isNothing(node)) {
      source.report(node ?? value, `an item of ${name} is empty`);
      return [];
    }
    return textOf(source, node, `an item of ${name}`, "a text") ?? [];
  });
};

export const readFlag = (source: Source, field: Field | undefined, name: string): boolean | undefined => {
  if (field === undefined || !hasValue(source, field, name)) return undefined;
  const { value } = field;
  if (isScalar(value) && typeof value.value === "boolean") return value.value;
  source.report(value ?? undefined, `${name} must be true or false, not ${kindOf(value)}`, meantFlag(value, name));
  return undefined;
};

/** YAML 1.1 had more words for the two; what was meant is not guessed where it could be either. */
const meantFlag = (value: Node | null, name: string): string => {
  const word = isScalar(value) ? String(value.value).toLowerCase() : "";
  if (["no", "n", "off", "0", "false"].includes(word)) return `write ${name}: false`;
  if (["yes", "y", "on", "1", "true"].includes(word)) return `write ${name}: true`;
  return `write ${name}: true or ${name}: false`;
};

export const readWhole = (
  source: Source,
  field: Field | undefined,
  name: string,
): { readonly number: number; readonly node: Node } | undefined => {
  if (field === undefined || !hasValue(source, field, name)) return undefined;
  const { value } = field;
  if (value !== null && isScalar(value) && typeof value.value === "number" && Number.isSafeInteger(value.value)) {
    return { number: value.value, node: value };
  }
  source.report(value ?? undefined, `${name} must be a whole number, not ${kindOf(value)}`);
  return undefined;
};
