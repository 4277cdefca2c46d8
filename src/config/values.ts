// Single values of the configuration: names, e-mail addresses, URLs, paths; each validated and in one canonical text, or a reason.
import { isScalar } from "yaml";
import { emailAddress } from "../domain/email.ts";
import { pageUrl } from "../domain/page-url.ts";
import { NameProblem, canonicalName, isWildcard } from "../domain/names.ts";
import type { Field, Source, Text } from "./source.ts";
import { quoted } from "./problem.ts";

/** Runs `canonicalName` and reports why a text is no name. */
const nameOf = (source: Source, { text, node }: Text): string | undefined => {
  try {
    return canonicalName(text);
  } catch (error) {
    if (!(error instanceof NameProblem)) throw error;
    source.report(node, `${quoted(text)} ${error.reason}`);
    return undefined;
  }
};

/** Canonical names without repetition. */
export const namesOf = (source: Source, texts: readonly Text[]): readonly string[] => {
  const seen = new Set<string>();
  for (const text of texts) {
    const name = nameOf(source, text);
    if (name === undefined) continue;
    if (seen.has(name))
      source.report(text.node, `the name ${quoted(text.text)} is listed twice`, "remove one of the two");
    seen.add(name);
  }
  return [...seen];
};

/** Where a bundle's folder is published. */
export const pageUrlOf = (source: Source, { text, node }: Text): string | undefined => {
  const read = pageUrl(text);
  if ("url" in read) return read.url;
  source.report(node, `bundle_url: ${quoted(text)} ${read.problem}`, "write it like https://www.example.org/mail/");
  return undefined;
};

/** Domains for the private CA's name constraints, or `["*"]` for none (RFC 5280 §4.2.1.10). */
export const caDomainsOf = (source: Source, texts: readonly Text[]): readonly string[] => {
  const star = texts.find((text) => text.text === "*");
  if (star === undefined) {
    const wildcard = texts.find(({ text }) => isWildcard(text));
    if (wildcard !== undefined) {
      source.report(
        wildcard.node,
        `ca_domains has the wildcard ${quoted(wildcard.text)}`,
        "a domain covers all names below it",
      );
    }
    return namesOf(
      source,
      texts.filter((text) => text !== wildcard),
    );
  }
  if (texts.length > 1)
    source.report(star.node, `ca_domains has "*" (no constraint) and domains`, "keep one of the two");
  return ["*"];
};

export const emailOf = (source: Source, { text, node }: Text): string | undefined => {
  const read = emailAddress(text);
  if ("email" in read) return read.email;
  source.report(node, `${quoted(text)} ${read.problem}`, "write it like postmaster@example.org");
  return undefined;
};

/** Where a list of revoked certificates is published (RFC 5280 §4.2.1.13): by http, for whoever asks by https would have to check that certificate first. */
export const crlUrlOf = (source: Source, { text, node }: Text): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits =
    url?.protocol === "http:" && url.username === "" && url.password === "" && /^[\x21-\x7e]{1,500}$/.test(text);
  if (fits) return text;
  source.report(
    node,
    "ca_crl_url is not an http URL",
    "write it like http://mail.example.org/ca.crl (http: the list is signed)",
  );
  return undefined;
};

/** An ACME directory (RFC 8555 §6.1: https, always). */
export const directoryOf = (source: Source, { text, node }: Text): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong =
    url === undefined
      ? "is not a URL"
      : url.protocol !== "https:"
        ? "is not an https URL (RFC 8555 §6.1)"
        : url.username !== "" || url.password !== ""
          ? "has a user name or password in it"
          : undefined;
  // A URL with a password in it is not repeated.
  const shown = text.includes("@") ? "the URL" : quoted(text);
  if (wrong !== undefined) source.report(node, `${shown} ${wrong}`, "write the CA's directory URL: https://...");
  return wrong === undefined ? text : undefined;
};

/** A run started by a timer has no working folder to speak of. */
export const pathOf = (source: Source, { text, node }: Text, name: string): string | undefined => {
  const wrong = /[\u0000-\u001f\u007f]/.test(text)
    ? "has a control character in it"
    : !text.startsWith("/")
      ? "is not an absolute path"
      : text.length > 4000
        ? "is too long"
        : undefined;
  if (wrong === undefined) return text;
  source.report(node, `${name}: ${quoted(text)} ${wrong}`, `write it from the root: /...`);
  return undefined;
};

/** The word that switches a setting off. */
export const isNone = (field: Field | undefined): boolean => isScalar(field?.value) && field.value.value === "none";
