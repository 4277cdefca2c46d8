// Plans what makes Courier serve a certificate: one line at the end of each of its files, where the last assignment holds.
import { dirname } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import type { LineChange } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { chosenSlot } from "../one-slot.ts";
import type { Finding } from "../../domain/finding.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { isOurCertificate, linkBase, linksFor, lostWildcards, namesChange } from "./names.ts";
import { type Assignment, parseSettings } from "./settings.ts";

/** Files that have a TLS_CERTFILE; esmtpd-msa reads that of esmtpd. */
export const tlsFiles: readonly string[] = ["imapd-ssl", "pop3d-ssl", "esmtpd", "esmtpd-ssl"];

const plain = (path: string): string => {
  if (/^\/[\p{L}\p{N}._\-/@+~*]+$/u.test(path)) return path;
  throw new Failure("data", `${path} cannot be written into a file of Courier's settings`, {
    hints: ["choose a --state folder of letters, digits and . _ - / only"],
  });
};

/** Tells our line from one that a person made of it. */
const marker = " # mailcert";

/** Key and chain in one file: whoever reads it has a pair that belongs together. */
const lineFor = (path: string, withoutKeyFile: boolean): string =>
  `TLS_CERTFILE=${plain(path)}${withoutKeyFile ? " TLS_PRIVATE_KEYFILE=" : ""}${marker}`;

/** A line that an earlier plan put there, whatever somebody has made of it since. */
const isMarked = ({ text }: Pick<Assignment, "text">): boolean => text.trimEnd().endsWith(marker);

/** Whether somebody wrote something else into a line of ours, which taking it back would lose. */
export const isEdited = async ({ path, before, after }: LineChange): Promise<boolean> => {
  const lines = ((await readTextIfPresent(path)) ?? "").split("\n");
  if (lines.includes(after)) return false;
  return lines.some((text) => {
    const cert = certIn(text);
    const ours = cert !== "" && isOurCertificate(dirname(path), cert);
    // Something was appended to it: what we added still stands there.
    return ours ? before === undefined : isMarked({ text });
  });
};

/** A line of ours took the place of another one of ours, and by now there is none. */
export const isGone = async ({ path, before }: LineChange): Promise<boolean> => {
  if (before === undefined || !isMarked({ text: before })) return false;
  const lines = ((await readTextIfPresent(path)) ?? "").split("\n");
  return !lines.some((text) => isMarked({ text }));
};

const certIn = (text: string): string =>
  parseSettings(text).findLast(({ name }) => name === "TLS_CERTFILE")?.value ?? "";

interface Look {
  readonly path: string;
  readonly wanted: string;
  /** The assignment that holds now. */
  readonly last: Assignment | undefined;
  /** Our line, whether it holds or not. */
  readonly marked: Assignment | undefined;
  /** Somebody changed it since. */
  readonly edited: boolean;
}

const look = async (folder: string, file: string, cert: string): Promise<Look | undefined> => {
  const path = `${folder}/${file}`;
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const all = parseSettings(text);
  const certs = all.filter(({ name }) => name === "TLS_CERTFILE");
  const keys = all.filter((one) => one.name === "TLS_PRIVATE_KEYFILE" && !isMarked(one));
  const marked = certs.findLast(isMarked);
  return {
    path,
    wanted: lineFor(cert, (keys.at(-1)?.value ?? "") !== ""),
    last: [...certs, ...keys].toSorted((a, b) => a.line - b.line).at(-1),
    marked,
    edited: marked !== undefined && !isOurCertificate(folder, marked.value),
  };
};

/** What Courier is to serve. */
export interface Wanted {
  readonly folder: string;
  readonly certificate: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
}

/** The place of a line that names our link; undefined: there is none. */
export const lineWithLink = async (folder: string): Promise<string | undefined> => {
  for (const file of tlsFiles) {
    const path = `${folder}/${file}`;
    const all = parseSettings((await readTextIfPresent(path)) ?? "");
    const found = all.find((one) => one.name === "TLS_CERTFILE" && one.value === linkBase(folder));
    if (found) return `${path} line ${found.line}`;
  }
  return undefined;
};

/** A line names our link. It stays one when the others have gone: another path would need another process. */
const namesLink = async ({ folder }: Wanted): Promise<boolean> => (await lineWithLink(folder)) !== undefined;

const looks = async (wanted: Wanted): Promise<readonly Look[]> => {
  const { folder, certificate, bySni } = wanted;
  const linked = bySni.length > 0 || (await namesLink(wanted));
  const cert = linked ? linkBase(folder) : chosenSlot(certificate).combined;
  return (await Promise.all(tlsFiles.map((file) => look(folder, file, cert)))).flatMap((one) => one ?? []);
};

const lines = async (wanted: Wanted): Promise<readonly Change[]> =>
  (await looks(wanted)).flatMap(({ path, wanted: after, last, marked, edited }): readonly Change[] => {
    if (marked === undefined) return [{ kind: "line", path, line: 0, before: undefined, after }];
    if (marked.text === after || edited || marked.line !== last?.line) return [];
    return [{ kind: "line", path, line: marked.line, before: marked.text, after }];
  });

const notes = ({ certificate, bySni }: Wanted): readonly Finding[] =>
  lostWildcards(certificate, bySni).map((name) => ({
    check: "deploy-one-certificate",
    severity: "warning",
    message: `courier: who asks for a name below ${name} gets the certificate of ${name.slice(2)}: it looks for both in one place`,
    hint: `put ${name} and ${name.slice(2)} into one certificate`,
  }));

/** Links before the lines that name them. Where somebody has set another one in ours or behind it, nothing is changed: `readBackCourier` shows it. */
export const planCourier = async (wanted: Wanted): Promise<ServerPlan> => {
  const { folder, certificate, bySni } = wanted;
  const names = await namesChange(folder, certificate, bySni, await namesLink(wanted));
  return { changes: [...names, ...(await lines(wanted))], notes: notes(wanted) };
};

export const readBackCourier = async (wish: Wanted): Promise<readonly Override[]> =>
  (await looks(wish)).flatMap(({ path, wanted, last, marked, edited }) => {
    if (last === undefined || (last.line === marked?.line && !edited)) return [];
    const { line, text } = last;
    const edit =
      line === marked?.line ? [{ kind: "line", path, line, before: marked.text, after: wanted } as const] : [];
    return [{ scope: `what reads ${path.replace(/^.*\//, "")}`, path, line, setting: clean(text.trim(), 200), edit }];
  });

export const snippetOf = (render: RenderTemplate, { folder, certificate, bySni }: Wanted, version: string): string => {
  const combined = plain(chosenSlot(certificate).combined);
  const links = bySni.length === 0 ? [] : linksFor(folder, certificate, bySni);
  const view = { version, name: certificate.name, hosts: hostNames(certificate), links };
  return render("courier.txt", { ...view, combined: links.length > 0 ? linkBase(folder) : combined }, "courier");
};
