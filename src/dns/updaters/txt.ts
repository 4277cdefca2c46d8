// A TXT value as APIs write it (presentation format, RFC 1035 §5.1), and a name as it is written inside its zone.
import { clean } from "../../domain/text.ts";
import { settingFailure } from "./api-settings.ts";

/** `a"b` -> `"a\"b"`; one character-string. */
export const quoteTxt = (value: string): string => `"${value.replaceAll(/["\\]/g, "\\$&")}"`;

/** What stands in the record: strings joined, escapes resolved. A text without quotes is taken as it is. */
export const unquoteTxt = (text: string): string => {
  const bare = text.trim();
  if (!bare.startsWith('"')) return bare;
  const strings = [...bare.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, inside = ""]) => inside);
  return strings
    .join("")
    .replaceAll(/\\(?:([0-9]{3})|(.))/gs, (_whole, code: string | undefined, plain: string | undefined) =>
      code === undefined ? (plain ?? "") : String.fromCharCode(Number(code)),
    );
};

/** `_acme-challenge.mail` in `example.org`; `apex` for the zone's own name. @throws Failure `config` for a name elsewhere. */
export const nameInZone = (provider: string, name: string, zone: string, apex: string): string => {
  if (name === zone) return apex;
  if (name.endsWith(`.${zone}`)) return name.slice(0, -zone.length - 1);
  throw settingFailure(provider, `${clean(name, 253)} is not in the zone ${clean(zone, 253)}`);
};
