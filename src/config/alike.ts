// Large files (or many) whose entries mostly say the same: each different body is read once, by the very reader of small files.
// YAML takes 0.1 ms a line, and a hoster's timer reads thousands of them every hour (design §9).
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";

interface Entry {
  readonly name: string;
  readonly line: number;
  readonly body: string;
}

export interface AlikeEntry {
  readonly certificate: CertificateConfig;
  readonly line: number;
}

export interface AlikeFile {
  /** What stands before `certificates:` and has to be read, with its lines; empty: nothing. */
  readonly head: string;
  readonly entries: readonly AlikeEntry[];
}

/** Fewer entries are read faster than they are compared. */
const fewest = 20;
const standIn = "stand-in.example";

/** A host name in its canonical form, so that it can be nothing else in YAML either. */
const entryLine = /^ {2}([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+): *$/;
const head = /^(?:#.*|schema: 1|certificates:| *)$/;
/** Settings for all certificates, which are read as YAML: the line of the key, and what is indented below it. */
const top = /^(?:(?:hooks|notify|window):.*| {2,}[^\t\r]*)$/;

interface Cut {
  /** What stands before the entries and says something beside the schema, else empty. */
  readonly head: string;
  readonly entries: readonly Entry[];
}

/** The file cut at its entries; undefined where it is laid out in any other way than `setup` lays it out. */
const cut = (text: string): Cut | undefined => {
  const lines = text.split("\n");
  const entries: Entry[] = [];
  let at = 0;
  let says = false;
  for (; at < lines.length && lines[at] !== "certificates:"; at += 1) {
    if (head.test(lines[at] ?? "")) continue;
    if (!top.test(lines[at] ?? "")) return undefined;
    says = true;
  }
  const before = says ? lines.slice(0, at).join("\n") : "";
  let open: { name: string; line: number; body: string[] } | undefined;
  const close = (): void => {
    if (open !== undefined) entries.push({ ...open, body: open.body.join("\n").trimEnd() });
  };
  for (at += 1; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const name = entryLine.exec(line)?.[1];
    if (name !== undefined) {
      close();
      open = { name, line: at + 1, body: [] };
    } else if (open !== undefined && /^ {4}[^\t\r]*$|^$/.test(line)) open.body.push(line);
    else if (line !== "") return undefined;
  }
  close();
  return { head: before, entries };
};

const isCanonical = (name: string): boolean => {
  try {
    return canonicalName(name) === name;
  } catch (error) {
    if (error instanceof NameProblem) return false;
    throw error;
  }
};

/**
 * For each file its entries, or undefined where it must be read as a whole: it is laid out otherwise, or has a problem, which only
 * the whole file can give its line. All undefined where the files are small or their entries differ. `readOne` reads a small file,
 * undefined where that has a problem.
 */
export const readAlike = (
  texts: readonly string[],
  readOne: (text: string) => readonly CertificateConfig[] | undefined,
): readonly (AlikeFile | undefined)[] => {
  const files = texts.map((text) => (text.includes("\r") ? undefined : cut(text)));
  const all = files.flatMap((file) => file?.entries ?? []);
  const bodies = new Set(all.map(({ body }) => body));
  if (all.length < fewest || bodies.size > all.length / 4) return files.map(() => undefined);
  const read = new Map<string, CertificateConfig | undefined>();
  for (const body of bodies) {
    const [certificate, ...more] = readOne(`certificates:\n  ${standIn}:\n${body}\n`) ?? [];
    // Two certificates with one bundle, or one place for copies, are a problem of the whole file.
    const alone = certificate?.bundle !== undefined || certificate?.files !== undefined;
    read.set(body, more.length > 0 || alone ? undefined : certificate);
  }
  const named = ({ name, line, body }: Entry): AlikeEntry | undefined => {
    const like = read.get(body);
    if (like === undefined || !isCanonical(name)) return undefined;
    return { certificate: { ...like, name, names: like.names.map((one) => (one === standIn ? name : one)) }, line };
  };
  return files.map((file) => {
    const entries = file?.entries;
    // An empty file and a name that stands twice are told of by the reader of whole files.
    if (entries === undefined || entries.length === 0) return undefined;
    if (new Set(entries.map(({ name }) => name)).size < entries.length) return undefined;
    const found = entries.flatMap((entry) => named(entry) ?? []);
    return file && found.length === entries.length ? { head: file.head, entries: found } : undefined;
  });
};
