// OpenSMTPD's certificates by name, from 7.0 on: entries of ours and a macro that lists them, for listeners whose line ends with it.
import { sniNames } from "../../domain/sni-names.ts";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { isIpName } from "../../domain/names.ts";
import { stamped } from "../../domain/stamp.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { escapes } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { slotBeside } from "../one-slot.ts";
import type { Change, ServedCertificate } from "../server.ts";

const mode = 0o644;

/** Beside smtpd.conf, and read before the listeners: a macro must be known where it stands. */
export const namesFileOf = (conf: string): string => `${conf.replace(/\.conf$/, "")}-mailcert-names.conf`;

export const macro = "$mailcert";

/** smtpd(8) takes 32 entries on a listener (PKI_MAX), the listener's own among them. */
export const mostEntries = 31;

/**
 * The order in which they are asked: smtpd takes the first whose certificate has the name, exact or by a wildcard, and the listener's own entry is not
 * among those that it asks. So who is to have a name comes before everybody whose certificate would do as well; where that goes in a circle, as configured.
 */
export const inOrder = (main: ServedCertificate, bySni: readonly ServedCertificate[]): readonly ServedCertificate[] => {
  const mine = sniNames(main, bySni);
  const has = ({ names }: ServedCertificate, name: string): boolean =>
    names.some((one) => !isIpName(one) && (one === name || dnsNameMatches(one, name)));
  const before = (a: ServedCertificate, b: ServedCertificate): boolean =>
    (mine.get(a.name) ?? []).some((name) => has(b, name));
  let rest = [main, ...bySni].filter(({ name }) => (mine.get(name) ?? []).length > 0);
  const ordered: ServedCertificate[] = [];
  while (rest.length > 0) {
    const next = rest.find((one) => !rest.some((other) => other !== one && before(other, one))) ?? rest[0];
    if (next) ordered.push(next);
    rest = rest.filter((one) => one !== next);
  }
  // Where nobody else's certificate would do for its names, the listener's own entry is enough.
  return ordered.filter((one) => one !== main || bySni.some((other) => before(main, other)));
};

/** The entries of ours, by number: a certificate's name need not be one of theirs. */
export const entryNames = (ordered: readonly ServedCertificate[]): readonly string[] =>
  ordered.slice(0, mostEntries).map((_, index) => `mailcert-${index + 1}`);

/** What is missing of the file. `inUse`: somebody reads it, or names the macro. */
export const namesChange = async (
  conf: string,
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
  inUse: boolean,
): Promise<readonly Change[]> => {
  const path = namesFileOf(conf);
  const before = await readTextIfPresent(path);
  const file = { kind: "file", path, mode, before, shared: true } as const;
  if (bySni.length === 0 && !inUse) return before === undefined ? [] : [{ ...file, content: undefined }];
  const ordered = bySni.length === 0 ? [] : inOrder(main, bySni);
  const entries = entryNames(ordered).flatMap((entry, index) => {
    const certificate = ordered[index] ?? main;
    const { fullchain, privkey } = slotBeside(certificate, main);
    const safe = escapes.opensmtpd;
    return [`pki "${entry}" cert "${safe(fullchain)}"`, `pki "${entry}" key "${safe(privkey)}"`];
  });
  const list = entryNames(ordered).map((entry) => `pki ${entry}`);
  const lines = [
    "# Written by mailcert: certificates by name (SNI), for listeners that end with $mailcert. The next deploy replaces this file.",
    ...entries,
    `mailcert = "${list.join(" ")}"`,
    "",
  ];
  const content = stamped(lines.join("\n"));
  return before === content && (await modeOf(path)) === mode ? [] : [{ ...file, content }];
};
