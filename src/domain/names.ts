// Names that a certificate may carry: host names, wildcards and IP addresses, in one canonical text each; all else is refused with the reason.
// Canonical names become settings, file names and SAN entries: nothing but letters, digits, hyphen, dot, colon and a leading "*." passes.
import { domainToASCII, domainToUnicode } from "node:url";
import { canonicalIp } from "./ip.ts";
import { clean, invisible } from "./text.ts";

/** Why a text is no name; `reason` is a phrase to go after the quoted text: `"mail example" has a space in it`. */
export class NameProblem extends Error {
  readonly reason: string;
  constructor(text: string, reason: string) {
    super(`"${clean(text, 80)}" ${reason}`);
    this.name = "NameProblem";
    this.reason = reason;
  }
}

export const isIpName = (name: string): boolean => canonicalIp(name) !== undefined;

export const isWildcard = (name: string): boolean => name.startsWith("*.");

/** A name that could have been meant, when it is one itself. */
const meant = (text: string): string => {
  try {
    return `: did you mean ${canonicalName(text)}?`;
  } catch {
    return "";
  }
};

/** What people paste instead of a name. */
const pasted = (text: string): string | undefined => {
  if (text.includes("://")) {
    const host = /^[^:]*:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)/.exec(text)?.[1] ?? "";
    return `is a URL${meant(host.replace(/^\[|\]$/g, ""))}`;
  }
  if (text.includes("@")) return `is an e-mail address${meant(text.slice(text.lastIndexOf("@") + 1))}`;
  if (/^\[.*\]$/.test(text)) return `is in brackets${meant(text.slice(1, -1))}`;
  const withPort = /^(\[[^\]]*\]|[^:]*):\d{1,5}$/.exec(text);
  if (withPort) return `has a port in it${meant((withPort[1] ?? "").replace(/^\[|\]$/g, ""))}`;
  if (/[/\\]/.test(text)) return `has a slash in it${meant(text.split(/[/\\]/)[0] ?? "")}`;
  return undefined;
};

/** Why a host name of A-labels cannot stand, or undefined. */
const hostProblem = (host: string, wildcard: boolean): string | undefined => {
  const labels = host.split(".");
  if (host === "" || labels.includes("")) return "has an empty label (two dots together, or a dot in front)";
  const long = labels.find((label) => label.length > 63);
  if (long !== undefined) return `has a label of ${long.length} characters; 63 is the most (RFC 1035 §2.3.4)`;
  const length = host.length + (wildcard ? 2 : 0);
  if (length > 253) return `is ${length} characters long; 253 is the most (RFC 1035 §2.3.4)`;
  for (const label of labels) {
    if (label.includes("_"))
      return "has an underscore in it, which a host name in a certificate must not have (RFC 5280 §4.2.1.6)";
    if (label.startsWith("-") || label.endsWith("-"))
      return `has a label that starts or ends with a hyphen: "${label}"`;
  }
  const last = labels.at(-1) ?? "";
  if (/^(?:\d+|0x[0-9a-f]*)$/i.test(last))
    return "ends in a number: it is neither a host name nor a complete IP address";
  if (labels.length < 2) {
    return wildcard
      ? "is a wildcard for a whole top-level domain; clients refuse it (at least two labels must follow the star)"
      : "is not a fully qualified host name (it has no dot)";
  }
  return undefined;
};

/** What most names are: canonical as they stand, so that nothing below has to look at them. Two hyphens together may be an A-label. */
const plainName = /^(?!.*--)(?!.{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The canonical text of a name: A-labels in lower case without a trailing dot, `*.` in front of a wildcard, or an IP address as RFC 5952 writes it.
 * @throws NameProblem saying why it is none.
 */
export const canonicalName = (text: string): string => {
  const refuse = (reason: string): never => {
    throw new NameProblem(text, reason);
  };
  if (plainName.test(text)) return text;
  if (text === "") refuse("is empty");
  // Bounded before anything is computed from it; IDNA never makes a name shorter than a quarter of its text.
  if (text.length > 1024) refuse(`is ${text.length} characters long; 253 is the most (RFC 1035 §2.3.4)`);
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) refuse("has a control character or a line break in it");
  if (/\s/.test(text)) refuse("has a space in it");
  if (invisible.test(text)) refuse("has an invisible character in it: type it instead of pasting it");
  const ip = canonicalIp(text);
  if (ip !== undefined) {
    if (ip === "0.0.0.0" || ip === "::") refuse('is the "any" address, which belongs to no host');
    return ip;
  }
  if (text.includes("%") && text.includes(":")) refuse("is an IP address with a zone, which no certificate can carry");
  const wrong = pasted(text);
  if (wrong !== undefined) refuse(wrong);
  const wildcard = text.startsWith("*.");
  const typed = (wildcard ? text.slice(2) : text).replace(/[.\u3002\uff0e\uff61]$/, "");
  if (typed.includes("*"))
    refuse('has a star in it; only a whole left-most label can be one, as in "*.example.org" (RFC 9525 §6.3)');
  const foreign = /[\u0021-\u002c\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007e]/.exec(typed)?.[0];
  if (foreign !== undefined) refuse(`has the character ${foreign} in it, which a host name cannot have`);
  // First as typed, so that the reason is exact; then as mapped, which can bring in dots, digits and hyphens of its own.
  const plain = /^[\u0000-\u007f]*$/.test(typed);
  const problem = plain ? hostProblem(typed.toLowerCase(), wildcard) : undefined;
  if (problem !== undefined) refuse(problem);
  const host = domainToASCII(typed).toLowerCase();
  // Node 24 lets an A-label stand that decodes to nothing; Node 20 gives an empty name.
  const hollow = host.split(".").some((label) => label.startsWith("xn--") && domainToUnicode(label) === label);
  if (host === "" || hollow)
    refuse(
      plain
        ? 'has an "xn--" label that stands for nothing (RFC 5891 §5.4)'
        : "has characters that no host name can have (RFC 5891)",
    );
  const mapped = hostProblem(host, wildcard);
  if (mapped !== undefined) refuse(mapped);
  if (!/^[a-z0-9.-]+$/.test(host) || isIpName(host)) refuse("has characters that no host name can have (RFC 5891)");
  return wildcard ? `*.${host}` : host;
};

/** A canonical name as people write it: `xn--mnchen-3ya.example` is shown as `münchen.example`. */
export const displayName = (name: string): string => {
  if (!name.includes("xn--")) return name;
  const prefix = isWildcard(name) ? "*." : "";
  const shown = domainToUnicode(name.slice(prefix.length));
  // Shown only where it leads back to the very same name and can be printed.
  return shown !== "" && clean(shown, 300) === shown && domainToASCII(shown) === name.slice(prefix.length)
    ? prefix + shown
    : name;
};
