// Says the settings of an include file of ours in the words of the other Dovecot generation: each refuses to start on the other's.
import { requirementIn, withClientPart, withoutClientPart } from "./clients.ts";

type Version = "2.3" | "2.4";

/** What 2.3 and 2.4 call the settings that mailcert writes (Dovecot's upgrade notes, "converted settings"). */
const words: readonly (readonly [old: string, now: string])[] = [
  ["ssl_cert", "ssl_server_cert_file"],
  ["ssl_key", "ssl_server_key_file"],
  ["ssl_alt_cert", "ssl_server_alt_cert_file"],
  ["ssl_alt_key", "ssl_server_alt_key_file"],
];

/** Settings whose values are others, too. */
const turned: readonly (readonly [old: string, now: string, values: Readonly<Record<string, string>>])[] = [
  ["ssl_prefer_server_ciphers", "ssl_server_prefer_ciphers", { yes: "server", no: "client" }],
  ["disable_plaintext_auth", "auth_allow_cleartext", { yes: "no", no: "yes" }],
];

const setting = /^(\s*)([\w/]+)(\s*=\s*)(.*)$/;

const toNew = (name: string, value: string): readonly [string, string] | undefined => {
  const word = words.find(([old]) => old === name);
  // 2.3 reads a file's content with `<`, 2.4 takes its path.
  if (word) return [word[1], value.replace(/^<\s*/, "")];
  const other = turned.find(([old]) => old === name);
  return other && [other[1], other[2][value] ?? value];
};

const toOld = (name: string, value: string): readonly [string, string] | undefined => {
  const word = words.find(([, now]) => now === name);
  if (word) return [word[0], value === "" ? "" : `<${value}`];
  const other = turned.find(([, now]) => now === name);
  if (!other) return undefined;
  return [other[0], Object.entries(other[2]).find(([, now]) => now === value)?.[0] ?? value];
};

const block = /^local_name (\S+) \{\n(?:.*\n)*?\}\n/gm;

/** 2.3 takes the first block that matches a name, 2.4 the last: names stay before the wildcards above them, or behind. */
const inOrder = (text: string, version: Version): string => {
  const blocks = [...text.matchAll(block)];
  const names = blocks.filter(([, host = ""]) => !host.startsWith("*."));
  const wildcards = blocks.filter(([, host = ""]) => host.startsWith("*."));
  const ordered = version === "2.3" ? [...names, ...wildcards] : [...wildcards, ...names];
  return text.replace(block, () => ordered.shift()?.[0] ?? "");
};

/** The same text where it is in that generation's words already. Comments and whatever both call alike stay as they are. */
export const translate = (text: string, version: Version): string =>
  withClientPart(text, version, (rest) => translateRest(rest, version));

const translateRest = (text: string, version: Version): string => {
  const translated = text
    .split("\n")
    .map((line) => {
      const [, indent = "", name = "", equals = "", value = ""] = setting.exec(line) ?? [];
      const said = name === "" ? undefined : version === "2.4" ? toNew(name, value) : toOld(name, value);
      return said ? `${indent}${said[0]}${equals}${said[1]}`.trimEnd() : line;
    })
    .join("\n");
  return translated === text ? text : inOrder(translated, version);
};

/**
 * What every client needs and any Dovecot of that generation takes: the certificate outside any block. And that nobody logs in without a client certificate,
 * where that was so: passwords alone must not suffice because a file is missing. The next deployment writes the rest.
 */
export const essentials = (text: string, version: Version): string => {
  const kept: string[] = [];
  let depth = 0;
  for (const line of translate(withoutClientPart(text), version).split("\n")) {
    const name = setting.exec(line)?.[2] ?? "";
    const ours = name === "ssl" || words.some((pair) => pair.includes(name));
    if (depth === 0 && (line.startsWith("#") || ours)) kept.push(line);
    if (/\{\s*(#.*)?$/.test(line) && !line.startsWith("#")) depth += 1;
    else if (/^\s*\}/.test(line)) depth = Math.max(0, depth - 1);
  }
  return [...kept, ...requirementIn(text), ""].join("\n");
};
