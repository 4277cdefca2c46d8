// Whether each server can open what it is to serve, as the user that opens it: the folder that is in the way is named.
import { shellWord } from "../shell-word.ts";
import type { DoctorFinding, Looked } from "./finding.ts";

export type Opened =
  | { readonly kind: "open" }
  | { readonly kind: "closed"; readonly folder?: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unknown"; readonly why: string };

export interface Tried {
  /** `dovecot`, `postfix-out` */
  readonly server: string;
  /** undefined: root. */
  readonly user?: string;
  readonly certificate: string;
  readonly path: string;
  /** A copy of `files:`. Whether what is behind `live` is whole is not for this look to say. */
  readonly copy?: true;
  readonly opened: Opened;
}

/** Keys are given to the server's group by each deployment; the others are for everybody. */
const holdsKey = (path: string): boolean => /\/(?:privkey|combined)\.pem$/.test(path);

const finding = ({ server, user, certificate, path, copy, opened }: Tried): DoctorFinding | undefined => {
  const check = "doctor-readable";
  const severity = "fault";
  const who = `${server} reads as ${user ?? "root"}, which cannot open ${path}`;
  if (opened.kind === "open" || opened.kind === "unknown") return undefined;
  const deploy = `mailcert deploy ${shellWord(certificate)}`;
  if (opened.kind === "missing" && !copy) return undefined;
  if (opened.kind === "missing")
    return { check, severity, message: `${server} is to read ${path}, which is not there`, command: deploy };
  if (opened.folder !== undefined)
    return {
      check,
      severity,
      message: `${who}: the folder ${opened.folder} is closed to it`,
      command: `chmod o+x ${shellWord(opened.folder)}`,
    };
  return user === undefined
    ? {
        check,
        severity,
        message: who,
        hint: "a file system that gives root no rights (NFS with root_squash)? keep the state on a disk of this host (--state)",
      }
    : { check, severity, message: who, command: holdsKey(path) || copy ? deploy : `chmod a+r ${shellWord(path)}` };
};

export const readableLooked = (tried: readonly Tried[]): Looked => {
  // One folder, or one grant, is behind all files of a server.
  const findings = new Map<string, DoctorFinding>();
  for (const one of tried) {
    const found = finding(one);
    if (!found) continue;
    const key = `${one.server} ${found.command ?? found.message}`;
    if (!findings.has(key)) findings.set(key, found);
  }
  const unknown = tried.flatMap(({ opened }) => (opened.kind === "unknown" ? [opened.why] : []));
  const servers = new Map(tried.map(({ server, user }) => [server, user ?? "root"]));
  const well = [...servers].flatMap(([server, user]) =>
    tried.every((one) => one.server !== server || !finding(one)) ? [`${server} as ${user}`] : [],
  );
  return { findings: [...findings.values()], well, unseen: [...new Set(unknown)] };
};
