// Folders that somebody other than root can change, and files with secrets that others can read: facts in, findings out.
import { shellWord } from "../shell-word.ts";
import type { DoctorFinding } from "./finding.ts";
import { counted, few } from "./words.ts";

export interface Changeable {
  readonly path: string;
  /** `everybody`, `its owner (uid 1000)` */
  readonly who: string;
  /** The command that mends it; absent where nobody can say what is meant. */
  readonly mend?: string;
}

export const changeableFinding = (what: string, { path, who, mend }: Changeable): DoctorFinding => {
  const owned = who.startsWith("its owner");
  const command = mend ?? (owned ? `chown root ${shellWord(path)}` : undefined);
  return {
    check: "doctor-folder",
    severity: "fault",
    message: `${who} can change ${path}, and so ${what}`,
    ...(command === undefined ? { hint: `keep it where only root can write` } : { command }),
  };
};

export interface SecretFile {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** A group that may read it: of the server that reads keys as its own user. */
  readonly group?: number;
  /** Others who may read it by an access list: then the group's bits are that list's mask. */
  readonly listed: readonly string[];
}

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, "0");

/** Bits that give it to somebody for whom it is not meant. */
const tooWide = ({ mode, gid, group, listed }: SecretFile): boolean => {
  if ((mode & 0o007) !== 0) return true;
  if (listed.length > 0) return false;
  return group !== undefined && gid === group ? (mode & 0o030) !== 0 : (mode & 0o070) !== 0;
};

const modeFor = ({ gid, group, listed }: SecretFile): string =>
  listed.length > 0 ? "o-rwx" : group !== undefined && gid === group ? "640" : "600";

/** One finding for each command that mends some of them. `owner`: whose they are to be (of the state folder: whoever runs mailcert). */
export const secretFindings = (
  check: "doctor-key" | "doctor-secret",
  what: string,
  files: readonly SecretFile[],
  owner: number,
): readonly DoctorFinding[] => {
  const findings: DoctorFinding[] = [];
  const words = (paths: readonly SecretFile[]): string => paths.map(({ path }) => shellWord(path)).join(" ");
  const wide = files.filter(tooWide);
  for (const mode of new Set(wide.map(modeFor))) {
    const these = wide.filter((file) => modeFor(file) === mode);
    findings.push({
      check,
      severity: "fault",
      message: `others can read ${counted(these.length, what)}: ${few(these.map((file) => `${file.path} (mode ${octal(file.mode)})`))}`,
      command: `chmod ${mode} ${words(these)}`,
      hint: "and make a new key, or a new token, where somebody else may have read it",
    });
  }
  const foreign = files.filter(({ uid }) => uid !== owner);
  if (foreign.length > 0)
    findings.push({
      check,
      severity: "fault",
      message: `${counted(foreign.length, what)} of another owner: ${few(foreign.map(({ path, uid }) => `${path} (uid ${uid})`))}`,
      command: `chown ${owner === 0 ? "root" : String(owner)} ${words(foreign)}`,
    });
  return findings;
};

/** Someone gave others a key by an access list: it is theirs to say, and the next renewal writes other files. */
export const listedFindings = (files: readonly SecretFile[]): readonly DoctorFinding[] => {
  const listed = files.filter((file) => file.listed.length > 0);
  if (listed.length === 0) return [];
  const who = [...new Set(listed.flatMap((file) => file.listed))];
  return [
    {
      check: "doctor-acl",
      severity: "info",
      message: `${few(who)} may read ${counted(listed.length, "private key")} by an access list: ${few(listed.map(({ path }) => path))}`,
      hint: "a renewal writes new files, which do not have it: let files: of the configuration make a copy for that program",
    },
  ];
};
