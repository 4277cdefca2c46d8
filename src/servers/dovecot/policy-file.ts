// The file with the TLS policy: its place, how it is known as ours, and what of ours reads otherwise in the other generation of Dovecot.
import { join } from "node:path";
import type { Change, LineReplacement } from "../server.ts";
import { type Configuration, ourFile } from "./files.ts";
import { type Generation, generationOf } from "./generation.ts";
import { namesOf, policyKeys } from "./policy-settings.ts";
import { translate } from "./translate.ts";

/** Read behind the file with the certificate, which switches TLS on (`ssl = yes`) where it was off. */
export const policyFile = (configDir: string, configuration: Pick<Configuration, "includes">): string => {
  const alone = join(configDir, "mailcert.policy.conf");
  if (configuration.includes.includes(alone)) return alone;
  return ourFile(configDir, configuration).replace(/mailcert\.conf$/, "mailcert.policy.conf");
};

/** As its template begins. */
export const isPolicyText = (text: string): boolean => text.startsWith('# TLS policy, written by "mailcert');

/** What mailcert itself may have written: a line that somebody put there may be refused, and a server without that line is better than none. */
const knownPolicy = (text: string, version: Generation["version"]): string => {
  const names: readonly string[] = policyKeys.map((key) => namesOf({ version })[key]);
  const isKnown = (line: string): boolean => line.startsWith("#") || names.includes(line.split(" = ")[0] ?? "");
  return `${translate(text, version).split("\n").filter(isKnown).join("\n")}\n`;
};

/** Empty: it reads as this generation wants it, or is not ours. `least`: only what is known to be taken. */
export const rewordedPolicy = (
  path: string,
  text: string | undefined,
  version: Generation["version"],
  least = false,
): readonly Change[] => {
  if (text === undefined || !isPolicyText(text)) return [];
  const content = least ? knownPolicy(text, version) : translate(text, version);
  return content === text ? [] : [{ kind: "file", path, content, mode: 0o644, before: text, reworded: true }];
};

/**
 * A change of before an upgrade as it is taken back now: what mailcert wrote was reworded since, and what stood there before must be said in words
 * that the installed Dovecot starts on.
 */
export const inWordsOf = (change: Change, installed: string): Change => {
  const version = generationOf(installed)?.version;
  if (version === undefined) return change;
  if (change.kind === "line") {
    const { before, also } = change;
    const reword = <Line extends LineReplacement>(one: Line): Line => ({
      ...one,
      before: translate(one.before, version),
    });
    return {
      ...change,
      before: before === undefined ? undefined : translate(before, version),
      ...(also ? { also: also.map(reword) } : {}),
    };
  }
  // Of a shared file the present text is known by its stamp, in whichever words; a rewording is taken back to the very text.
  if (change.kind !== "file" || change.shared || change.reworded || !isPolicyText(change.content ?? "")) return change;
  const { content, before } = change;
  return {
    ...change,
    content: content && translate(content, version),
    before: before && translate(before, version),
  };
};
