// Fills the files of templates/ with validated values; each kind of file has its escape, and a missing value is an error.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Mustache from "mustache";
import { Failure } from "../domain/failure.ts";

/** What kind of text is written; decides how a value is made harmless in it. `none` is for text that no program parses. */
export type TemplateKind =
  | "dovecot"
  | "postfix"
  | "exim"
  | "cyrus"
  | "opensmtpd"
  | "courier"
  | "nginx"
  | "haproxy"
  | "stunnel"
  | "shell"
  | "powershell"
  | "cmd"
  | "json"
  | "systemd"
  | "xml"
  | "zone"
  | "mailrc"
  | "html"
  | "none";

/** Renders `templates/<file>`. @throws Failure `data` for a value that cannot stand safely in this kind of file. */
export type RenderTemplate = (file: string, view: Readonly<Record<string, unknown>>, kind: TemplateKind) => string;

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const refuse = (value: string, where: string): never => {
  throw new Failure("data", `${JSON.stringify(value.slice(0, 200))} cannot be written into ${where}`, {
    hints: ["use names and folders of letters, digits and . _ - / @ + ~ only"],
  });
};

const matching = (pattern: RegExp, where: string) => (value: string) =>
  pattern.test(value) && !control.test(value) ? value : refuse(value, where);

/** One escape for each kind. Server configuration has no escape that every version reads alike: what is not plainly safe is refused. */
export const escapes: Readonly<Record<TemplateKind, (value: string) => string>> = {
  // `#` starts a comment, `$` and `%` expand, `{` opens a block, `<` reads a file, quotes and backslashes nest.
  dovecot: matching(/^[\p{L}\p{N}._\-/:@+~=,*[\]]( ?[\p{L}\p{N}._\-/:@+~=,*[\]])*$/u, "a Dovecot setting"),
  // White space and commas separate values, `$` expands, braces group.
  postfix: matching(/^[\p{L}\p{N}._\-/:@+~=*[\]]+$/u, "a Postfix setting"),
  // `$` and `{` expand, `#` starts a comment, a backslash joins lines; colons separate what a list has (macros.ts refuses them in paths).
  exim: matching(/^[\p{L}\p{N}._\-/:@+~=*]( ?[\p{L}\p{N}._\-/:@+~=*])*$/u, "an Exim setting"),
  // `;` and braces end a word, `$` expands, `#` starts a comment.
  nginx: matching(/^[\p{L}\p{N}._\-/:@+~=*[\]]+$/u, "an nginx setting"),
  // White space separates, `#` starts a comment, quotes and backslashes nest, `[` opens a certificate's own options.
  haproxy: matching(/^[\p{L}\p{N}._\-/:@+~=*]+$/u, "a HAProxy setting"),
  // A value goes to the end of its line; `;` and `#` start comments, `:` separates what a command takes.
  stunnel: matching(/^[\p{L}\p{N}._\-/@+~=*]+$/u, "a stunnel setting"),
  // A comma separates two files; what ends a line would begin another setting.
  cyrus: matching(/^[\p{L}\p{N}._\-/:@+~=*,]+$/u, "a setting of Cyrus"),
  // Inside double quotes: a quote ends the value, a backslash joins lines, `$` at its beginning names a macro.
  opensmtpd: matching(/^[\p{L}\p{N}._\-/:@+~=*]+$/u, "smtpd.conf"),
  // A shell reads it: what it would not take for one plain word is refused.
  courier: matching(/^[\p{L}\p{N}._\-/:@+~=*]+$/u, "Courier's settings"),
  shell: (value) => {
    if (control.test(value)) return refuse(value, "a shell command");
    return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
  },
  // A whole expression. Windows PowerShell reads a file in the system's code page, in which bytes of other letters can become quotes: ASCII alone is safe.
  powershell: (value) => {
    if (control.test(value)) return refuse(value, "a PowerShell script");
    const parts = (value.match(/[ -~]+|[^ -~]/g) ?? []).map((part) =>
      /[ -~]/.test(part)
        ? `'${part.replaceAll("'", "''")}'`
        : `[char]0x${part.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
    );
    const [only = "''"] = parts;
    return parts.length <= 1 && only.startsWith("'") ? only : `('' + ${parts.join(" + ")})`;
  },
  // No escape holds in every place of a batch file: what could be read as syntax is shown as an underscore ("/?" would ask for help).
  cmd: (value) => {
    if (control.test(value)) return refuse(value, "a batch file");
    return value.replace(/[^A-Za-z0-9 ._:,@=+/-]/gu, "_");
  },
  // Inside double quotes.
  json: (value) => JSON.stringify(value).slice(1, -1),
  systemd: (value) => {
    if (control.test(value)) return refuse(value, "a systemd unit");
    const text = value.replaceAll("%", "%%").replaceAll("$", "$$$$");
    return /[\s"'\\;]/.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : text;
  },
  xml: (value) => {
    const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    // XML 1.0 §2.2: most control characters cannot be written at all.
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value)) return refuse(value, "XML");
    return value.replace(/[&<>"']/g, (character) => entities[character] ?? character);
  },
  // Names and numbers: spaces separate, `;` starts a comment, quotes, backslashes, parentheses, `@` and `$` mean something (RFC 1035 §5.1).
  zone: matching(/^[a-z0-9_.-]*$/, "a zone file"),
  // Mail programs: quotes, blanks, `#`, `;`, `$`, backquotes, `%`, `/` and braces mean something in one or another of their files.
  mailrc: matching(/^[A-Za-z0-9_:[][A-Za-z0-9_.:@+=[\]-]*$/, "the settings of a mail program"),
  // Text and values in double quotes. Reports hold what servers said: nothing is refused, what could mislead is made visible.
  html: (value) => {
    const entities: Record<string, string> = {
      "&": "&amp;",
      "<": "&lt;",
      ">": "&gt;",
      '"': "&quot;",
      "'": "&#39;",
      "`": "&#96;",
    };
    return value
      .replace(
        /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
        "\ufffd",
      )
      .replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
  },
  none: (value) => value,
};

/** Tokens by their template, for all writers: pages share their parts, and mustache reads each letter by letter. */
type Cache = Map<string, unknown>;

const createWriter = (file: string, kind: TemplateKind, cache: Cache) => {
  // The cache is the writer's own, which its types leave out.
  const writer = Object.assign(new Mustache.Writer(), { templateCache: cache });
  const valueOf = (name: string, value: unknown): string => {
    // A setting that silently became empty would take TLS away: better no file at all.
    if (typeof value !== "string" && typeof value !== "number")
      throw new Error(`templates/${file}: no value for ${name}`);
    return escapes[kind](String(value));
  };
  writer.escapedValue = (token, context) => valueOf(token[1] ?? "", context.lookup(token[1] ?? ""));
  writer.unescapedValue = (token) => {
    throw new Error(`templates/${file}: {{{${token[1]}}}} is not allowed`);
  };
  return writer;
};

/** `source` is the templates folder of this installation, or what reads a file of it; files are read once. `{{> other.html}}` is another one. */
export const createTemplates = (source: string | ((file: string) => string)): RenderTemplate => {
  const read = typeof source === "string" ? (file: string) => readFileSync(join(source, file), "utf8") : source;
  const texts = new Map<string, string>();
  const cache: Cache = new Map();
  const textOf = (file: string): string => {
    const text = texts.get(file) ?? read(file);
    texts.set(file, text);
    return text;
  };
  return (file, view, kind) => {
    const text = textOf(file);
    // A text without a tag is what it says.
    return text.includes("{{") ? createWriter(file, kind, cache).render(text, view, textOf) : text;
  };
};
