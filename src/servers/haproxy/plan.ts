// What makes HAProxy serve a certificate: a list of ours, and its name in the bind lines of mail's ports, after a yes.
import { isAbsolute, join } from "node:path";
import { readCertificate } from "../../domain/certificate.ts";
import { certificateMatches } from "../../domain/name-match.ts";
import { stamped } from "../../domain/stamp.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { marksIn } from "../line-mark.ts";
import { notAloneNote, otherPortsNote } from "../mail-ports.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import type { Bind, CertificateWord } from "./binds.ts";
import { combinedOf, listText, ownList } from "./crt-list.ts";
import { isServed, mailPorts, otherPorts } from "./listeners.ts";

const mode = 0o644;

/** What a bind line is to serve, and where the list of it lies. */
export interface Wanted {
  readonly certificate: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
  readonly configDir: string;
  /** `crt-base` of the global section: relative names start there. */
  readonly base: string | undefined;
  readonly render: RenderTemplate;
}

const listChange = async ({ certificate, bySni, configDir, render }: Wanted): Promise<readonly Change[]> => {
  const path = ownList(configDir);
  const content = stamped(listText(render, certificate, bySni));
  const before = await readTextIfPresent(path);
  if (before === content && (await modeOf(path)) === mode) return [];
  return [{ kind: "file", path, content, mode, before, shared: true }];
};

/** Ours stands first: the first is for every name that nobody has, and of two with one name the first is taken. */
const namesList = ({ certificates }: Bind, configDir: string): boolean =>
  certificates[0]?.keyword === "crt-list" && certificates[0].value === ownList(configDir);

/** Our files themselves, as a person may have put them there. */
const namesFiles = ({ certificates }: Bind, { certificate, bySni }: Wanted): boolean => {
  const paths = combinedOf(certificate);
  const given = certificates.slice(0, paths.length).map(({ value }) => value);
  return bySni.length === 0 && paths.length > 0 && paths.every((path) => given.includes(path));
};

const mixed = (bind: Bind): boolean => otherPorts(bind).length > 0;

export const planHaproxy = async (binds: readonly Bind[], wanted: Wanted): Promise<ServerPlan> => {
  const others = binds.filter((bind) => bind.ssl && !isServed(bind)).flatMap(otherPorts);
  const inUse = binds.some(({ certificates }) => certificates.some(({ value }) => value === ownList(wanted.configDir)));
  const together = binds.filter((bind) => isServed(bind) && mixed(bind) && !namesList(bind, wanted.configDir));
  const notes = together.map((bind) =>
    notAloneNote(
      `haproxy: ${bind.line.path} line ${bind.line.line} binds ${mailPorts(bind).join(", ")} together with ${otherPorts(bind).join(", ")}, which is none of mail's: mailcert does not change it`,
      "give mail's ports a bind line of their own, then: mailcert deploy --yes",
    ),
  );
  return { changes: inUse ? await listChange(wanted) : [], notes: [...otherPortsNote("haproxy", others), ...notes] };
};

/** Names of a certificate, the common name among them, as HAProxy takes them; undefined where the file cannot be read. */
const namesIn = async (path: string): Promise<readonly string[] | undefined> => {
  const text = await readTextIfPresent(path).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { dnsNames, commonName } = readCertificate(text);
    return [...dnsNames, ...(commonName === undefined ? [] : [commonName.toLowerCase()])];
  } catch {
    return undefined;
  }
};

/** Folders, lists and certificates with names that ours do not have stay behind ours: somebody asks for those names. */
const isKept = async ({ keyword, value }: CertificateWord, wanted: Wanted): Promise<boolean> => {
  if (value === ownList(wanted.configDir)) return false;
  if (keyword === "crt-list") return true;
  const { certificate, bySni, base } = wanted;
  const names = await namesIn(isAbsolute(value) || base === undefined ? value : join(base, value));
  if (names === undefined) return true;
  const ours = { dnsNames: [certificate, ...bySni].flatMap((one) => one.names), ipNames: [] };
  return names.some((name) => name.includes(".") && !certificateMatches(ours, name));
};

/** The bind line with our list in front, and a mark behind it. */
const edited = async (bind: Bind, wanted: Wanted): Promise<Change> => {
  const { path, line, text } = bind.line;
  const list = `crt-list ${ownList(wanted.configDir)}`;
  const [first] = bind.certificates;
  let after = text;
  for (const one of bind.certificates.toReversed()) {
    const stays = (await isKept(one, wanted)) ? text.slice(one.start, one.end).replace(/^default-crt\b/, "crt") : "";
    const instead = [...(one === first ? [list] : []), ...(stays === "" ? [] : [stays])].join(" ");
    // A word that goes takes the space in front of it along.
    const start = instead === "" ? text.slice(0, one.start).trimEnd().length : one.start;
    after = after.slice(0, start) + instead + after.slice(one.end);
  }
  if (!first) after = `${text.slice(0, bind.sslEnd)} ${list}${text.slice(bind.sslEnd)}`;
  const mark = marksIn(path, (await readTextIfPresent(path)) ?? "")(line);
  return { kind: "line", path, line, before: text, after: `${after} # ${mark}` };
};

export const readBackHaproxy = async (binds: readonly Bind[], wanted: Wanted): Promise<readonly Override[]> => {
  const found: Override[] = [];
  for (const bind of binds) {
    if (!isServed(bind) || namesList(bind, wanted.configDir) || namesFiles(bind, wanted)) continue;
    const { path, line, text } = bind.line;
    const ports = mailPorts(bind);
    found.push({
      scope: `${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")}`,
      path,
      line,
      setting: clean(text.trim(), 200),
      // Its other ports would get our certificate as well: that is not for us to say.
      edit: mixed(bind) ? [] : [...(await listChange(wanted)), await edited(bind, wanted)],
    });
  }
  return found;
};
