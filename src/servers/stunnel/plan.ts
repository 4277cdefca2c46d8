// What makes a stunnel serve a certificate: a folder of ours with its lines, and one `include` of it in place of the lines that stand there, after a yes.
import { basename, dirname, join } from "node:path";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { marksIn } from "../line-mark.ts";
import { notAloneNote, otherPortsNote } from "../mail-ports.ts";
import { switchedOff } from "../marker.ts";
import type { Change, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { type Daemon, needsRestart } from "./daemons.ts";
import type { OptionLine } from "./parse.ts";
import type { TlsService } from "./services.ts";

const mode = 0o644;

/** `/etc/stunnel/mailcert-mail.d/certificate.conf` for mail.conf: each daemon has its own. */
export const ownFile = (file: string): string =>
  join(dirname(file), `mailcert-${basename(file, ".conf")}.d`, "certificate.conf");

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const pairsOf = ({ slots }: ServedCertificate): readonly Pair[] =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [{ certificate: slot.fullchain, key: slot.privkey }] : []));

/** The lines as text: `cert` and `key` take one pair, the other goes by OpenSSL's own commands. `snippet`: with what a person has to know. */
export const certificateText = (
  render: RenderTemplate,
  certificate: ServedCertificate,
  snippet?: { readonly version: string },
): string => {
  const [first, ...further] = pairsOf(certificate);
  return render(
    "stunnel.conf",
    {
      name: certificate.name,
      ...first,
      further: further.map((pair) => ({ chain: pair.certificate, privkey: pair.key })),
      snippet: snippet ? { version: snippet.version, hosts: hostNames(certificate) } : false,
    },
    "stunnel",
  );
};

const fileChange = async (path: string, content: string): Promise<readonly Change[]> => {
  const before = await readTextIfPresent(path);
  return before === content && (await modeOf(path)) === mode ? [] : [{ kind: "file", path, content, mode, before }];
};

const pairIn = (lines: readonly OptionLine[]): Pair => {
  const last = (name: string): string | undefined => lines.findLast((line) => line.name === name)?.value;
  return { certificate: last("cert") ?? "", key: last("key") ?? last("cert") ?? "" };
};

const furtherIn = (lines: readonly OptionLine[]): string =>
  lines.flatMap(({ name, value }) => (name === "config" ? [value.replace(/\s/g, "")] : [])).join("\n");

const servesOurs = ({ certificates }: TlsService, certificate: ServedCertificate): boolean => {
  const [first, ...further] = pairsOf(certificate);
  const now = pairIn(certificates);
  const commands = further.flatMap((pair) => [`Certificate:${pair.certificate}`, `PrivateKey:${pair.key}`]);
  return (
    now.certificate === first?.certificate && now.key === first.key && furtherIn(certificates) === commands.join("\n")
  );
};

/** A service with the mail ports that it serves, and those that are none of mail's. */
export interface Placed {
  readonly service: TlsService;
  readonly mail: readonly number[];
  readonly other: readonly number[];
}

/** Those that must serve this certificate: at a port of mail, or handed over from there for one of its names. */
const concerned = (all: readonly Placed[], { names }: ServedCertificate): readonly Placed[] => {
  const ofMail = new Set(all.filter(({ mail }) => mail.length > 0).map(({ service }) => service.name));
  return all.filter(({ service, mail }) => {
    if (service.accept !== undefined) return mail.length > 0;
    return (
      ofMail.has(service.primary ?? "") &&
      service.sni.some((pattern) => names.some((name) => name === pattern || dnsNameMatches(pattern, name)))
    );
  });
};

/** One that other services share lines with would give them our certificate as well. */
const isShared = ({ service }: Placed, all: readonly Placed[], ours: readonly Placed[]): boolean =>
  service.inherited && all.some((one) => !ours.includes(one));

export const planStunnel = async (
  daemon: Daemon,
  all: readonly Placed[],
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<ServerPlan> => {
  const path = ownFile(daemon.configuration.file);
  const ours = concerned(all, certificate);
  const included = ours.some(({ service }) => service.certificates.some((line) => line.path === path));
  const why = needsRestart(daemon);
  const shared = ours.filter((one) => isShared(one, all, ours));
  return {
    changes: included ? await fileChange(path, certificateText(render, certificate)) : [],
    notes: [
      ...otherPortsNote(
        daemon.id,
        all.flatMap(({ other }) => other),
      ),
      ...shared.map(({ service }) =>
        notAloneNote(
          `${daemon.id}: the service [${service.name}] has the certificate of the global options, and so have services that are none of mail's: mailcert does not change it`,
          `give [${service.name}] a \`cert\` and a \`key\` of its own, then: mailcert deploy --yes`,
        ),
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

/** The lines of one place become one `include`, at the place of the first; where it is there already, they go. */
const instead = async (certificates: readonly OptionLine[], own: string): Promise<readonly Change[]> => {
  const theirs = certificates.filter(({ path }) => path !== own).toSorted((a, b) => a.line - b.line);
  const included = theirs.length < certificates.length;
  const [first, ...rest] = theirs;
  if (!first || rest.some(({ path }) => path !== first.path)) return [];
  const { path, line, text } = first;
  const marks = marksIn(path, (await readTextIfPresent(path)) ?? "");
  const off = (option: OptionLine): string => switchedOff(option.text, marks(option.line));
  const also = rest.map((option) => ({ line: option.line, before: option.text, after: off(option) }));
  const indent = /^\s*/.exec(text)?.[0] ?? "";
  // stunnel has no comments behind a value.
  const after = included ? off(first) : `${indent}; ${marks(line)}\n${indent}include = ${dirname(own)}`;
  return [{ kind: "line", path, line, before: text, after, ...(also.length > 0 ? { also } : {}) }];
};

export const readBackStunnel = async (
  { configuration: { file } }: Daemon,
  all: readonly Placed[],
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<readonly Override[]> => {
  const own = ownFile(file);
  const ours = concerned(all, certificate);
  const found = new Map<string, Override>();
  for (const one of ours) {
    const { certificates, name } = one.service;
    // What our own file says is for plan to set right.
    if (
      servesOurs(one.service, certificate) ||
      (certificates.length > 0 && certificates.every(({ path }) => path === own))
    )
      continue;
    const line = certificates.find((option) => option.name === "cert" && option.path !== own) ?? certificates[0];
    const key = line ? `${line.path}:${line.line}` : name;
    if (found.has(key)) continue;
    const edits = isShared(one, all, ours) ? [] : await instead(certificates, own);
    const files = edits.length > 0 ? await fileChange(own, certificateText(render, certificate)) : [];
    found.set(key, {
      scope: `the service [${name}]`,
      path: line?.path ?? file,
      ...(line ? { line: line.line } : {}),
      setting: line ? clean(line.text.trim(), 200) : "no cert",
      edit: [...files, ...edits],
    });
  }
  // The last line of a file first: an edit makes two lines of one, and moves those below it.
  return [...found.values()].toSorted((a, b) => a.path.localeCompare(b.path) || (b.line ?? 0) - (a.line ?? 0));
};
