// A certificate's own name: the folder it lives in and the word that commands take. Not every host name can be one.
import { canonicalIp } from "./ip.ts";

// It becomes a part of paths in Dovecot's and Postfix's settings, where a star, a colon or a space could mean something.
const pattern = /^[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?$/;

/** Why `name` cannot be a certificate's name, or undefined; a phrase to go after the quoted name. */
export const certificateNameProblem = (name: string): string | undefined => {
  if (name.includes("..")) return "has two dots together";
  return pattern.test(name) ? undefined : "is not made of a-z, 0-9, dot, hyphen and underscore alone";
};

/** The name for a certificate whose first name is `first` (canonical): `*.example.org` lives in `wildcard.example.org`. */
export const certificateNameFor = (first: string): string => {
  if (first.startsWith("*.")) return `wildcard.${first.slice(2)}`.slice(0, 253).replace(/[.-]+$/, "");
  if (canonicalIp(first) !== undefined) return `ip-${first.replaceAll(":", "-")}`.replace(/-+$/, "-0");
  return first;
};
