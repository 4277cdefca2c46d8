// What makes a stunnel serve a certificate: a folder of ours with its lines, and one `include` of it in each service of mail, after a yes; names have theirs (by-name.ts).
import { basename, dirname, join } from "node:path";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { marksIn } from "../line-mark.ts";
import { otherPortsNote } from "../mail-ports.ts";
import { switchedOff } from "../marker.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { isByName, isIncluded, namesChange, namesFile, namesText } from "./by-name.ts";
import { type Daemon, needsRestart } from "./daemons.ts";
import { certificateText, fileChange, isSet, servesIt } from "./pairs.ts";
import type { OptionLine } from "./parse.ts";
import type { TlsService } from "./services.ts";

/** `/etc/stunnel/mailcert-mail.d/certificate.conf` for mail.conf: each daemon has its own. */
export const ownFile = (file: string): string =>
  join(dirname(file), `mailcert-${basename(file, ".conf")}.d`, "certificate.conf");

/** A service with the mail ports that it serves, and those that are none of mail's. */
export interface Placed {
  readonly service: TlsService;
  readonly mail: readonly number[];
  readonly other: readonly number[];
}

/** What a daemon is to serve. */
export interface Wanted {
  readonly daemon: Daemon;
  readonly all: readonly Placed[];
  readonly main: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
  readonly render: RenderTemplate;
}

const mastersOf = ({ all }: Wanted): readonly TlsService[] =>
  all.flatMap(({ service, mail }) => (service.accept !== undefined && mail.length > 0 ? [service] : []));

interface Meant {
  readonly service: TlsService;
  readonly certificate: ServedCertificate;
}

/** Services of theirs, and which certificate each is to serve: the default at a port of mail; handed over from there for a name, that name's. */
const meant = (wanted: Wanted): readonly Meant[] => {
  const { daemon, all, main, bySni } = wanted;
  const masters = new Set(mastersOf(wanted).map(({ name }) => name));
  return all.flatMap(({ service, mail }) => {
    if (isByName(service, daemon.configuration.file)) return [];
    if (service.accept !== undefined) return mail.length > 0 && isSet(main) ? [{ service, certificate: main }] : [];
    if (!masters.has(service.primary ?? "")) return [];
    const certificate = [...(isSet(main) ? [main] : []), ...bySni].find(({ names }) =>
      service.sni.some((pattern) => names.some((name) => name === pattern || dnsNameMatches(pattern, name))),
    );
    return certificate ? [{ service, certificate }] : [];
  });
};

const textOfNames = (wanted: Wanted): string => namesText(wanted.render, mastersOf(wanted), wanted.main, wanted.bySni);

export const planStunnel = async (wanted: Wanted): Promise<ServerPlan> => {
  const { daemon, all, main, render } = wanted;
  const { configuration } = daemon;
  const path = ownFile(configuration.file);
  const included = all.some(({ service }) => service.certificates.some((line) => line.path === path));
  const why = needsRestart(daemon);
  return {
    changes: [
      ...(included && isSet(main) ? await fileChange(path, certificateText(render, main), 0o644, false) : []),
      ...(isIncluded(configuration) ? await namesChange(configuration.file, textOfNames(wanted)) : []),
    ],
    notes: [
      ...otherPortsNote(
        daemon.id,
        all.flatMap(({ other }) => other),
      ),
      ...(why === undefined
        ? []
        : [
            {
              check: "server-restart",
              severity: "info" as const,
              message: `${daemon.id}: it cannot take a new certificate while it runs (${why}): it is restarted for each one, which ends open sessions`,
            },
          ]),
    ],
  };
};

const textOf = async (path: string): Promise<string> => (await readTextIfPresent(path)) ?? "";

/** Our `include` as lines, with a mark above: stunnel has no comments behind a value. */
const includeLines = (own: string, mark: string, indent: string): string =>
  `${indent}; ${mark}\n${indent}include = ${dirname(own)}`;

const indentOf = (text: string): string => /^\s*/.exec(text)?.[0] ?? "";

/** The lines of one service become one `include`, at the place of the first; where it is there already, they go. */
const instead = async (certificates: readonly OptionLine[], own: string): Promise<readonly Change[]> => {
  const theirs = certificates.filter(({ path }) => path !== own).toSorted((a, b) => a.line - b.line);
  const included = theirs.length < certificates.length;
  const [first, ...rest] = theirs;
  if (!first || rest.some(({ path }) => path !== first.path)) return [];
  const { path, line, text } = first;
  const marks = marksIn(path, await textOf(path));
  const off = (option: OptionLine): string => switchedOff(option.text, marks(option.line));
  const also = rest.map((option) => ({ line: option.line, before: option.text, after: off(option) }));
  const after = included ? off(first) : includeLines(own, marks(line), indentOf(text));
  return [{ kind: "line", path, line, before: text, after, ...(also.length > 0 ? { also } : {}) }];
};

/**
 * For a service that has the certificate of the global options: an `include` of its own, behind the line that makes it one. The global lines stay, for
 * they may hold for others. Not where they name several: a service adds to that list, and cannot take away from it.
 */
const added = async ({ options, certificates }: TlsService, own: string): Promise<readonly Change[]> => {
  const place = options.find(({ name }) => name === "accept") ?? options.find(({ name }) => name === "sni");
  if (!place || certificates.some(({ name }) => name === "config")) return [];
  const { path, line, text } = place;
  const mark = marksIn(path, await textOf(path))(line);
  return [{ kind: "line", path, line, before: text, after: `${text}\n${includeLines(own, mark, indentOf(text))}` }];
};

/** Lines of a file that another service includes, too, which is none of these. */
const isShared = ({ service }: Meant, ours: readonly Meant[], all: readonly Placed[]): boolean =>
  service.certificates.some(({ path, line }) =>
    all.some(
      (other) =>
        !ours.some((one) => one.service === other.service) &&
        other.service.certificates.some((option) => option.path === path && option.line === line),
    ),
  );

const wrongServices = async (wanted: Wanted): Promise<readonly Override[]> => {
  const { daemon, main, render } = wanted;
  const { file } = daemon.configuration;
  const own = ownFile(file);
  const found: Override[] = [];
  const all = meant(wanted);
  const ofMain = all.filter(({ certificate }) => certificate.name === main.name);
  for (const one of all) {
    const { service, certificate } = one;
    const { certificates, name, inherited } = service;
    const ours = certificates.length > 0 && certificates.every(({ path }) => path === own);
    const isMain = certificate.name === main.name;
    // What our own file says is for plan to set right.
    if (servesIt(certificates, certificate) || (isMain && ours)) continue;
    const line = certificates.find((option) => option.name === "cert" && option.path !== own) ?? certificates[0];
    const edits = !isMain
      ? []
      : inherited
        ? await added(service, own)
        : isShared(one, ofMain, wanted.all)
          ? []
          : await instead(certificates, own);
    const files = edits.length > 0 ? await fileChange(own, certificateText(render, main), 0o644, false) : [];
    found.push({
      scope: `the service [${name}]`,
      path: line?.path ?? file,
      ...(line ? { line: line.line } : {}),
      setting: line ? clean(line.text.trim(), 200) : "no cert",
      ...(isMain ? {} : { certificate: certificate.name }),
      edit: [...files, ...edits],
    });
  }
  return found;
};

/** One for each certificate whose services are not read yet: the same edit serves all. */
const missingNames = async (wanted: Wanted): Promise<readonly Override[]> => {
  const { daemon, bySni } = wanted;
  const { configuration } = daemon;
  const { file } = configuration;
  if (bySni.length === 0 || isIncluded(configuration)) return [];
  const line = (await textOf(file)).split("\n").length;
  const after = `include = ${dirname(namesFile(file))}`;
  const append: Change = { kind: "line", path: file, line, before: undefined, after, shared: true };
  const edit = [...(await namesChange(file, textOfNames(wanted))), append];
  return bySni.map(({ name }) => ({
    scope: `clients that ask for a name of ${name}`,
    path: file,
    setting: after,
    missing: true,
    certificate: name,
    edit,
  }));
};

const editedLine = ({ edit }: Override): number =>
  Math.max(0, ...edit.map((change) => (change.kind === "line" ? change.line : 0)));

export const readBackStunnel = async (wanted: Wanted): Promise<readonly Override[]> => {
  const found = [...(await wrongServices(wanted)), ...(await missingNames(wanted))];
  // The last line of a file first: an edit makes two lines of one, and moves those below it.
  return found.toSorted((a, b) => a.path.localeCompare(b.path) || editedLine(b) - editedLine(a));
};
