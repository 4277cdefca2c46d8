// Plans what makes OpenSMTPD serve a certificate: a file that gives its pki entries our files, and the line of smtpd.conf that reads it.
import type { Finding } from "../../domain/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { isWildcard } from "../../domain/names.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { isStamped } from "../../domain/stamp.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { type FileChange, modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { chosenSlot, slotBeside } from "../one-slot.ts";
import type { Change, Override, ServedCertificate, ServerPlan, SlotPaths } from "../server.ts";
import { isAtLeast } from "../version.ts";
import { type Directive, type Listen, type Pki, directivesOf, listensOf, pkisOf } from "./configuration.ts";
import { listenEdits } from "./listen-lines.ts";
import { entryNames, inOrder, macro, mostEntries, namesChange, namesFileOf } from "./names.ts";

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
  /** Our file of names is read. */
  readonly names: boolean;
}

/** What OpenSMTPD is to serve. */
export interface Wanted {
  readonly certificate: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
  readonly version: string;
  readonly render: RenderTemplate;
}

/** Before, any entry is served to whoever asks for its name, and a listener takes one (tried with 6.8 and 7.6). */
const listsEntries = (version: string): boolean => isAtLeast(version, [7, 0]);

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
    names: all.some(({ words }) => words[0] === "include" && words[1] === namesFileOf(conf)),
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

interface Entry extends SlotPaths {
  readonly pki: string;
}

/** For an OpenSMTPD that serves entries by their names: one for each name, but those that listeners have for everybody. */
const namedEntries = (present: Present, { certificate, bySni, version }: Wanted): readonly Entry[] => {
  if (listsEntries(version)) return [];
  const mine = sniNames(certificate, bySni);
  const { all } = used(present);
  return bySni.flatMap((one) =>
    (mine.get(one.name) ?? [])
      .filter((name) => !isWildcard(name) && !all.includes(name))
      .map((pki) => ({ pki, ...slotBeside(one, certificate) })),
  );
};

const changesFor = async (present: Present, wanted: Wanted, taken: readonly string[]): Promise<readonly Change[]> => {
  const { conf, installed } = present;
  const { certificate, render } = wanted;
  const slot = chosenSlot(certificate);
  // What people wrote themselves, from our snippet say, needs no second setting.
  const pkis = [...taken.map((pki) => ({ pki, ...slot })), ...namedEntries(present, wanted)].filter(
    (entry) => !serves(present.others.get(entry.pki), entry),
  );
  const path = ownFileOf(conf);
  const before = await readTextIfPresent(path);
  if (pkis.length === 0 && before === undefined) return [];
  const content = render("opensmtpd.conf", { name: certificate.name, pkis, snippet: false }, "opensmtpd");
  return [
    ...(before === content && (await modeOf(path)) === mode
      ? []
      : [{ kind: "file", path, content, mode, before } as const]),
    ...(installed ? [] : [{ kind: "line", path: conf, line: 0, before: undefined, after: includeLine(conf) } as const]),
  ];
};

const namesText = (present: Present, { certificate, bySni, version }: Wanted): Promise<readonly Change[]> => {
  const inUse = present.names || present.listens.some(({ directive }) => directive.text.includes(macro));
  return namesChange(present.conf, certificate, listsEntries(version) ? bySni : [], inUse);
};

const note = (message: string, hint: string): Finding => ({
  check: "deploy-one-certificate",
  severity: "warning",
  message,
  hint,
});

/** What cannot be served by name. */
const notes = ({ certificate, bySni, version }: Wanted): readonly Finding[] => {
  if (listsEntries(version)) {
    const over = inOrder(certificate, bySni).slice(mostEntries);
    return over.length === 0
      ? []
      : [
          note(
            `opensmtpd takes 32 certificates on a listener: ${over.map(({ name }) => name).join(", ")} ${over.length === 1 ? "is" : "are"} not served there`,
            "put more names into each certificate, or keep some off it (servers:)",
          ),
        ];
  }
  const mine = sniNames(certificate, bySni);
  const wildcards = bySni.flatMap(({ name }) => (mine.get(name) ?? []).filter(isWildcard));
  return wildcards.length === 0
    ? []
    : [
        note(
          `opensmtpd ${version} knows no wildcards: who asks for a name below ${wildcards.join(", ")} gets ${certificate.name}`,
          "give it the names themselves, or upgrade to OpenSMTPD 7",
        ),
      ];
};

export const planSmtpd = async (present: Present, wanted: Wanted): Promise<ServerPlan> => ({
  changes: [
    ...(await changesFor(present, wanted, takenOf(present, wanted.certificate))),
    ...(await namesText(present, wanted)),
  ],
  notes: notes(wanted),
});

/** Listeners of ours that do not list the certificates by name, and the edits that make them. */
const readBackNames = async (
  present: Present,
  wanted: Wanted,
  taken: readonly string[],
): Promise<readonly Override[]> => {
  const { certificate, bySni, version } = wanted;
  const [other] = bySni;
  if (!listsEntries(version) || other === undefined) return [];
  const entries = entryNames(inOrder(certificate, bySni)).join(" ");
  const missing = present.listens.filter(
    ({ tls, pkis, directive }) =>
      tls !== undefined &&
      taken.includes(pkis[0] ?? "") &&
      !(present.names && directive.text.includes(macro)) &&
      !` ${pkis.join(" ")}`.endsWith(` ${entries}`),
  );
  const [first] = missing;
  if (first === undefined) return [];
  const bare = missing.filter(({ directive }) => !directive.text.includes(macro));
  const lines = await listenEdits(bare, present.names ? undefined : `include "${namesFileOf(present.conf)}"`);
  return [
    {
      scope: `clients that ask for a name of ${bySni.map(({ name }) => name).join(", ")}`,
      path: first.directive.path,
      line: first.directive.line,
      setting: `${clean(first.directive.text, 200)}${lines === undefined ? " (add an empty line above it: there is no room for an include)" : ""}`,
      certificate: other.name,
      edit: lines === undefined || lines.length === 0 ? [] : [...(await namesText(present, wanted)), ...lines],
    },
  ];
};

export const readBackSmtpd = async (present: Present, wanted: Wanted): Promise<readonly Override[]> => {
  const { certificate } = wanted;
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
    const edit = await changesFor(present, wanted, used(present).first);
    return [{ scope: "everything", ...at(first), edit }];
  }
  const theirs = taken.flatMap((entry) =>
    serves(pkis.get(entry), slot) ? [] : [{ scope: `listeners with pki ${entry}`, ...at(entry), edit: [] }],
  );
  return [...theirs, ...(await readBackNames(present, wanted, taken))];
};

/** smtpd does not start without a file that it is to include. Somebody else's file is not ours to judge. */
export const isStillRead = async ({ path, content, shared }: FileChange): Promise<boolean> => {
  const text = await readTextIfPresent(path);
  if (shared ? !isStamped(text) : text !== content) return false;
  const directives = await directivesOf(path.replace(/-mailcert(-names)?\.conf$/, ".conf"));
  return directives.some(({ words }) => words[0] === "include" && words[1] === path);
};

export const snippetOf = ({ render, certificate, bySni, version }: Wanted): string => {
  const hosts = hostNames(certificate);
  const ordered = bySni.length === 0 ? [] : inOrder(certificate, bySni);
  const entries = entryNames(ordered);
  const first = { pki: hosts[0] ?? certificate.name, ...chosenSlot(certificate) };
  const further = ordered
    .slice(0, entries.length)
    .map((one, index) => ({ pki: entries[index] ?? "", ...slotBeside(one, certificate) }));
  if (!/^[a-z\d.-]+$/i.test(first.pki)) throw new Failure("data", "a pki entry needs a plain host name");
  const snippet = { version, hosts, pki: first.pki, further };
  return render("opensmtpd.conf", { name: certificate.name, pkis: [first, ...further], snippet }, "opensmtpd");
};
