// Plans what makes OpenSMTPD serve a certificate: a file that gives its pki entries our files, and the line of smtpd.conf that reads it.
import { Failure } from "../../domain/failure.ts";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { type FileChange, modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { chosenSlot } from "../one-slot.ts";
import type { Change, Override, ServedCertificate, SlotPaths } from "../server.ts";
import { type Directive, type Listen, type Pki, directivesOf, listensOf, pkisOf } from "./configuration.ts";

const mode = 0o644;

/** Beside smtpd.conf. */
export const ownFileOf = (conf: string): string => `${conf.replace(/\.conf$/, "")}-mailcert.conf`;

const includeLine = (conf: string): string => `include "${ownFileOf(conf)}"`;

/** What stands in the files now. */
export interface Present {
  readonly conf: string;
  /** Our own file is read. */
  readonly installed: boolean;
  readonly listens: readonly Listen[];
  /** As they would be without our file, and as they are. */
  readonly others: ReadonlyMap<string, Pki>;
  readonly pkis: ReadonlyMap<string, Pki>;
  /** Entries that our file sets. */
  readonly ours: readonly string[];
}

export const presentOf = async (conf: string): Promise<Present> => {
  const own = ownFileOf(conf);
  const all = await directivesOf(conf);
  const others = await directivesOf(conf, own);
  const set: readonly Directive[] = all.filter(({ path }) => path === own);
  return {
    conf,
    installed: ((await readTextIfPresent(conf)) ?? "").split("\n").includes(includeLine(conf)),
    listens: listensOf(others),
    others: pkisOf(others),
    pkis: pkisOf(all),
    ours: [...pkisOf(set).keys()],
  };
};

/** Entries that listeners name: the first of each, which everybody is given, and the others, for those who ask for a name that their certificate has. */
const used = ({ listens }: Present): { readonly first: readonly string[]; readonly all: readonly string[] } => {
  const withTls = listens.filter(({ tls }) => tls !== undefined);
  return {
    first: [...new Set(withTls.flatMap(({ pkis }) => pkis.slice(0, 1)))],
    all: [...new Set(withTls.flatMap(({ pkis }) => pkis))],
  };
};

/** Entries that are to have our files: the only one, else those that are called by a name of the certificate, and those that a person said yes to. */
export const takenOf = (present: Present, { names }: Pick<ServedCertificate, "names">): readonly string[] => {
  const { first, all } = used(present);
  const named = all.filter(
    (entry) => present.ours.includes(entry) || names.some((name) => dnsNameMatches(name, entry)),
  );
  return first.length === 1 ? [...new Set([...first, ...named])] : named;
};

const serves = (pki: Pki | undefined, { fullchain, privkey }: SlotPaths): boolean =>
  pki?.cert?.value === fullchain && pki.key?.value === privkey;

const changesFor = async (
  render: RenderTemplate,
  present: Present,
  certificate: ServedCertificate,
  taken: readonly string[],
): Promise<readonly Change[]> => {
  const { conf, installed } = present;
  const slot = chosenSlot(certificate);
  // What people wrote themselves, from our snippet say, needs no second setting.
  const pkis = taken.filter((entry) => !serves(present.others.get(entry), slot)).map((pki) => ({ pki }));
  const path = ownFileOf(conf);
  const before = await readTextIfPresent(path);
  if (pkis.length === 0 && before === undefined) return [];
  const view = { name: certificate.name, pkis, chain: slot.fullchain, key: slot.privkey, snippet: false };
  const content = render("opensmtpd.conf", view, "opensmtpd");
  return [
    ...(before === content && (await modeOf(path)) === mode
      ? []
      : [{ kind: "file", path, content, mode, before } as const]),
    ...(installed ? [] : [{ kind: "line", path: conf, line: 0, before: undefined, after: includeLine(conf) } as const]),
  ];
};

export const planSmtpd = (
  render: RenderTemplate,
  present: Present,
  certificate: ServedCertificate,
): Promise<readonly Change[]> => changesFor(render, present, certificate, takenOf(present, certificate));

export const readBackSmtpd = async (
  render: RenderTemplate,
  present: Present,
  certificate: ServedCertificate,
): Promise<readonly Override[]> => {
  const slot = chosenSlot(certificate);
  const { pkis, conf } = present;
  const at = (entry: string): Pick<Override, "path" | "line" | "setting"> => {
    const cert = pkis.get(entry)?.cert;
    const { path = conf, line } = cert ?? {};
    return { path, ...(line === undefined ? {} : { line }), setting: `pki ${entry} cert "${cert?.value ?? ""}"` };
  };
  const taken = takenOf(present, certificate);
  const [first] = used(present).first;
  if (taken.length === 0 && first !== undefined) {
    const edit = await changesFor(render, present, certificate, used(present).first);
    return [{ scope: "everything", ...at(first), edit }];
  }
  return taken.flatMap((entry) =>
    serves(pkis.get(entry), slot) ? [] : [{ scope: `listeners with pki ${entry}`, ...at(entry), edit: [] }],
  );
};

/** smtpd does not start without a file that it is to include. Somebody else's file is not ours to judge. */
export const isStillRead = async ({ path, content }: FileChange): Promise<boolean> => {
  if ((await readTextIfPresent(path)) !== content) return false;
  const text = (await readTextIfPresent(path.replace(/-mailcert\.conf$/, ".conf"))) ?? "";
  return text.split("\n").some((line) => /^\s*include\s/.test(line) && line.includes(path));
};

export const snippetOf = (render: RenderTemplate, certificate: ServedCertificate, version: string): string => {
  const { fullchain, privkey } = chosenSlot(certificate);
  const hosts = hostNames(certificate);
  const pkis = [{ pki: hosts[0] ?? certificate.name }];
  if (!/^[a-z\d.-]+$/i.test(pkis[0]?.pki ?? "")) throw new Failure("data", "a pki entry needs a plain host name");
  const view = { name: certificate.name, pkis, chain: fullchain, key: privkey, snippet: { version, hosts } };
  return render("opensmtpd.conf", view, "opensmtpd");
};
