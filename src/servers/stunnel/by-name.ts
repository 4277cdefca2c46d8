// Certificates by the name that clients ask for: services of ours (`sni = SERVICE:NAME`) that stunnel hands such clients to, in a file of their own at the end.
import { basename, dirname, join } from "node:path";
import { isIpName, isWildcard } from "../../domain/names.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { stamped } from "../../domain/stamp.ts";
import { type RenderTemplate, escapes } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import type { Change, ServedCertificate } from "../server.ts";
import { certificateText, fileChange, isSet } from "./pairs.ts";
import type { OptionLine, StunnelConfiguration } from "./parse.ts";
import { type TlsService, isCertificateLine } from "./services.ts";

/** `/etc/stunnel/mailcert-mail.names.d/services.conf` for mail.conf. */
export const namesFile = (file: string): string =>
  join(dirname(file), `mailcert-${basename(file, ".conf")}.names.d`, "services.conf");

export const isIncluded = ({ file, includes }: StunnelConfiguration): boolean =>
  includes.includes(dirname(namesFile(file)));

/** A service of ours. */
export const isByName = ({ options }: TlsService, file: string): boolean =>
  options.some(({ path }) => path === namesFile(file));

interface ByName {
  readonly certificate: ServedCertificate;
  readonly names: readonly string[];
}

/**
 * In stunnel's order, in which the first pattern that fits is taken: names before wildcards, narrow ones before wide ones, since `*.example.org`
 * stands for every depth there. Names of the default that somebody's wildcard covers are among them.
 */
export const inOrder = (main: ServedCertificate, bySni: readonly ServedCertificate[]): readonly ByName[] => {
  const own = sniNames(isSet(main) ? main : undefined, bySni);
  const further = bySni.map((certificate) => ({ certificate, names: own.get(certificate.name) ?? [] }));
  const wide = further.flatMap(({ names }) => names.filter(isWildcard));
  const covered = (name: string): boolean =>
    wide.some((pattern) => pattern !== name && name.endsWith(pattern.slice(1)));
  const mains = isSet(main) ? main.names.filter((name) => !isIpName(name) && covered(name)) : [];
  const all = [{ certificate: main, names: mains }, ...further];
  const exact = all.map(({ certificate, names }) => ({
    certificate,
    names: names.filter((name) => !isWildcard(name)),
  }));
  const wildcards = all
    .flatMap(({ certificate, names }) => names.filter(isWildcard).map((name) => ({ certificate, names: [name] })))
    .toSorted((a, b) => (b.names[0]?.length ?? 0) - (a.names[0]?.length ?? 0));
  return [...exact, ...wildcards].filter(({ names }) => names.length > 0);
};

/** What makes it another service, or another's secret; the rest is said again, for stunnel hands nothing down but the global options. */
const ownWords: ReadonlySet<string> = new Set(["accept", "sni", "ticketkeysecret", "ticketmacsecret"]);

const isRepeated = (option: OptionLine): boolean => !ownWords.has(option.name) && !isCertificateLine(option);

const header = `; Written by mailcert; the next deploy replaces this file, "mailcert deploy --remove" takes it away.
; Clients that ask for one of these names are handed on by the service before the colon. Its options are repeated here:
; after a change of yours there, run: mailcert deploy
`;

const sectionOf = (
  render: RenderTemplate,
  { name, options }: Pick<TlsService, "name" | "options">,
  { certificate, names }: ByName,
): string => {
  const plain = escapes.stunnel;
  const [first = ""] = names;
  return [
    "",
    `[mailcert-${name}-${plain(isWildcard(first) ? first : certificate.name)}]`,
    ...names.map((one) => `sni = ${name}:${plain(one)}`),
    // Lines of the same configuration, as they stand there.
    ...options.filter(isRepeated).map(({ text }) => text.trim()),
    certificateText(render, certificate, { bare: true }),
  ].join("\n");
};

export const namesText = (
  render: RenderTemplate,
  masters: readonly TlsService[],
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
): string => {
  const all = inOrder(main, bySni);
  return stamped(header + masters.flatMap((master) => all.map((one) => sectionOf(render, master, one))).join(""));
};

/** No wider than the file whose lines it repeats. */
export const namesChange = async (file: string, content: string): Promise<readonly Change[]> => {
  const theirs = (await modeOf(file)) ?? 0o600;
  return fileChange(namesFile(file), content, (theirs & 0o004) === 0 ? 0o600 : 0o644, true);
};

/** The same for pasting, for a service [imaps] as an example. */
export const namesSnippet = (
  render: RenderTemplate,
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
): string => {
  const all = inOrder(main, bySni);
  const text = "connect = 127.0.0.1:143";
  const connect: OptionLine = { path: "", line: 0, text, name: "connect", value: "127.0.0.1:143" };
  const sections = all.map((one) => sectionOf(render, { name: "imaps", options: [connect] }, one));
  return sections.length === 0
    ? ""
    : `; 4. At the end of the file, for [imaps] and again for each other service, with that service's name and options:\n${sections.join("")}`;
};
