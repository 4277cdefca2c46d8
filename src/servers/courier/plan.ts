// Plans what makes Courier serve a certificate: one line at the end of each of its files, where the last assignment holds.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import type { LineChange } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { chosenSlot } from "../one-slot.ts";
import { isOurs } from "../readable.ts";
import type { Change, Override, ServedCertificate } from "../server.ts";
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
const lineFor = (certificate: ServedCertificate, withoutKeyFile: boolean): string =>
  `TLS_CERTFILE=${plain(chosenSlot(certificate).combined)}${withoutKeyFile ? " TLS_PRIVATE_KEYFILE=" : ""}${marker}`;

/** A line that an earlier plan put there, whatever somebody has made of it since. */
const isMarked = ({ text }: Pick<Assignment, "text">): boolean => text.trimEnd().endsWith(marker);

/** Whether somebody wrote something else into a line of ours, which taking it back would lose. */
export const isEdited = async ({ path, after }: LineChange): Promise<boolean> => {
  const lines = ((await readTextIfPresent(path)) ?? "").split("\n");
  return !lines.includes(after) && lines.some((text) => isMarked({ text }) && !isOurs(certIn(text)));
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

const look = async (folder: string, file: string, certificate: ServedCertificate): Promise<Look | undefined> => {
  const path = `${folder}/${file}`;
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const all = parseSettings(text);
  const certs = all.filter(({ name }) => name === "TLS_CERTFILE");
  const keys = all.filter((one) => one.name === "TLS_PRIVATE_KEYFILE" && !isMarked(one));
  const marked = certs.findLast(isMarked);
  return {
    path,
    wanted: lineFor(certificate, (keys.at(-1)?.value ?? "") !== ""),
    last: [...certs, ...keys].toSorted((a, b) => a.line - b.line).at(-1),
    marked,
    edited: marked !== undefined && !isOurs(marked.value),
  };
};

const looks = async (folder: string, certificate: ServedCertificate): Promise<readonly Look[]> =>
  (await Promise.all(tlsFiles.map((file) => look(folder, file, certificate)))).flatMap((one) => one ?? []);

/** Where somebody has set another one in ours or behind it, nothing is changed: `readBackCourier` shows it. */
export const planCourier = async (folder: string, certificate: ServedCertificate): Promise<readonly Change[]> =>
  (await looks(folder, certificate)).flatMap(({ path, wanted, last, marked, edited }): readonly Change[] => {
    if (marked === undefined) return [{ kind: "line", path, line: 0, before: undefined, after: wanted }];
    if (marked.text === wanted || edited || marked.line !== last?.line) return [];
    return [{ kind: "line", path, line: marked.line, before: marked.text, after: wanted }];
  });

export const readBackCourier = async (folder: string, certificate: ServedCertificate): Promise<readonly Override[]> =>
  (await looks(folder, certificate)).flatMap(({ path, wanted, last, marked, edited }) => {
    if (last === undefined || (last.line === marked?.line && !edited)) return [];
    const { line, text } = last;
    const edit =
      line === marked?.line ? [{ kind: "line", path, line, before: marked.text, after: wanted } as const] : [];
    return [{ scope: `what reads ${path.replace(/^.*\//, "")}`, path, line, setting: clean(text.trim(), 200), edit }];
  });

export const snippetOf = (render: RenderTemplate, certificate: ServedCertificate, version: string): string =>
  render(
    "courier.txt",
    {
      version,
      name: certificate.name,
      hosts: hostNames(certificate),
      combined: plain(chosenSlot(certificate).combined),
    },
    "courier",
  );
